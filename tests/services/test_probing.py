"""Test connection and Run query as the admin and the command use them, on a real directory."""

from collections.abc import Iterator

import pytest
from django.core import serializers

from fixtures.openldap import OpenLdap
from syncapp.choices import Kind
from syncapp.core.vocabulary import Field
from syncapp.directory.examination import StepName, StepOutcome
from syncapp.exceptions import ConfigurationError, DirectoryLoginError
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services import probing
from tests.directory.people import person
from tests.factories import make_server
from tests.services.company import Company

pytestmark = pytest.mark.django_db


def stored() -> str:
    """Everything that a test or query might have changed, as text."""
    rows = [*DirectoryServer.objects.order_by("pk"), *FieldMapping.objects.order_by("pk")]
    return serializers.serialize("json", rows)


def test_connection_passes_for_a_company(company: Company) -> None:
    company.add("anna", "Anna Ivanova", mail="anna@example.test")

    steps = list(probing.test_connection(company.server()))

    assert (steps[-1].name, StepOutcome.FAILED in {step.outcome for step in steps}) == (StepName.RIGHTS, False)


@pytest.mark.promise(6)
def test_connection_stores_nothing(company: Company) -> None:
    company.add("anna", "Anna Ivanova")
    server = company.server(kind=Kind.AUTO)
    before = stored(), company.directory.modifications()

    list(probing.test_connection(server))

    assert (stored(), company.directory.modifications()) == before


def test_password_of_another_address_fails_the_settings(company: Company) -> None:
    server = company.server()
    server.uris = ["ldap://elsewhere.example"]

    [step] = probing.test_connection(server)

    assert (step.name, step.message.code) == (StepName.SETTINGS, "password_for_another_address")


def test_kind_and_usual_mapping_are_stored_when_all_went_well(company: Company) -> None:
    company.add("anna", "Anna Ivanova")
    server = company.server(kind=Kind.AUTO)

    last = list(probing.test_connection_and_store(server))[-1]

    server.refresh_from_db()
    fields = set(server.mappings.values_list("field", flat=True))
    assert (last.message.code, server.kind, fields) == ("test_stored", Kind.OPENLDAP, set(Field) - {Field.SIP_SECRET})


def test_own_mapping_stays_when_the_kind_is_stored(company: Company) -> None:
    company.add("anna", "Anna Ivanova")
    server = company.server(kind=Kind.AUTO)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="cn")

    list(probing.test_connection_and_store(server))

    assert list(server.mappings.values_list("field", "attribute")) == [("name", "cn")]


def test_nothing_is_stored_when_a_step_failed(company: Company) -> None:
    server = company.server(kind=Kind.AUTO)  # nobody there
    before = stored()

    last = list(probing.test_connection_and_store(server))[-1]

    assert (last.message.code, stored()) == ("test_nobody", before)


def test_nothing_is_stored_when_the_kind_is_given(company: Company) -> None:
    company.add("anna", "Anna Ivanova")
    server = company.server(kind=Kind.OPENLDAP)
    before = stored()

    last = list(probing.test_connection_and_store(server))[-1]

    assert (last.name, stored()) == (StepName.RIGHTS, before)


def test_missing_right_keeps_nothing_from_being_stored(company: Company) -> None:
    company.add("anna", "Anna Ivanova")
    server = company.server(kind=Kind.AUTO, write_back=True)

    steps = list(probing.test_connection_and_store(server))

    server.refresh_from_db()
    assert [(step.name, step.outcome) for step in steps[-2:]] == [
        (StepName.RIGHTS, StepOutcome.FAILED),
        (StepName.SETTINGS, StepOutcome.OK),
    ]
    assert server.kind == Kind.OPENLDAP


@pytest.fixture
def nameless() -> Iterator[DirectoryServer]:
    """A directory that does not show what it is."""
    with OpenLdap(global_config='access to dn.base="" by * none') as directory:
        directory.load(person(f"uid=anna,{directory.suffix}"))
        server = make_server(
            kind=Kind.AUTO,
            uris=[directory.uri],
            security="none",
            base_dn=directory.suffix,
            bind_dn=directory.service_dn,
        )
        server.set_secret(directory.service_password)
        yield server


def test_directory_of_no_known_kind_is_another_server(nameless: DirectoryServer) -> None:
    last = list(probing.test_connection_and_store(nameless))[-1]

    nameless.refresh_from_db()
    assert (last.message.code, nameless.kind, nameless.mappings.count()) == ("test_stored", Kind.GENERIC, 7)


def test_directory_of_no_known_kind_is_not_stored_twice(nameless: DirectoryServer) -> None:
    list(probing.test_connection_and_store(nameless))

    last = list(probing.test_connection_and_store(nameless))[-1]

    assert last.name is StepName.RIGHTS


def test_run_query_shows_the_mapped_values(company: Company) -> None:
    company.add("anna", "Anna  Ivanova", mail="Anna@Example.test", mobile="8 (916) 123-45-67", telephoneNumber="215")

    result = probing.run_query(company.server())

    [found] = result.people
    values = {field: found.readings[field].values for field in result.fields}
    assert values == {
        Field.NAME: ("Anna Ivanova",),
        Field.EXTENSION: ("215",),
        Field.MOBILE: ("+79161234567",),
        Field.EMAIL: ("Anna@Example.test",),
        Field.TITLE: (),
        Field.DEPARTMENT: (),
    }


def test_run_query_shows_foreign_values_with_the_reason(company: Company) -> None:
    company.add("anna", "Anna Ivanova", telephoneNumber="see Boris")

    [found] = probing.run_query(company.server()).people

    reading = found.readings[Field.EXTENSION]
    assert (reading.values, reading.foreign, reading.remark is not None) == ((), ("see Boris",), True)


PAGES = {
    # id: people, limit, shown, more
    "fewer": (2, 3, 2, False),
    "just_as_many": (3, 3, 3, False),
    "more": (5, 3, 3, True),
}


@pytest.mark.parametrize(("people", "limit", "shown", "more"), PAGES.values(), ids=PAGES.keys())
def test_run_query_stops_at_its_limit(people: int, limit: int, shown: int, more: bool, company: Company) -> None:
    company.add_many(people)

    result = probing.run_query(company.server(), limit=limit)

    assert (len(result.people), result.more) == (shown, more)


@pytest.mark.promise(6)
def test_run_query_stores_nothing(company: Company) -> None:
    company.add_many(3)
    server = company.server(kind=Kind.AUTO)
    before = stored(), company.directory.modifications()

    probing.run_query(server)

    assert (stored(), company.directory.modifications()) == before


def test_run_query_raises_what_a_run_would(company: Company) -> None:
    server = company.server()
    server.set_secret("wrong")

    with pytest.raises(DirectoryLoginError):
        probing.run_query(server)


def test_run_query_names_an_unknown_attribute_as_it_was_typed(company: Company) -> None:
    server = company.server()
    FieldMapping.objects.create(endpoint=server, field="title", attribute="jobTittle")

    with pytest.raises(ConfigurationError) as caught:
        probing.run_query(server)

    assert caught.value.params == {"attributes": ["jobTittle"]}


def test_run_query_refuses_a_password_of_another_address(company: Company) -> None:
    server = company.server()
    server.uris = ["ldap://elsewhere.example"]

    with pytest.raises(ConfigurationError):
        probing.run_query(server)
