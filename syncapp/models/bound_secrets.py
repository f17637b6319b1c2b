"""Secrets that go to the address that they were entered for, and nowhere else (promise 9)."""

from typing import ClassVar

from syncapp.exceptions import ConfigurationError
from syncapp.fields import Secret


class BoundSecret:
    """For a model with one secret, in the column `secret_field`; beside it, in `…_scope`, for where it was entered.

    Whoever changes the address must enter the secret again.
    """

    secret_field: ClassVar[str]

    def address_scope(self) -> str:
        """Say to whom the secret is sent as the settings are now."""
        raise NotImplementedError

    def fitting_scopes(self) -> tuple[str, ...]:
        """Return for where a stored secret may have been entered to be sent there."""
        return (self.address_scope(),)

    def secret_refusal(self) -> ConfigurationError:
        """Return what is raised for a secret that was entered for another address."""
        raise NotImplementedError

    @classmethod
    def secret_columns(cls) -> tuple[str, str]:
        return cls.secret_field, f"{cls.secret_field}_scope"

    @property
    def stored_secret(self) -> Secret:
        stored: Secret = getattr(self, self.secret_field)
        return stored

    def set_secret(self, secret: str) -> None:
        """Keep a secret, encrypted, for the present address only; an empty one takes it away."""
        kept, scope = self.secret_columns()
        setattr(self, kept, Secret.seal(secret))
        setattr(self, scope, self.address_scope() if secret else "")

    @property
    def secret_fits(self) -> bool:
        """Whether the stored secret, if any, was entered for the present address."""
        _kept, scope = self.secret_columns()
        return not self.stored_secret or getattr(self, scope) in self.fitting_scopes()

    def reveal_secret(self) -> str:
        """Return the secret in clear; raise ConfigurationError when it was entered for another address."""
        if not self.secret_fits:
            raise self.secret_refusal()
        return self.stored_secret.reveal()
