"""The means by which the real servers tell what has changed."""

import pytest

from syncapp.directory.incremental import means

_OFFERED = {
    "openldap": ("syncrepl", "modified"),
    "samba_ad": ("dirsync", "usn"),
    "ds389": ("modified",),
    "freeipa": ("modified",),
}
STRATEGIES = [
    pytest.param(f"{server} by {strategy}", marks=pytest.mark.xdist_group(server), id=f"{server}-{strategy}")
    for server, strategies in _OFFERED.items()
    for strategy in strategies
]


def only(strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sessions know this strategy alone, as on a server that does not offer a better one."""
    if strategy:
        left = {kind: [each for each in several if each.name == strategy] for kind, several in means.MEANS.items()}
        monkeypatch.setattr(means, "MEANS", left)
