"""Test connection, step by step, against a real server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

import pytest

from fixtures.openldap import OpenLdap
from syncapp.core.options import FieldRule
from syncapp.core.records import Identity
from syncapp.core.rights import Writable
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.examination import Examination, Step, StepName, StepOutcome
from syncapp.directory.kinds import usual_mapping
from syncapp.directory.steps import examine, examine_one
from tests.directory import servers
from tests.directory.conftest import MakeConfig
from tests.directory.people import person, unit

RULES = (
    FieldRule(Field.NAME, "displayName|cn"),
    FieldRule(Field.EXTENSION, "telephoneNumber", pattern=r"^(\d{2,5})$"),
    FieldRule(Field.PHOTO, "jpegPhoto"),
)
WITH_SECRET = (*RULES, FieldRule(Field.SIP_SECRET, "carLicense"))
SECRET = "do-not-show-me"
ALL = [
    StepName.RESOLVE,
    StepName.CONNECT,
    StepName.TLS,
    StepName.BIND,
    StepName.IDENTITY,
    StepName.BASE,
    StepName.FILTER,
    StepName.PEOPLE,
    StepName.ATTRIBUTES,
    StepName.RIGHTS,
]


PUSHING = (*RULES[:2], replace(RULES[2], direction=Direction.PUSH))


def run(config: DirectoryConfig, *rules: FieldRule, seconds: float = 20.0, write_back: bool = False) -> list[Step]:
    return list(examine(replace(examination(config, *rules, seconds=seconds), write_back=write_back)))


def step_of(name: StepName, steps: list[Step]) -> Step:
    (step,) = [step for step in steps if step.name is name]
    return step


def examination(config: DirectoryConfig, *rules: FieldRule, seconds: float = 20.0) -> Examination:
    return Examination(
        config=config,
        rules_of=lambda _kind: rules or RULES,
        region="RU",
        now=datetime(2026, 11, 23, tzinfo=UTC),
        seconds=seconds,
    )


@pytest.fixture(scope="module")
def company(openldap: OpenLdap, branch: str) -> str:
    openldap.load(
        unit(f"ou=people,{branch}")
        + person(f"uid=a,ou=people,{branch}", cn="Anna", telephoneNumber="201", jpegPhoto=b"\xff", carLicense=SECRET)
        + person(f"uid=b,ou=people,{branch}", cn="Boris", telephoneNumber="202")
        + person(f"uid=c,ou=people,{branch}", cn="Clara")
        + unit(f"ou=empty,{branch}")
        + unit(f"ou=switchboard,{branch}")
        + "".join(
            person(f"uid={name},ou=switchboard,{branch}", telephoneNumber="+7 495 1234567", pager=f"30{number}")
            for number, name in enumerate("xyz")
        )
    )
    return branch


def test_all_steps_pass(company: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    config = make_config(
        uris=(openldap.ldaps_uri,),
        security="ldaps",
        ca_certificate=str(openldap.ca_file),
        base_dn=f"ou=people,{company}",
    )

    steps = run(config)

    assert [(step.name, step.outcome) for step in steps] == [(name, StepOutcome.OK) for name in ALL]


IDENTITIES = {
    # id: id of the suffix entry that is expected, outcome, code; None: nothing was read before
    "first": (None, StepOutcome.OK, "test_identity_first"),
    "known": ("", StepOutcome.OK, "test_identity_known"),
    "another": ("11111111-2222-3333-4444-555555555555", StepOutcome.FAILED, "another_directory"),
}


@pytest.mark.parametrize(("expected", "outcome", "code"), IDENTITIES.values(), ids=IDENTITIES.keys())
def test_directory_is_recognised(
    company: str, openldap: OpenLdap, make_config: MakeConfig, expected: str | None, outcome: StepOutcome, code: str
) -> None:
    """Rule A10: another directory is the last step."""
    test = examination(make_config(base_dn=f"ou=people,{company}"))
    test.expected = Identity({openldap.suffix: expected}) if expected is not None else None

    steps = list(examine(test))

    [step] = [step for step in steps if step.name is StepName.IDENTITY]
    assert (step.outcome, step.message.code) == (outcome, code)
    assert (steps[-1] is step) == (outcome is StepOutcome.FAILED)


def test_directory_that_does_not_say_who_it_is_is_remarked() -> None:
    with OpenLdap(global_config='access to dn.base="" by * none') as server:
        settings = DirectoryConfig(name="x", uris=(server.uri,), security="none", base_dn=server.suffix)
        steps = {step.name: step for step in run(settings)}

    assert steps[StepName.IDENTITY].outcome is StepOutcome.REMARK


def test_kind_is_told_with_the_base(company: str, make_config: MakeConfig) -> None:
    kinds = {step.name: step.kind for step in run(make_config(base_dn=f"ou=people,{company}")) if step.kind}

    assert kinds == {StepName.BASE: "openldap"}


def test_people_are_counted(company: str, make_config: MakeConfig) -> None:
    steps = {step.name: step.message for step in run(make_config(base_dn=f"ou=people,{company}"))}

    assert (steps[StepName.PEOPLE].code, dict(steps[StepName.PEOPLE].params)) == ("test_people", {"count": 3})


def test_fill_rates(company: str, make_config: MakeConfig) -> None:
    fills = step_of(StepName.ATTRIBUTES, run(make_config(base_dn=f"ou=people,{company}"), *WITH_SECRET)).fills

    assert [(fill.rule.field, fill.filled, fill.people, fill.example) for fill in fills] == [
        (Field.NAME, 3, 3, "Anna"),
        (Field.EXTENSION, 2, 3, "201"),
        (Field.PHOTO, 1, 3, ""),
        (Field.SIP_SECRET, 1, 3, ""),
    ]


@pytest.mark.promise(9)
def test_secret_is_counted_and_not_shown(company: str, make_config: MakeConfig) -> None:
    assert SECRET not in repr(run(make_config(base_dn=f"ou=people,{company}"), *WITH_SECRET))


def test_mapping_that_can_hurt_is_remarked(company: str, make_config: MakeConfig) -> None:
    """Rule B15."""
    step = step_of(StepName.ATTRIBUTES, run(make_config(base_dn=f"ou=people,{company}"), *WITH_SECRET))

    assert [(remark.code, remark.params["attribute"]) for remark in step.remarks] == [
        ("mapping_reads_secrets", "carLicense")
    ]


def test_better_attribute_is_named(company: str, make_config: MakeConfig) -> None:
    step = step_of(StepName.ATTRIBUTES, run(make_config(base_dn=f"ou=switchboard,{company}")))

    assert [(remark.code, remark.params["better"]) for remark in step.remarks] == [("foreign_values_better", "pager")]


def test_usual_mapping_is_known_to_openldap(company: str, make_config: MakeConfig) -> None:
    rules = usual_mapping("openldap", extension_pattern=r"^(\d{2,5})$")

    steps = run(make_config(base_dn=f"ou=people,{company}"), *rules)

    assert step_of(StepName.ATTRIBUTES, steps).outcome is StepOutcome.OK


def test_plain_connection_and_anonymous_reading_are_remarked() -> None:
    with OpenLdap(database_config="access to attrs=userPassword by * auth\naccess to * by * read") as server:
        server.load(person(f"uid=a,{server.suffix}"))

        steps = run(DirectoryConfig(name="x", uris=(server.uri,), security="none"))

    remarked = {step.name for step in steps if step.outcome is StepOutcome.REMARK}
    assert (remarked, len(steps)) == ({StepName.TLS, StepName.BIND}, len(ALL))


FAILURES: dict[str, tuple[Callable[[DirectoryConfig], DirectoryConfig], StepName, str]] = {
    # id: how the settings are spoilt, the step that fails, code
    "settings": (lambda config: replace(config, uris=()), StepName.SETTINGS, "uris_missing"),
    "host": (lambda config: replace(config, uris=("ldap://nobody.invalid",)), StepName.RESOLVE, "host_unknown"),
    "port": (
        lambda config: replace(config, uris=(f"ldap://127.0.0.1:{servers.nobody_listens()}",)),
        StepName.CONNECT,
        "connection_refused",
    ),
    "certificate": (
        lambda config: replace(config, security="starttls", ca_certificate=""),
        StepName.TLS,
        "certificate_authority_unknown",
    ),
    "password": (lambda config: replace(config, bind_password="wrong"), StepName.BIND, "login_refused"),
    "base": (lambda config: replace(config, base_dn=f"ou=x,{config.base_dn}"), StepName.BASE, "base_not_found"),
    "filter": (lambda config: replace(config, user_filter="(emplType=x)"), StepName.FILTER, "filter_attribute_unknown"),
    "nobody": (lambda config: replace(config, user_filter="(uid=nobody)"), StepName.PEOPLE, "test_nobody"),
}


@pytest.mark.parametrize(("spoil", "name", "code"), FAILURES.values(), ids=FAILURES.keys())
def test_step_that_fails_is_the_last(
    spoil: Callable[[DirectoryConfig], DirectoryConfig],
    name: StepName,
    code: str,
    company: str,
    make_config: MakeConfig,
) -> None:
    last = run(spoil(make_config(base_dn=f"ou=people,{company}")))[-1]

    assert (last.name, last.outcome, last.message.code) == (name, StepOutcome.FAILED, code)


def test_mapped_attribute_that_is_unknown_fails_its_step(company: str, make_config: MakeConfig) -> None:
    last = run(make_config(base_dn=f"ou=people,{company}"), FieldRule(Field.TITLE, "tittle"))[-1]

    assert (last.name, last.message.code) == (StepName.ATTRIBUTES, "mapping_attribute_unknown")


def test_unknown_attributes_are_named_as_they_were_typed(company: str, make_config: MakeConfig) -> None:
    last = run(make_config(base_dn=f"ou=people,{company}"), FieldRule(Field.NAME, "dispName|cn"))[-1]

    assert last.message.params == {"attributes": ["dispName"]}


def test_silent_server_fails_at_connecting(make_config: MakeConfig) -> None:
    with servers.listening(servers.stay_silent) as port:
        last = run(make_config(uris=(f"ldap://127.0.0.1:{port}",)), seconds=1)[-1]

    assert (last.name, last.message.code) == (StepName.CONNECT, "answer_timeout")


def test_dead_server_is_a_remark_when_the_next_one_serves(
    company: str, openldap: OpenLdap, make_config: MakeConfig
) -> None:
    dead = f"ldap://127.0.0.1:{servers.nobody_listens()}"

    steps = run(make_config(uris=(dead, openldap.uri), base_dn=f"ou=people,{company}"))

    assert [step.message.code for step in steps if step.name is StepName.CONNECT] == [
        "connection_refused",
        "test_connected",
    ]


def test_time_that_is_up_gives_at_least_so_many(company: str, make_config: MakeConfig) -> None:
    started = monotonic()

    steps = {step.name: step for step in run(make_config(base_dn=f"ou=people,{company}", page_size=2), seconds=0.5)}

    assert steps[StepName.PEOPLE].message.code == "test_people_at_least"
    assert steps[StepName.ATTRIBUTES].fills[2].filled is None  # the photos were not counted
    assert monotonic() - started < 5


RIGHTS = {
    # id: the account, is the server written to; outcome, what is said
    "reader": ("service_dn", False, StepOutcome.REMARK, "rights_missing", ["rights_write_back_off"]),
    "reader, written to": ("service_dn", True, StepOutcome.FAILED, "rights_missing", []),
    "writer": ("writer_dn", False, StepOutcome.OK, "rights_all", ["rights_write_back_off"]),
    "writer, written to": ("writer_dn", True, StepOutcome.OK, "rights_all", []),
}


@pytest.mark.parametrize("case", RIGHTS)
def test_right_to_write(case: str, company: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    who, write_back, outcome, code, remarks = RIGHTS[case]
    config = make_config(base_dn=f"ou=people,{company}", bind_dn=getattr(openldap, who))

    step = step_of(StepName.RIGHTS, run(config, *PUSHING, write_back=write_back))

    assert (step.outcome, step.message.code) == (outcome, code)
    assert step.message.params == {"account": config.bind_dn, "count": 3}
    assert [remark.code for remark in step.remarks] == remarks
    assert [each.attribute for each in step.rights] == ["jpegPhoto"]
    assert (step.grant is None) == (outcome is StepOutcome.OK)


def test_right_to_write_where_nothing_is_mapped_to_go_out(company: str, make_config: MakeConfig) -> None:
    step = step_of(StepName.RIGHTS, run(make_config(base_dn=f"ou=people,{company}")))

    assert (step.outcome, step.message.code, step.rights) == (StepOutcome.OK, "rights_nothing_mapped", ())


def test_right_to_write_without_an_account(company: str) -> None:
    with OpenLdap(database_config="access to attrs=userPassword by * auth\naccess to * by * read") as server:
        server.load(person(f"uid=a,{server.suffix}"))

        step = run(DirectoryConfig(name="x", uris=(server.uri,), security="none"), *PUSHING)[-1]

    assert (step.outcome, step.message.code) == (StepOutcome.REMARK, "rights_anonymous")


def test_right_to_write_is_not_known_when_the_time_is_up(company: str, make_config: MakeConfig) -> None:
    config = make_config(base_dn=f"ou=people,{company}")

    step = step_of(StepName.RIGHTS, run(config, *PUSHING, seconds=0.5))

    assert (step.outcome, step.message.code) == (StepOutcome.REMARK, "rights_no_time")


def test_attribute_that_the_server_alone_writes_has_no_grant(company: str, make_config: MakeConfig) -> None:
    rule = FieldRule(Field.TITLE, "entryUUID", Direction.PUSH)

    step = step_of(StepName.RIGHTS, run(make_config(base_dn=f"ou=people,{company}"), rule))

    assert [each.verdict for each in step.rights] == [Writable.NONE]
    assert ([remark.code for remark in step.remarks][:1], step.grant) == (["write_read_only"], None)


@pytest.mark.promise(6)
def test_nothing_is_written(company: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    before = openldap.modifications()

    run(make_config(base_dn=company))

    assert openldap.modifications() == before


@pytest.mark.parametrize("name", ALL)
def test_each_step_by_itself_says_what_the_whole_test_says(
    company: str, make_config: MakeConfig, name: StepName
) -> None:
    config = make_config(base_dn=f"ou=people,{company}")
    whole = run(config, *PUSHING)

    alone = list(examine_one(examination(config, *PUSHING), name))

    names = [StepName.PEOPLE, StepName.ATTRIBUTES] if name is StepName.PEOPLE else [name]
    assert alone == [step for step in whole if step.name in names]


def test_password_is_not_sent_before_its_step(make_config: MakeConfig, openldap: OpenLdap) -> None:
    """A wrong one must be tried once in the whole test: three times lock the account."""
    config = make_config(bind_dn=openldap.service_dn, bind_password="wrong")

    [alone] = examine_one(examination(config), StepName.TLS)

    assert alone.outcome is not StepOutcome.FAILED


def test_connection_is_closed_when_nobody_waits_for_the_end(company: str, make_config: MakeConfig) -> None:
    test = examination(make_config(base_dn=f"ou=people,{company}"))
    steps = examine(test)
    while next(steps).name is not StepName.BASE:
        pass

    steps.close()  # type: ignore[attr-defined]  # a generator

    assert test.connection is not None
    with pytest.raises(AttributeError):
        test.connection.whoami_s()
