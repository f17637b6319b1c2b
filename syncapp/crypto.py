"""Encryption of what must not be readable in the database."""

import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from syncapp.exceptions import ConfigurationError


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except ValueError:
        raise ConfigurationError("encryption_key_invalid") from None


def encrypt(text: str) -> str:
    """Encrypt with the first of the keys."""
    return _fernet().encrypt(text.encode()).decode()


def keyed_hash(content: bytes) -> str:
    """64 hex digits by which two secrets can be compared without knowing either.

    With the oldest of the keys: a new one in front of it changes no hash. Without a
    key nobody could try out short passwords on the stored hash.
    """
    return hmac.new(settings.ENCRYPTION_KEYS[-1].encode(), content, hashlib.sha256).hexdigest()


def decrypt(token: str) -> str:
    """Decrypt with whichever key fits; raise ConfigurationError when none does.

    The ciphertext is never handed out in place of the text: it would be sent to
    a server as if it were the password.
    """
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise ConfigurationError("encryption_key_wrong") from None
