"""Configuration files for tests."""

from pathlib import Path

import pytest

from syncapp.services.configure import ConfigurationFileError, SectionReport, configure

POOL = """
[[number_pool]]
name = "Office"
first = "200"
last = "299"
"""

SERVER = """
[[directory]]
name = "Head office"
uris = ["ldaps://dc1.corp.example"]
"""

SERVER_WITH_ACCOUNT = f"""{SERVER}
bind_dn = "cn=sync"
bind_password = "hunter2"
"""


def write(folder: Path, content: str) -> Path:
    file = folder / "servers.toml"
    file.write_text(content, encoding="utf-8")
    return file


def apply(folder: Path, content: str) -> list[SectionReport]:
    return configure(write(folder, content))


def mistakes_in(folder: Path, content: str) -> list[tuple[str, str]]:
    """Configure with a wrong file, and return place and code of each mistake."""
    with pytest.raises(ConfigurationFileError) as caught:
        apply(folder, content)
    return [(mistake.place, mistake.message.code) for mistake in caught.value.mistakes]
