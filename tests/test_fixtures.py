"""The sample company shows what it promises, and the generated ones can be trusted."""

import itertools
from collections import Counter
from collections.abc import Iterator

import ldap
import pytest
from xdist import is_xdist_worker

from benchmarks import generator
from fixtures.company import Person, company_ldif, read_people
from fixtures.employees import EMPLOYEES
from fixtures.openldap import OpenLdap
from fixtures.portraits import portrait
from syncapp.core.claims import Unmatched
from syncapp.core.converters import entry_keys, read_person
from syncapp.core.limits import first_meeting
from syncapp.core.matching import Matches, match_entries, near_matches
from syncapp.core.matters import EntryKeys, HubKeys
from syncapp.core.normalise import email_key, name_key
from syncapp.core.options import SyncOptions
from syncapp.core.records import RemoteRecord
from syncapp.core.telephones import read_mobile
from syncapp.core.vocabulary import TEXT_FIELDS, Field, MatchKey, MatterKind
from syncapp.directory.kinds import usual_mapping

OPTIONS = SyncOptions(
    rules=tuple(
        rule for rule in usual_mapping("openldap", extension_pattern=r"^(\d{2,5})$") if rule.field in TEXT_FIELDS
    ),
    match_keys=tuple(MatchKey),
    region="RU",
)
# uid to the key that joins, or to what has to be decided; nobody else is recognised.
RECOGNISED = {
    "natalia.rostova": MatchKey.EMAIL,
    "eugene.onegin": MatchKey.NAME,
    "tom.sawyer": MatchKey.MOBILE,
    "oliver.twist": MatchKey.EXTENSION,
    "rodion.raskolnikov": MatterKind.MATCH_PROPOSED,
    "andrey.bolkonsky": MatterKind.MATCH_SIMILAR,
    "alice.liddell": MatterKind.MATCH_AMBIGUOUS,
}


def remote_record(person: Person) -> RemoteRecord:
    values = {
        "displayname": [person.name],
        "mail": [person.mail],
        "mobile": list(person.mobiles),
        "telephonenumber": [person.telephone],
        "title": [person.title],
        "ou": [person.ou],
    }
    attributes = {name: [text.encode() for text in texts if text] for name, texts in values.items()}
    return RemoteRecord(anchor=person.uid, dn=person.dn(), attributes=attributes)


def hub_keys() -> list[HubKeys]:
    return [
        HubKeys(
            id=number,
            name=values["name"],
            name_key=name_key(values["name"]),
            email_key=email_key(values.get("email", "")),
            mobile=values.get("mobile", ""),
            extension=values.get("extension", ""),
        )
        for number, values in enumerate(EMPLOYEES)
    ]


@pytest.fixture(scope="module")
def keys() -> dict[str, EntryKeys]:
    return {person.uid: entry_keys(read_person(remote_record(person), OPTIONS)) for person in read_people()}


@pytest.fixture(scope="module")
def matches(keys: dict[str, EntryKeys]) -> Matches:
    active = {person.uid: not person.disabled for person in read_people()}
    entries = [Unmatched(uid, keys[uid], active[uid]) for uid in keys]
    found = match_entries(
        entries=entries,
        known=[(keys[uid], active[uid]) for uid in keys],
        employees=hub_keys(),
        match_keys=OPTIONS.match_keys,
    )
    strangers = [e for e in entries if e.active and e.anchor not in found.joined and e.anchor not in found.matters]
    near_matches(entries=strangers, matches=found)
    return found


@pytest.mark.parametrize("uid", RECOGNISED)
def test_employee_is_recognised_as_the_table_says(uid: str, matches: Matches) -> None:
    decided = matches.joined[uid][1] if uid in matches.joined else matches.matters[uid].kind

    assert decided == RECOGNISED[uid]


def test_nobody_else_is_recognised(matches: Matches) -> None:
    assert matches.joined.keys() | matches.matters.keys() == RECOGNISED.keys()


def test_key_that_joins_is_the_only_one_that_speaks(keys: dict[str, EntryKeys], matches: Matches) -> None:
    hub = {employee.id: employee for employee in hub_keys()}

    agreeing = {
        uid: [
            key
            for key, values in (
                (MatchKey.EMAIL, keys[uid].emails),
                (MatchKey.NAME, keys[uid].name_keys),
                (MatchKey.MOBILE, keys[uid].mobiles),
                (MatchKey.EXTENSION, keys[uid].extensions),
            )
            if {
                MatchKey.EMAIL: hub[employee_id].email_key,
                MatchKey.NAME: hub[employee_id].name_key,
                MatchKey.MOBILE: hub[employee_id].mobile,
                MatchKey.EXTENSION: hub[employee_id].extension,
            }[key]
            in values
        ]
        for uid, (employee_id, _key) in matches.joined.items()
    }

    assert agreeing == {uid: [key] for uid, (_employee, key) in matches.joined.items()}


def test_first_meeting_is_not_held(matches: Matches) -> None:
    strangers = len(EMPLOYEES)

    assert first_meeting(strangers=strangers, recognised=len(matches.joined), created=45) is None


def test_company_has_sixty_people_in_five_departments() -> None:
    people = read_people()

    assert (len(people), len({person.ou for person in people})) == (60, 5)


def test_mobiles_are_valid_but_for_one() -> None:
    mobiles = [mobile for person in read_people() for mobile in person.mobiles]

    assert [mobile for mobile in mobiles if not isinstance(read_mobile(mobile, "RU"), str)] == ["ask at the desk"]


