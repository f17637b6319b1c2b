"""Of whom nothing about ties and numbers has to be decided, so that nobody else need be looked at."""

from dataclasses import replace
from typing import Any

import pytest

from syncapp.core.matters import Matter
from syncapp.core.records import Base, KnownRecord, Message, Reading, RemotePerson
from syncapp.core.sides import is_settled_who
from syncapp.core.vocabulary import Field, MatterKind, Outcome, State

NUMBER = {Field.EXTENSION: Base("215", "215")}
RECORD = KnownRecord(
    id=1, anchor="a", employee_id=1, state=State.ACTIVE, status=Outcome.SKIPPED, dn="cn=a", base=NUMBER
)
OTHERS: dict[str, dict[str, Any]] = {
    "tied to nobody": {"employee_id": None},
    "first meeting": {"base": {}},
    "back": {"state": State.DISABLED},
    "given by another server": {"abroad": True},
    "waits for a number": {"message": Message("number_pool_exhausted")},
    "another number was agreed": {"base": {Field.EXTENSION: Base("216", "216")}},
    "none was agreed": {"base": {Field.TITLE: Base("", "")}},
    "in dispute": {
        "open_matters": (
            Matter(kind=MatterKind.NUMBER_TAKEN, field=Field.EXTENSION, base=None, local="", remote="215"),
        )
    },
}


def person(*numbers: str, foreign: tuple[str, ...] = ()) -> RemotePerson:
    return RemotePerson("a", "cn=a", State.ACTIVE, {Field.EXTENSION: Reading(numbers, foreign)})


def test_known_person_with_the_number_that_was_agreed_is_settled() -> None:
    assert is_settled_who(person("215"), RECORD)
    assert is_settled_who(person(), replace(RECORD, base={Field.EXTENSION: Base("", "")}))


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_anything_else_is_not(other: dict[str, Any]) -> None:
    assert not is_settled_who(person("215"), replace(RECORD, **other))


def test_number_that_changed_or_cannot_be_read_is_not() -> None:
    assert not is_settled_who(person("215", "216"), RECORD)
    assert not is_settled_who(person(), RECORD)
    assert not is_settled_who(person(foreign=("+7495",)), replace(RECORD, base={Field.TITLE: Base("", "")}))
    assert not is_settled_who(person("215"), None)
