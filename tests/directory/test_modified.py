"""The newest time of change, as it is taken down while everybody is read."""

from datetime import UTC, datetime

import pytest

from syncapp.directory.incremental.modified import Newest

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SHOWN = {"modifyTimestamp": [b"20261123094755Z"]}


def test_newest_of_all_is_where_changes_go_on_from() -> None:
    mark = Newest(NOW)

    for value in (b"20261123094754Z", b"20261123094756.9Z", b"20251231235959Z"):
        mark.see({"cn": [b"Anna"], "modifyTimestamp": [value]})

    assert mark.position() == {"newest": "2026-11-23T09:47:56+00:00", "began": NOW.isoformat()}


@pytest.mark.parametrize("row", [{}, {"modifyTimestamp": []}, {"modifyTimestamp": [b"yesterday"]}])
def test_one_who_does_not_show_his_leaves_nothing_to_go_on_from(row: dict[str, list[bytes]]) -> None:
    mark = Newest(NOW)

    for each in (SHOWN, row, SHOWN):
        mark.see(each)

    assert mark.position() is None