def test_mobiles_differ_but_are_spelled_in_many_ways() -> None:
    mobiles = [mobile for person in read_people() for mobile in person.mobiles]
    shapes = Counter("".join("0" if sign.isdigit() else sign for sign in mobile) for mobile in mobiles)

    assert (len({str(read_mobile(mobile, "RU")) for mobile in mobiles}), len(shapes) > 8) == (len(mobiles), True)


TRAPS = {
    "no mail": lambda p: not p.mail,
    "no mobile": lambda p: not p.mobiles,
    "disabled": lambda p: p.disabled,
    "several mobiles": lambda p: len(p.mobiles) > 1,
    "Cyrillic name": lambda p: "а" in p.name,
    "photo": lambda p: p.has_photo,
    "claims 222": lambda p: p.telephone == "222",
    "another's name": lambda p: p.name == "Catherine Linton",
    "no number at all": lambda p: not p.telephone,
    "foreign number": lambda p: p.telephone and not p.telephone.isdigit(),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_company_has_the_trap_more_than_once_or_the_one_that_was_asked_for(trap: str) -> None:
    found = [person.uid for person in read_people() if TRAPS[trap](person)]

    assert len(found) >= (1 if trap == "several mobiles" else 2)


def test_foreign_numbers_are_no_reason_to_doubt_the_attribute() -> None:
    numbers = [person.telephone for person in read_people() if person.telephone]

    assert sum(not number.isdigit() for number in numbers) * 5 < len(numbers)


def test_portraits_are_small_pictures_and_the_same_every_time() -> None:
    picture = portrait("jane.eyre")
    portrait.cache_clear()

    assert (picture[:3], len(picture) < 4096, portrait("jane.eyre")) == (b"\xff\xd8\xff", True, picture)


@pytest.fixture
def company(openldap: OpenLdap) -> Iterator[OpenLdap]:
    """A server of its own: the company takes the whole suffix."""
    with OpenLdap() as server:
        server.load(company_ldif(server.suffix))
        yield server


def test_company_loads_into_a_real_server(company: OpenLdap) -> None:
    connection = company.connect()
    rows = connection.search_s(
        company.suffix, ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)", ["uid", "pwdAccountLockedTime"]
    )
    connection.unbind_s()

    locked = {row["uid"][0].decode() for _dn, row in rows if "pwdAccountLockedTime" in row}
    assert (len(rows), locked) == (61, {person.uid for person in read_people() if person.disabled})


def test_filter_of_the_configuration_leaves_out_the_printer(company: OpenLdap) -> None:
    connection = company.connect()
    rows = connection.search_s(
        company.suffix, ldap.SCOPE_SUBTREE, "(&(objectClass=inetOrgPerson)(!(employeeType=printer)))", ["uid"]
    )
    connection.unbind_s()

    assert len(rows) == 60


def test_generated_company_loads_and_can_be_changed(openldap: OpenLdap) -> None:
    with OpenLdap() as server:
        server.load("".join(generator.company(200, suffix=server.suffix, photos=True)))
        changes = list(generator.churn(200, percent=10, suffix=server.suffix))
        connection = server.connect()
        for change in changes:
            connection.modify_s(change.dn, [(ldap.MOD_REPLACE, change.attribute, [change.value])])
        found = [connection.read_s(change.dn, attrlist=[change.attribute])[change.attribute] for change in changes]
        connection.unbind_s()

    assert found == [[change.value] for change in changes]


def test_generated_company_is_the_same_every_time() -> None:
    assert list(generator.company(100)) == list(generator.company(100))


def test_generated_company_differs_by_seed() -> None:
    assert list(generator.company(100)) != list(generator.company(100, seed=1))


def test_generated_names_never_repeat() -> None:
    names = Counter(generator.name_of(number) for number in range(1, generator.MOST_PEOPLE + 1))

    assert len(names) == generator.MOST_PEOPLE


def test_generated_mobiles_are_valid_and_unique() -> None:
    numbers = [read_mobile(generator.mobile_of(number), "RU") for number in range(1, 400)]

    assert (len(set(numbers)), {type(number) for number in numbers}) == (399, {str})


def test_more_people_than_names_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        next(generator.company(generator.MOST_PEOPLE + 1))


@pytest.mark.parametrize("percent", [0, 0.5, 5, 100])
def test_churn_changes_as_many_people_as_asked_each_once(percent: float) -> None:
    changes = list(generator.churn(1000, percent=percent))

    assert (len(changes), len({change.dn for change in changes})) == (percent * 10, percent * 10)


def test_churn_of_another_round_brings_other_values() -> None:
    rounds = [
        {
            (change.dn, change.attribute): change.value
            for change in generator.churn(1000, percent=5, round_number=number)
        }
        for number in (1, 2)
    ]

    assert not [key for key in rounds[0] if rounds[0][key] == rounds[1][key]]


def test_extensions_are_given_to_a_third() -> None:
    people = itertools.islice(generator.company(300), len(generator.DEPARTMENTS), None)

    assert sum(f"\ntelephoneNumber: {generator.FIRST_EXTENSION // 10_000}" in person for person in people) == 100


@pytest.mark.xdist_group("group")
def test_groups_reach_the_processes_that_tests_are_spread_over(request: pytest.FixtureRequest) -> None:
    """Without a word of it one release of pytest did not: every process started every server."""
    if not is_xdist_worker(request):
        pytest.skip("all tests run in one process")
    assert request.node.nodeid.endswith("@group")


def test_every_field_of_the_hub_is_in_the_company() -> None:
    read = [read_person(remote_record(person), OPTIONS).readings for person in read_people()]

    assert {field for readings in read for field, reading in readings.items() if reading.values} == {
        Field.NAME,
        Field.EMAIL,
        Field.MOBILE,
        Field.EXTENSION,
        Field.DEPARTMENT,
        Field.TITLE,
    }
