"""Forms with a secret that can be typed and is never shown."""

from typing import Any, ClassVar

from django import forms

from syncapp.fields import Secret


class SecretForm(forms.ModelForm):
    """The field `write_only` holds what was typed; `take_secret` puts it into the row or says what is wrong with it."""

    write_only: ClassVar[str] = "password"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Somebody who may only look sees a form without fields.
        if self.write_only in self.fields:
            self.fields[self.write_only].help_text = self.secret_help()

    def secret_help(self) -> str:
        """Say whether a secret is stored."""
        raise NotImplementedError

    def take_secret(self, typed: Secret) -> None:
        """Keep a typed secret for this address only (promise 9); the row has its other values by now."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it; Django's own user forms hook in here too
        self.take_secret(self.cleaned_data.get(self.write_only) or Secret())
