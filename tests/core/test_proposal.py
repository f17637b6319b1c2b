"""Which attribute serves a field best: the table of what companies have."""

from collections.abc import Mapping, Sequence

import pytest

from syncapp.core.converters import check_rule, read_field
from syncapp.core.options import FieldRule
from syncapp.core.proposal import ProposedLine, labelled, measure, propose, rules_to_try
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory.kinds import usual_mapping

USUAL = usual_mapping("openldap", extension_pattern=r"^(\d{2,5})$")
LABELLED = labelled(r"^(\d{2,5})$")


def everything(_name: str) -> bool:
    return True


def person(**values: str) -> Mapping[str, list[bytes]]:
    return {name.lower(): [value.encode()] for name, value in values.items()}


def proposed(field: Field, people: Sequence[Mapping[str, list[bytes]]]) -> ProposedLine:
    tried = [each for each in rules_to_try(USUAL, knows=everything) if each[0].field is field]
    return propose([measure(rule, people, region="RU", at_need=need) for rule, need in tried])


CITY = "+7 495 123-45-67"
CHOICES: dict[str, tuple[Field, list[Mapping[str, list[bytes]]], str]] = {
    # id: field, people, attribute
    "usual extension": (Field.EXTENSION, [person(telephoneNumber="215", ipPhone="215")], "telephoneNumber"),
    "ip phones": (
        Field.EXTENSION,
        [*[person(telephoneNumber=CITY, ipPhone="215")] * 9, person(telephoneNumber="216")],
        "ipPhone",
    ),
    "a few ip phones more": (
        Field.EXTENSION,
        [*[person(telephoneNumber="215", ipPhone="315")] * 19, person(ipPhone="316")],
        "telephoneNumber",
    ),
    "isdn numbers": (
        Field.EXTENSION,
        [person(telephoneNumber=CITY, internationalISDNNumber="215")],
        "internationalISDNNumber",
    ),
    "personnel numbers are no extensions": (
        Field.EXTENSION,
        [*[person(employeeNumber="1042")] * 9, person(telephoneNumber="215")],
        "telephoneNumber",
    ),
    "personnel numbers where nothing else is": (
        Field.EXTENSION,
        [person(employeeNumber="1042", telephoneNumber=CITY)],
        "employeeNumber",
    ),
    "nobody has an extension": (Field.EXTENSION, [person(cn="Anna")], "telephoneNumber"),
    "usual mobile": (Field.MOBILE, [person(mobile="8 916 123-45-67", homePhone="8 903 111-11-11")], "mobile"),
    "mobile at home": (Field.MOBILE, [person(homePhone="8 903 111-11-11")], "homePhone"),
    "city number at home is no mobile": (Field.MOBILE, [person(homePhone=CITY)], "mobile"),
    "mobile as telephone": (Field.MOBILE, [person(telephoneNumber="8 916 123-45-67")], "telephoneNumber"),
    "usual address": (Field.EMAIL, [person(mail="a@corp.example", userPrincipalName="a@corp.local")], "mail"),
    "no address": (Field.EMAIL, [person(userPrincipalName="a@corp.local")], "userPrincipalName"),
    "usual name": (Field.NAME, [person(displayName="Anna Smith", cn="asmith")], "displayName|cn"),
    "log-in names": (
        Field.NAME,
        [person(displayName="asmith", cn="asmith", givenName="Anna", sn="Smith")],
        "{givenName} {sn}",
    ),
    "full name in cn": (Field.NAME, [person(displayName="asmith", cn="Anna Smith")], "cn"),
    "numbers of departments": (
        Field.DEPARTMENT,
        [person(departmentNumber="1042", department="Продажи")],
        "department",
    ),
    "usual department": (Field.DEPARTMENT, [person(ou="Sales", department="Vertrieb")], "departmentNumber|ou"),
}


@pytest.mark.parametrize(("field", "people", "attribute"), CHOICES.values(), ids=CHOICES.keys())
def test_propose(field: Field, people: list[Mapping[str, list[bytes]]], attribute: str) -> None:
    assert proposed(field, people).best.rule.attribute == attribute


def test_reason_has_the_figures_of_both() -> None:
    line = proposed(Field.EXTENSION, [*[person(telephoneNumber=CITY, ipPhone="215")] * 9, person(telephoneNumber="1")])

    assert [reason.code for reason in line.reasons] == ["proposal_better_extension"]
    assert {
        name: line.reasons[0].params[name] for name in ("attribute", "count", "people", "usual", "usual_count")
    } == {
        "attribute": "ipPhone",
        "count": 9,
        "people": 10,
        "usual": "telephoneNumber",
        "usual_count": 0,
    }


