"""What is wrong with values, and what is not."""

import pytest

from syncapp.core.health import Ailment, Checkup, Finding, pbx_trouble, photo_finding
from syncapp.core.options import FieldRule
from syncapp.core.records import Message, Reading, RemotePerson
from syncapp.core.spreadsheet import safe_cell
from syncapp.core.vocabulary import TEXT_FIELDS, Field, State

RULES = tuple(FieldRule(field, field.value) for field in TEXT_FIELDS)
WHOLE = {"name": "Anna Petrova", "email": "anna@x.test", "extension": "215"}


def person(dn: str, *, state: State = State.ACTIVE, foreign: str = "", **values: str) -> RemotePerson:
    """Somebody with a name, an address and a number of his own; several values are separated by commas."""
    given = {"name": dn, "email": f"{dn}@x.test", "extension": str(200 + sum(map(ord, dn))), **values}
    readings = {Field(name): Reading(tuple(filter(None, text.split(",")))) for name, text in given.items()}
    if foreign:
        readings[Field(foreign)] = Reading(foreign=("?",), remark=Message("value_not_email", {"value": "?"}))
    return RemotePerson(dn, dn, state, readings)


def found(*people: RemotePerson) -> list[tuple[str, str, str, str]]:
    checkup = Checkup(RULES)
    findings = [finding for each in people for finding in checkup.look(each)]
    return [(each.ailment.value, each.dn, each.value, each.remedy.params.get("other", "")) for each in findings]


CASES = {
    # id: people, findings
    "healthy": ([person("a"), person("b")], []),
    "number_twice": (
        [person("a", extension="215"), person("b", extension="215")],
        [("number_twice", "a", "215", "b"), ("number_twice", "b", "215", "a")],
    ),
    "number_three_times": (
        [person("a", extension="215"), person("b", extension="215"), person("c", extension="215")],
        [
            ("number_twice", "a", "215", "b"),
            ("number_twice", "b", "215", "a"),
            ("number_twice", "c", "215", "a"),
        ],
    ),
    "mobile_twice": (
        [person("a", mobile="+79161234567"), person("b", mobile="+79161234567")],
        [("mobile_twice", "a", "+79161234567", "b"), ("mobile_twice", "b", "+79161234567", "a")],
    ),
    "mail_twice_in_any_case": (
        [person("a", email="Sales@x.test"), person("b", email="sales@x.test")],
        [("email_twice", "a", "sales@x.test", "b"), ("email_twice", "b", "sales@x.test", "a")],
    ),
    "title_may_be_shared": ([person("a", title="Boss"), person("b", title="Boss")], []),
    "switched_off_shares_nothing": (
        [person("a", extension="215"), person("b", extension="215", state=State.DISABLED)],
        [("off_with_number", "b", "215", "")],
    ),
    "expired_with_number": (
        [person("a", extension="215", state=State.EXPIRED)],
        [("off_with_number", "a", "215", "")],
    ),
    "switched_off_without_number": ([person("a", extension="", email="", state=State.DISABLED)], []),
    "nothing_at_all": (
        [person("a", name="", email="", extension="")],
        [("name_missing", "a", "", ""), ("email_missing", "a", "", ""), ("number_missing", "a", "", "")],
    ),
    "mobile_may_be_missing": ([person("a", mobile="")], []),
    "foreign_is_not_missing": ([person("a", foreign="email")], [("unreadable", "a", "?", "")]),
    "several": (
        [person("a", mobile="+79161234567,+79161234568")],
        [("several", "a", "+79161234567, +79161234568", "")],
    ),
    "several_departments": ([person("a", department="Sales,Stock")], []),
    "cut": ([person("a", extension="123456789")], [("pbx_cuts", "a", "123456789", "")]),
}


@pytest.mark.parametrize(("people", "expected"), CASES.values(), ids=CASES.keys())
def test_checkup_finds(people: list[RemotePerson], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(*people) == expected


def test_only_mapped_fields_are_missed() -> None:
    checkup = Checkup([FieldRule(Field.NAME, "cn")])

    assert list(checkup.look(person("a", email="", extension=""))) == []


PBX = {
    # id: field, value, ailment
    "number_of_8": (Field.EXTENSION, "12345678", None),
    "number_of_9": (Field.EXTENSION, "123456789", Ailment.PBX_CUTS),
    "name_of_100": (Field.NAME, "x" * 100, None),
    "name_of_101": (Field.NAME, "x" * 101, Ailment.PBX_CUTS),
    "mail_of_101": (Field.EMAIL, "x" * 94 + "@x.test", None),
    "name_like_an_address": (Field.NAME, "Httpson Zoë Maria", Ailment.PBX_CUTS),
    "script": (Field.NAME, "Anna <script>x</script>", Ailment.PBX_CUTS),
    "plain_apostrophe": (Field.NAME, "Shaun O'Brien", None),
    "quote_or": (Field.NAME, "Anna' OR Boris", Ailment.PBX_REFUSES),
    "quote_semicolon": (Field.NAME, "Anna';", Ailment.PBX_REFUSES),
    "double_quote_semicolon": (Field.NAME, 'Anna";', Ailment.PBX_REFUSES),
    "always_true": (Field.NAME, "Room 1=1", Ailment.PBX_REFUSES),
    "drop_table": (Field.NAME, "Drop Table Ltd", Ailment.PBX_REFUSES),
    "select_from": (Field.NAME, "Select people from Sales", Ailment.PBX_REFUSES),
    "update_set": (Field.NAME, "Update the set", Ailment.PBX_REFUSES),
    "dots_and_slash": (Field.NAME, "Dr../Anna", Ailment.PBX_REFUSES),
    "dots": (Field.NAME, "Dr.. Anna", None),
    "mail": (Field.EMAIL, "a';b@x.test", Ailment.PBX_REFUSES),
    "title_is_not_sent": (Field.TITLE, "Drop table", None),
}


@pytest.mark.parametrize(("field", "value", "expected"), PBX.values(), ids=PBX.keys())
def test_pbx_trouble(field: Field, value: str, expected: Ailment | None) -> None:
    trouble = pbx_trouble(field, value)

    assert (trouble[0] if trouble else None) == expected


def test_photo_finding_names_attribute_and_reason() -> None:
    rule = FieldRule(Field.PHOTO, "jpegPhoto")

    finding = photo_finding("cn=a", rule, Message("photo_damaged", {"reason": "x"}))

    params = {"field": "photo", "attribute": "jpegPhoto", "reason": "x"}
    assert finding == Finding(Ailment.PHOTO, "cn=a", Field.PHOTO, "", Message("photo_damaged", params))


CELLS = {
    "plain": ("Anna", "Anna"),
    "dn": ("cn=a,dc=x", "cn=a,dc=x"),
    "formula": ("=1+1", "'=1+1"),
    "mobile": ("+79161234567", "'+79161234567"),
    "minus": ("-1", "'-1"),
    "at": ("@SUM(A1)", "'@SUM(A1)"),
    "tab": ("\t=1", "'\t=1"),
    "line_end": ("\r=1", "'\r=1"),
    "wide": ("＝1", "'＝1"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), CELLS.values(), ids=CELLS.keys())
def test_safe_cell(text: str, expected: str) -> None:
    assert safe_cell(text) == expected
