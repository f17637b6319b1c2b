"""What is different where the other end is a phone system."""

import pytest

from syncapp.core.merge import Decision
from syncapp.core.phones import merge_secret
from syncapp.core.records import Base

SECRETS = {
    # id                     base                 local  decision            base afterwards
    "directory_has_none":    (None,               "",    Decision.UNCHANGED, None),
    "first_one_seen":        (None,               "a",   Decision.AGREED,    Base("a", "key")),
    "nothing_changed":       (Base("a", "key"),   "a",   Decision.UNCHANGED, Base("a", "key")),
    "another_one":           (Base("a", "key"),   "b",   Decision.PUSH,      Base("a", "key")),
    "taken_away":            (Base("a", "key"),   "",    Decision.UNCHANGED, Base("a", "key")),
    "marked_by_another_key": (Base("a", "older"), "b",   Decision.AGREED,    Base("b", "key")),
}  # fmt: skip


@pytest.mark.parametrize(("base", "local", "decision", "after"), SECRETS.values(), ids=SECRETS)
def test_secret_goes_out_only_where_another_one_was_agreed(
    base: Base | None, local: str, decision: Decision, after: Base | None
) -> None:
    merged = merge_secret(base, local, "key")

    assert (merged.decision, merged.base) == (decision, after)