def test_what_else_is_filled_is_named_with_its_figures() -> None:
    line = proposed(Field.EXTENSION, [person(telephoneNumber="215", ipPhone="315"), person(pager="1234567")])

    assert [(other.rule.attribute, other.filled, other.readable) for other in line.others] == [
        ("ipPhone", 1, 1),
        ("pager", 1, 0),
    ]


def test_field_that_nobody_has_says_so() -> None:
    assert [reason.code for reason in proposed(Field.TITLE, [person(cn="Anna")]).reasons] == ["proposal_empty"]


def test_many_unreadable_values_are_remarked() -> None:
    line = proposed(Field.MOBILE, [person(mobile="ask Anna"), person(mobile="8 916 123-45-67")])

    assert [reason.code for reason in line.reasons] == ["proposal_usual_mobile", "proposal_foreign"]
    assert line.best.foreign_example == "ask Anna"


def test_examples_are_different_and_few() -> None:
    people = [person(title=title) for title in ("Boss", "Boss", "Clerk", "Driver", "Cook")]

    assert proposed(Field.TITLE, people).best.examples == ("Boss", "Clerk", "Driver")


# Extensions behind a city number

BEHIND = [
    "+7 495 123-45-67 доб. 215",
    f"{CITY} (доб.215)",
    f"{CITY} вн 215",
    f"{CITY}, Внутр.: 215",
    f"{CITY} ext. 215",
]
BEHIND += [f"{CITY} Extension 215", f"{CITY} x215", f"{CITY} #215", f"{CITY} добавочный 215", "215"]


@pytest.mark.parametrize("value", BEHIND)
def test_labelled_pattern_finds_the_extension(value: str) -> None:
    rule = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=LABELLED)

    assert read_field(rule, person(telephoneNumber=value), region="RU").values == ("215",)


@pytest.mark.parametrize("value", [CITY, "123456", "201/202", "see Anna", "доб. 1", "215 доб"])
def test_labelled_pattern_leaves_everything_else(value: str) -> None:
    rule = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=LABELLED)

    assert read_field(rule, person(telephoneNumber=value), region="RU").values == ()


@pytest.mark.parametrize("pattern", [r"^(\d{2,5})$", r"^(\d{2,5}|\d{7})$"], ids=["usual", "pool of seven digits"])
def test_labelled_pattern_may_be_written_back(pattern: str) -> None:
    """Rule B5."""
    rule = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=labelled(pattern))

    assert check_rule(rule, region="RU") is None


def test_pattern_is_proposed_where_extensions_stand_behind_a_number() -> None:
    people = [*[person(telephoneNumber=value) for value in BEHIND], person(ipPhone="300")]

    line = proposed(Field.EXTENSION, people)

    assert (line.best.rule.attribute, line.best.rule.pattern) == ("telephoneNumber", LABELLED)
    assert [reason.code for reason in line.reasons] == ["proposal_pattern"]


def test_plain_pattern_stays_where_it_reads_as_much() -> None:
    assert proposed(Field.EXTENSION, [person(telephoneNumber="215")]).best.rule.pattern == r"^(\d{2,5})$"


def test_pattern_of_another_form_is_left_alone() -> None:
    assert labelled(r"(\d{3})$") == ""


# What there is to try


def test_unknown_attributes_are_left_out() -> None:
    tried = rules_to_try(USUAL, knows={"cn", "ou", "mail"}.__contains__)

    assert {(rule.field, rule.attribute) for rule, _ in tried} == {
        (Field.NAME, "cn"),
        (Field.EMAIL, "mail"),
        (Field.DEPARTMENT, "ou"),
    }


def test_every_rule_to_try_is_one_that_may_be_saved() -> None:
    rules = [rule for rule, _ in rules_to_try(USUAL, knows=everything)]

    assert [(rule, check_rule(rule, region="RU")) for rule in rules if check_rule(rule, region="RU")] == []


def test_what_is_for_need_alone_is_never_written_to() -> None:
    assert {rule.direction for rule, need in rules_to_try(USUAL, knows=everything) if need} == {Direction.PULL}


def test_secrets_are_never_tried() -> None:
    assert Field.SIP_SECRET not in {rule.field for rule, _ in rules_to_try(USUAL, knows=everything)}
