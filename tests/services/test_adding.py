"""What is said of a directory that is being added."""

from dataclasses import replace

import pytest

from syncapp.core.records import Message
from syncapp.directory.discovery import AnchorFound, Feature, Found
from syncapp.messages import render
from syncapp.services import adding

FOUND = Found(
    kind="generic",
    label="LDAPv3",
    uri="ldaps://dc",
    base_dn="dc=corp",
    naming_contexts=("dc=corp",),
    filter="(objectClass=inetOrgPerson)",
    features=dict.fromkeys(Feature, False),
)


def anchor(attribute: str, *, filled: int = 10, different: int = 10, several: int = 0) -> AnchorFound:
    return AnchorFound(attribute, 10, filled, different, several, "1000")


PROPOSED = {
    # id: what was found, what is proposed
    "the usual one": ([anchor("entryUUID"), anchor("employeeNumber")], ""),
    "another where that is missing": ([anchor("entryUUID", filled=0), anchor("employeeNumber")], "employeeNumber"),
    "not one that some lack": ([anchor("employeeNumber", filled=9, different=9)], ""),
    "not one that two share": ([anchor("employeeNumber", different=9)], ""),
    "not one with several values": ([anchor("employeeNumber", several=1)], ""),
    "nothing": ([], ""),
}


@pytest.mark.parametrize(("anchors", "proposed"), PROPOSED.values(), ids=PROPOSED.keys())
def test_proposed_anchor(anchors: list[AnchorFound], proposed: str) -> None:
    assert adding.proposed_anchor(replace(FOUND, anchors=tuple(anchors))) == proposed


def test_ids_that_stay_are_told_first() -> None:
    anchors = (anchor("uid"), anchor("mail", filled=9), anchor("GUID", filled=0), anchor("employeeNumber"))

    said = adding.said_of_anchors(replace(FOUND, anchors=anchors))

    assert [(serves, message.code, message.params["attribute"]) for serves, message in said] == [
        (True, "anchor_serves", "employeeNumber"),
        (False, "anchor_serves_for_now", "uid"),
        (False, "anchor_does_not_serve", "mail"),
    ]


PEOPLE = {
    # id: what was found, code
    "everybody looked at": ({"people": 10, "sample": 10}, "found_people"),
    "more than the sample": ({"people": 700, "sample": 500}, "found_people_of"),
    "more than could be counted": ({"people": 700, "sample": 500, "counted_all": False}, "found_people_at_least"),
    "nobody": ({}, "found_nobody"),
    "could not be read": ({"problem": Message("base_not_found", {"base": "x", "nearest": "y"})}, "base_not_found"),
}


@pytest.mark.parametrize(("values", "code"), PEOPLE.values(), ids=PEOPLE.keys())
def test_people_are_told_in_a_sentence(values: dict[str, object], code: str) -> None:
    said = adding.said_of_people(replace(FOUND, **values))  # type: ignore[arg-type]  # values by name, each of its own type

    assert said.code == code
    assert render(said.code, said.params)


def test_what_a_server_cannot_do_is_told_too() -> None:
    said = adding.said_of_server(FOUND)

    assert [(able, message.code) for able, message in said] == [
        (False, "feature_paged_missing"),
        (False, "feature_assertion_missing"),
        (False, "feature_post_read_missing"),
        (False, "feature_changes_missing"),
    ]


def test_one_way_to_tell_changes_is_enough() -> None:
    features = {feature: feature is Feature.DIRSYNC for feature in Feature}

    said = adding.said_of_server(replace(FOUND, features=features))

    assert [message.code for _able, message in said[3:]] == ["feature_dirsync"]
