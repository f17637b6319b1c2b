"""What becomes agreed when a value has gone out."""

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.outgoing import Content
from syncapp.core.records import Base, RemoteRecord
from syncapp.core.vocabulary import Direction, Field
from syncapp.core.writes import AttributeWrite, WriteResult
from syncapp.services.drafts import Draft, Spelling
from syncapp.services.pictures import digest_of
from syncapp.store.items import PlannedRow
from syncapp.store.sent import Sent


def planned(name: Field, before: str, after: str) -> PlannedRow:
    plan = {"base": {}, "here": "skipped", "matters": []}
    return PlannedRow(
        1, 0, "a", 1, 1, 1, "Anna", "uid=anna", "updated", {}, {name.value: (before, after)}, "", "{}", plan, "", []
    )


def entry(**attributes: list[bytes]) -> RemoteRecord:
    return RemoteRecord("a", "uid=anna", {name.lower(): values for name, values in attributes.items()})


READ_BACK = {"as_sent": [b"small"], "not_read_back": None}


@pytest.mark.parametrize("stored", READ_BACK.values(), ids=READ_BACK.keys())
def test_photo_that_went_out_is_agreed_by_the_picture_that_was_sent(stored: list[bytes] | None) -> None:
    """Rule B13: the name of our file is not what the directory will show, and that would be taken for a change."""
    name = "f" * 64
    draft = Draft(
        Sent(planned(Field.PHOTO, "", name)),
        {Field.PHOTO: FieldRule(Field.PHOTO, "jpegPhoto", Direction.BOTH)},
        Spelling("RU"),
    )
    draft.contents = {Field.PHOTO: Content(b"small", frozenset({digest_of(b"small")}), digest_of)}
    before = entry()
    assert draft.prepare(before) == [AttributeWrite("jpegPhoto", None, b"small")]

    after = entry(jpegPhoto=stored) if stored else None
    sent = draft.conclude(WriteResult("a", before=before, written=frozenset({"jpegPhoto"}), after=after))

    assert sent.agreed == {Field.PHOTO: Base(name, digest_of(b"small"))}
