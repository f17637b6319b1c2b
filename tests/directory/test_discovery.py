"""What is found of an unknown directory, on a real OpenLDAP; `test_kinds_for_real.py` has the others."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import ldap
import pytest

from fixtures.openldap import OpenLdap
from syncapp.core.account_state import DisabledRule
from syncapp.core.options import FieldRule
from syncapp.core.proposal import ProposedLine
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.discovery import Feature, Found, discover
from syncapp.directory.kinds import usual_mapping
from syncapp.directory.sampling import SAMPLE, Look
from syncapp.exceptions import DirectoryLoginError, DirectoryUnavailableError
from tests.directory import servers
from tests.directory.conftest import MakeConfig
from tests.directory.expect import refusal
from tests.directory.people import person, unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CROWD = 700
SECRET = "do-not-show-me"


def look(config: DirectoryConfig, *own: FieldRule, seconds: float = 20.0) -> Found:
    return discover(
        Look(
            config=config,
            usual=lambda kind: usual_mapping(kind, extension_pattern=r"^(\d{2,5})$"),
            region="RU",
            now=NOW,
            seconds=seconds,
            own=own,
        )
    )


def lines_of(found: Found) -> dict[Field, ProposedLine]:
    return {line.field: line for line in found.lines}


@pytest.fixture(scope="module")
def company(openldap: OpenLdap, branch: str) -> str:
    """A few people with extensions in pager, and a crowd."""
    few, crowd = f"ou=few,{branch}", f"ou=crowd,{branch}"
    city = "+7 495 123-45-67"
    openldap.load(
        unit(few)
        + "".join(
            person(
                f"uid=p{number},{few}",
                displayName=f"Person {'ABCDEFGHIJ'[number]}",
                telephoneNumber=city,
                pager=str(300 + number),
                mail=f"p{number}@example.test",
                employeeNumber=str(1000 + number),
                employeeType="former" if number == 0 else "clerk",
                carLicense=SECRET,
                **({"jpegPhoto": b"\xff\xd8" + bytes(500_000)} if number < 3 else {}),
            )
            for number in range(10)
        )
        + unit(crowd)
        + "".join(person(f"uid=c{number},{crowd}", telephoneNumber=str(10_000 + number)) for number in range(CROWD))
    )
    return branch


@pytest.fixture
def few(company: str) -> str:
    return f"ou=few,{company}"


@pytest.mark.parametrize("attribute", ["kind", "base_dn", "naming_contexts", "counted_all", "problem", "notes"])
def test_what_the_server_is(few: str, openldap: OpenLdap, make_config: MakeConfig, attribute: str) -> None:
    found = look(make_config(base_dn="", search_bases=(few,)))

    assert (
        getattr(found, attribute)
        == {
            "kind": "openldap",
            "base_dn": openldap.suffix,
            "naming_contexts": (openldap.suffix,),
            "counted_all": True,
            "problem": None,
            "notes": (),
        }[attribute]
    )


def test_features_are_those_that_the_server_names(few: str, make_config: MakeConfig) -> None:
    assert look(make_config(base_dn=few)).features == {
        Feature.PAGED: True,
        Feature.ASSERTION: True,
        Feature.POST_READ: True,
        Feature.SYNC: True,
        Feature.DIRSYNC: False,
    }


def test_people_of_a_small_directory_are_all_looked_at(few: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=few))

    assert (found.sample, found.people, found.disabled) == (10, 10, 0)


def test_sample_is_bounded_and_everybody_is_counted(company: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=company))

    assert (found.sample, found.people, found.counted_all) == (SAMPLE, CROWD + 10, True)


def test_sample_takes_one_page(company: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    before = openldap.operations()["Search"]

    look(make_config(base_dn=company))

    # Two for the counting of everybody, one for the photos, one each for hello, root DSE, schema; and our question.
    assert openldap.operations()["Search"] - before <= 9


def test_better_attribute_is_proposed_with_both_figures(few: str, make_config: MakeConfig) -> None:
    line = lines_of(look(make_config(base_dn=few)))[Field.EXTENSION]

    assert (line.best.rule.attribute, line.best.rule.direction) == ("pager", Direction.BOTH)
    assert (line.best.readable, line.best.examples) == (10, ("300", "301", "302"))
    assert [reason.code for reason in line.reasons] == ["proposal_better_extension"]


def test_every_field_but_the_secret_is_proposed(few: str, make_config: MakeConfig) -> None:
    assert set(lines_of(look(make_config(base_dn=few)))) == set(Field) - {Field.SIP_SECRET}


def test_photos_are_counted_without_being_read(few: str, make_config: MakeConfig) -> None:
    with servers.proxy(int(make_config().uris[0].rpartition(":")[2]), lose_after=700_000) as port:
        found = look(make_config(base_dn=few, uris=(f"ldap://127.0.0.1:{port}",)))

    line = lines_of(found)[Field.PHOTO]
    assert (line.best.rule.attribute, line.best.filled, line.best.examples) == ("jpegPhoto", 3, ())


@pytest.mark.promise(9)
def test_nothing_but_candidates_is_read(few: str, make_config: MakeConfig) -> None:
    own = FieldRule(Field.SIP_SECRET, "carLicense")

    found = look(make_config(base_dn=few), own)

    assert SECRET not in repr(found)
    assert lines_of(found)[Field.SIP_SECRET].best.filled == 10


@pytest.mark.promise(9)
@pytest.mark.parametrize("attribute", ["userPassword", "cn|userPassword", "{cn} {userPassword}"])
def test_passwords_are_no_examples(few: str, openldap: OpenLdap, make_config: MakeConfig, attribute: str) -> None:
    connection = openldap.connect()
    connection.modify_s(f"uid=p1,{few}", [(ldap.MOD_REPLACE, "userPassword", [SECRET.encode()])])
    connection.unbind_s()

    found = look(
        make_config(base_dn=few, bind_dn=openldap.root_dn, bind_password=openldap.root_password),
        FieldRule(Field.TITLE, attribute),
    )

    assert SECRET not in repr(found)
    assert [reason.code for reason in lines_of(found)[Field.TITLE].reasons] == ["proposal_secret"]


def test_rules_of_ones_own_stand_and_others_are_told(few: str, make_config: MakeConfig) -> None:
    own = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=r"^(\d{2,5})$")

    line = lines_of(look(make_config(base_dn=few), own))[Field.EXTENSION]

    assert (line.best.rule, line.best.readable, line.best.foreign_example) == (own, 0, "+7 495 123-45-67")
    assert [other.rule.attribute for other in line.others] == ["pager", "employeeNumber"]


def test_misspelt_attribute_of_ones_own_is_named(few: str, make_config: MakeConfig) -> None:
    line = lines_of(look(make_config(base_dn=few), FieldRule(Field.TITLE, "titel")))[Field.TITLE]

    assert [(reason.code, reason.params["attributes"]) for reason in line.reasons] == [
        ("mapping_attribute_unknown", ["titel"])
    ]


def test_rule_of_the_disabled_is_counted(few: str, make_config: MakeConfig) -> None:
    assert look(make_config(base_dn=few, disabled_when=DisabledRule("employeeType", "former"))).disabled == 1


def test_nobody_in_scope_is_no_error(openldap: OpenLdap, branch: str, make_config: MakeConfig) -> None:
    openldap.load(unit(f"ou=nobody,{branch}"))

    found = look(make_config(base_dn=f"ou=nobody,{branch}"))

    assert (found.people, found.problem) == (0, None)
    assert [reason.code for reason in lines_of(found)[Field.NAME].reasons] == ["proposal_empty"]


def test_base_that_is_not_there_leaves_what_the_server_said(company: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=f"ou=elsewhere,{company}"))

    assert found.problem is not None
    assert (found.kind, found.problem.code) == ("openldap", "base_not_found")
    assert lines_of(found)[Field.EXTENSION].best.rule.attribute == "telephoneNumber"


def test_wrong_password_is_an_error(few: str, make_config: MakeConfig) -> None:
    with refusal(DirectoryLoginError, "login_refused"):
        look(make_config(base_dn=few, bind_password="wrong"))


def test_silent_server_is_an_error_in_time(make_config: MakeConfig) -> None:
    with (
        servers.listening(servers.stay_silent) as port,
        refusal(DirectoryUnavailableError, "answer_timeout"),
    ):
        look(make_config(uris=(f"ldap://127.0.0.1:{port}",)), seconds=2.0)


def test_time_that_is_up_leaves_out_what_takes_long(company: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=company), seconds=5.0)

    assert (found.counted_all, lines_of(found)[Field.PHOTO].best.filled) == (False, None)
    assert [reason.code for reason in lines_of(found)[Field.PHOTO].reasons] == ["proposal_not_counted"]


# A server of no known kind


def test_ids_that_may_serve_are_told_with_their_figures(few: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=few, kind="generic"))

    anchors = {anchor.attribute: anchor for anchor in found.anchors}
    assert {name: anchors[name].serves for name in ("entryUUID", "employeeNumber", "uid", "mail")} == {
        "entryUUID": True,
        "employeeNumber": True,
        "uid": True,
        "mail": True,
    }
    assert (anchors["employeeNumber"].different, anchors["employeeNumber"].example) == (10, "1000")


def test_id_that_some_have_not_does_not_serve(company: str, make_config: MakeConfig) -> None:
    found = look(make_config(base_dn=company, kind="generic"))

    (number,) = [anchor for anchor in found.anchors if anchor.attribute == "employeeNumber"]
    assert (number.serves, number.people) == (False, SAMPLE)


def test_ids_of_a_known_kind_are_no_question(few: str, make_config: MakeConfig) -> None:
    assert look(make_config(base_dn=few)).anchors == ()


@pytest.fixture(scope="module")
def reticent() -> Iterator[OpenLdap]:
    """A server that hides its schema."""
    with OpenLdap(global_config="access to dn.base=cn=Subschema by * none") as directory:
        directory.load(person(f"uid=anna,{directory.suffix}", pager="215"))
        yield directory


def test_without_a_schema_everything_is_tried_and_that_is_said(reticent: OpenLdap) -> None:
    config = DirectoryConfig(
        name="test",
        uris=(reticent.uri,),
        security="none",
        bind_dn=reticent.service_dn,
        bind_password=reticent.service_password,
    )

    found = look(config)

    assert [note.code for note in found.notes] == ["schema_unreadable"]
    assert lines_of(found)[Field.EXTENSION].best.rule.attribute == "pager"


@pytest.fixture(scope="module")
def two_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """A server that names two naming contexts."""
    folder = tmp_path_factory.mktemp("other")
    with OpenLdap(global_config=f'database ldif\nsuffix "dc=other,dc=test"\ndirectory "{folder}"') as directory:
        directory.load(person(f"uid=anna,{directory.suffix}", pager="215"))
        yield directory


def test_bases_to_choose_from_are_named(two_databases: OpenLdap) -> None:
    config = DirectoryConfig(
        name="test",
        uris=(two_databases.uri,),
        security="none",
        bind_dn=two_databases.service_dn,
        bind_password=two_databases.service_password,
    )

    undecided, decided = look(config), look(replace(config, base_dn=two_databases.suffix))

    assert undecided.problem is not None
    assert (undecided.base_dn, undecided.problem.code) == ("", "base_unknown")
    assert set(undecided.naming_contexts) == {"dc=other,dc=test", two_databases.suffix}
    assert (decided.problem, decided.people) == (None, 1)
