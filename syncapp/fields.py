"""Model fields of our own."""

from typing import TYPE_CHECKING, Any

from django.db import models

from syncapp import crypto

DUMPED = "fernet:"  # in files of dumpdata: this is a token, not a plain text


class Secret:
    """An encrypted text. It shows itself to nobody by accident: `reveal()` is the only way in.

    Decrypting happens there and not when the row is read, so that a wrong key
    fails where the secret is needed and not on every page that lists the row.
    """

    __slots__ = ("token",)

    def __init__(self, token: str = "") -> None:
        self.token = token

    @classmethod
    def seal(cls, text: str) -> "Secret":
        return cls(crypto.encrypt(text) if text else "")

    def reveal(self) -> str:
        """Return the text; raise ConfigurationError when no key fits."""
        return crypto.decrypt(self.token) if self.token else ""

    def __bool__(self) -> bool:
        return bool(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __repr__(self) -> str:
        return "<Secret>" if self.token else "<Secret: empty>"

    __str__ = __repr__


if TYPE_CHECKING:  # fields are generic for type checkers alone
    _SecretTextField = models.TextField[Secret, Secret]
else:
    _SecretTextField = models.TextField


class EncryptedTextField(_SecretTextField):
    """Text that is encrypted at rest; its value is a `Secret`, never a plain text."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret:
        return Secret(value or "")

    def to_python(self, value: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if value in (None, ""):
            return Secret()
        if isinstance(value, str) and value.startswith(DUMPED):
            return Secret(value.removeprefix(DUMPED))
        raise TypeError("an EncryptedTextField takes a Secret: use Secret.seal(text)")

    def get_prep_value(self, value: Any) -> str:
        return self.to_python(value).token

    def value_to_string(self, obj: models.Model) -> str:
        """Serialised (dumpdata) as the token, never in clear, and marked so that loaddata knows it."""
        token: str = self.value_from_object(obj).token
        return DUMPED + token if token else ""
