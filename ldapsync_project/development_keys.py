"""Keys for development, made once and kept in a git-ignored file."""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet


def development_keys(path: Path) -> dict[str, str]:
    """Return the keys `SECRET_KEY` and `ENCRYPTION_KEYS` of `path`, making the file if need be.

    Web and worker may start at the same instant and must agree, and neither may
    read a file that the other has half written: the content goes to a file of
    our own (O_EXCL, mode 0600) which is then linked to its name, and a link to a
    name that exists fails.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        content = json.dumps(
            {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            }
        )
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
            with suppress(FileExistsError):  # the other process was first: its keys are everybody's
                os.link(draft, path)
        finally:
            draft.unlink()
    keys: dict[str, str] = json.loads(path.read_text())
    return keys
