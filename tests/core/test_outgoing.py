"""What is done to an entry as it stands just before it is written (promise 5, rules B4 to B6)."""

from hashlib import sha256

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.outgoing import Content, Outgoing, Present, outgoing_content, outgoing_text
from syncapp.core.vocabulary import Direction, Field
from syncapp.core.writes import AttributeWrite

TITLE = FieldRule(Field.TITLE, "title", Direction.BOTH)
EXTENSION = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=r"^(?:.* ext )?(\d{3})$")
MOBILE = FieldRule(Field.MOBILE, "mobile", Direction.BOTH)
NUMBER, ATTRIBUTE = "telephonenumber", "telephoneNumber"


def write(old: str | None, new: str | None, *others: str, attribute: str = ATTRIBUTE) -> AttributeWrite:
    raw = [value.encode() if value is not None else None for value in (old, new)]
    return AttributeWrite(attribute, *raw, tuple(other.encode() for other in others))


TEXTS = {
    # id: rule, planned with, ours, what stands there, what is to be done
    "as_planned": (EXTENSION, "215", "301", ["215"], Outgoing(Present.AS_PLANNED, "215", write("215", "301"))),
    "into_nothing": (EXTENSION, "", "301", [], Outgoing(Present.AS_PLANNED, "", write(None, "301"))),
    "into_a_blank": (EXTENSION, "", "301", [" "], Outgoing(Present.AS_PLANNED, "", write(" ", "301"))),
    "part_of_a_value": (
        EXTENSION, "215", "301", ["+7 495 ext 215"],
        Outgoing(Present.AS_PLANNED, "215", write("+7 495 ext 215", "+7 495 ext 301")),
    ),
    "other_values_stay": (
        EXTENSION, "215", "301", ["hello", "215", "999"],
        Outgoing(Present.AS_PLANNED, "215", write("215", "301", "hello", "999")),
    ),
    "ours_stands_there": (EXTENSION, "215", "301", ["301"], Outgoing(Present.AGREED, "301")),
    "ours_stands_beside": (EXTENSION, "215", "301", ["215", "301"], Outgoing(Present.AGREED, "301")),
    "somebody_else_s": (EXTENSION, "215", "301", ["999"], Outgoing(Present.DRIFTED, "999")),
    "filled_meanwhile": (EXTENSION, "", "301", ["999"], Outgoing(Present.DRIFTED, "999")),
    "emptied_meanwhile": (EXTENSION, "215", "301", [], Outgoing(Present.DRIFTED, "")),
    "foreign_now": (EXTENSION, "215", "301", ["see Anna"], Outgoing(Present.FOREIGN)),
    "foreign_where_nothing_was": (EXTENSION, "", "301", ["see Anna"], Outgoing(Present.FOREIGN)),
    "would_not_be_read_back": (EXTENSION, "215", "30155", ["215"], Outgoing(Present.UNFIT, "215")),
    "emptied_here": (TITLE, "Boss", "", ["Boss"], Outgoing(
        Present.AS_PLANNED, "Boss", write("Boss", None, attribute="title")
    )),
    "emptied_on_both_sides": (TITLE, "Boss", "", [], Outgoing(Present.AGREED)),
    "nothing_for_nothing": (TITLE, "", "", [], Outgoing(Present.AGREED)),
    "reads_as_the_same_number": (MOBILE, "", "+79161234567", ["8 916 123-45-67"], Outgoing(
        Present.AGREED, "+79161234567"
    )),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "stands", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_outgoing_text(rule: FieldRule, before: str, after: str, stands: list[str], expected: Outgoing) -> None:
    attributes = {rule.attribute.lower(): [value.encode() for value in stands]}

    assert outgoing_text(rule, before=before, after=after, attributes=attributes, region="RU") == expected


def mark(raw: bytes) -> str:
    return sha256(raw).hexdigest()


PHOTO = FieldRule(Field.PHOTO, "jpegPhoto", Direction.BOTH)
OURS = Content(b"ours", frozenset({mark(b"ours"), mark(b"as they have it")}), mark)
NONE = Content(b"", frozenset(), mark)
CONTENTS = {
    # id: planned with, content, what stands there, what is to be done
    "into_nothing": ("", OURS, [], Present.AS_PLANNED, (None, b"ours", ())),
    "replaced": (mark(b"old"), OURS, [b"old"], Present.AS_PLANNED, (b"old", b"ours", ())),
    "others_stay": (mark(b"old"), OURS, [b"x", b"old"], Present.AS_PLANNED, (b"old", b"ours", (b"x",))),
    "ours_in_their_form": (mark(b"old"), OURS, [b"as they have it"], Present.AGREED, None),
    "somebody_else_s": (mark(b"old"), OURS, [b"new"], Present.DRIFTED, None),
    "filled_meanwhile": ("", OURS, [b"new"], Present.DRIFTED, None),
    "emptied_meanwhile": (mark(b"old"), OURS, [], Present.DRIFTED, None),
    "removed": (mark(b"old"), NONE, [b"old"], Present.AS_PLANNED, (b"old", None, ())),
    "removed_on_both_sides": (mark(b"old"), NONE, [], Present.AGREED, None),
}


@pytest.mark.parametrize(("before", "content", "stands", "present", "done"), CONTENTS.values(), ids=CONTENTS.keys())
def test_outgoing_content(
    before: str,
    content: Content,
    stands: list[bytes],
    present: Present,
    done: tuple[bytes | None, bytes | None, tuple[bytes, ...]] | None,
) -> None:
    found = outgoing_content(PHOTO, before=before, content=content, attributes={"jpegphoto": stands})

    assert found.present is present
    assert found.write == (AttributeWrite("jpegPhoto", *done) if done else None)
