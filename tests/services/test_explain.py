"""Why somebody is here or not, against a real directory; nothing is stored."""

from collections.abc import Iterator
from typing import Any

import ldap
import pytest
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fixtures.openldap import OpenLdap
from syncapp.choices import MatterKind
from syncapp.messages import render
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services.explain import Explanation, FieldTold, ServerTold, explain, explain_employee, explain_record
from tests.conftest import require_program
from tests.factories import make_employee, make_record, make_server
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def directory() -> Iterator[OpenLdap]:
    """A server of the module's own: what is looked for anywhere is found in everybody's branch."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


@pytest.fixture
def company(directory: OpenLdap) -> Iterator[Company]:
    company = Company(directory)
    yield company
    rows = company.ldap.search_s(company.base, ldap.SCOPE_SUBTREE, attrlist=["1.1"])
    for dn in sorted((dn for dn, _values in rows), key=len, reverse=True):
        company.ldap.delete_s(dn)


def told(explanation: Explanation) -> ServerTold:
    (server,) = explanation.servers
    assert server.error is None
    # Every code has its sentence, and every sentence its parameters.
    assert all(render(step.code, step.params) for step in server.steps)
    fields = [message for each in server.fields for message in (each.why, *each.effects)]
    assert all(render(message.code, message.params) for message in fields)
    return server


def codes(explanation: Explanation) -> list[str]:
    return [step.code for step in told(explanation).steps]


def params(explanation: Explanation, code: str) -> dict[str, Any]:
    (found,) = [dict(step.params) for step in told(explanation).steps if step.code == code]
    return found


def field(explanation: Explanation, name: str) -> FieldTold:
    (found,) = [each for each in told(explanation).fields if each.field == name]
    return found


def effects(explanation: Explanation, name: str) -> list[str]:
    return [effect.code for effect in field(explanation, name).effects]


@pytest.fixture
def anna(company: Company) -> DirectoryServer:
    """Anna, settled after a run."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215", title="Boss")
    server = company.server()
    sync(server)
    return server


BY = {
    "email": "ANNA@example.test",
    "number": "215",
    "words": "petrova anna",
}


@pytest.mark.parametrize("text", BY.values(), ids=BY.keys())
def test_settled_person_is_found_and_nothing_would_happen(anna: DirectoryServer, text: str) -> None:
    explanation = explain(text, servers=[anna])

    run = SyncRun.objects.get()
    assert explanation.found
    assert codes(explanation) == [
        "explain_found",
        "explain_state_active",
        "explain_tied_by",
        "explain_in_scope",
        "explain_write_back_off",
    ]
    assert params(explanation, "explain_tied_by")["run"] == run.pk
    title = field(explanation, "title")
    assert (title.local, title.remote, title.agreed, title.why.code) == (
        "Boss",
        ("Boss",),
        ("Boss", "Boss"),
        "why_unchanged",
    )
    assert title.changed is not None
    assert (title.changed.run_id, title.changed.side, title.changed.after) == (run.pk, "pbx", "Boss")


def test_person_is_found_by_dn_and_by_anchor(anna: DirectoryServer) -> None:
    record = SyncRecord.objects.get()

    for text in (record.dn.upper(), record.anchor.upper()):
        explanation = explain(text, servers=[anna])
        assert (explanation.found, explanation.employee_id) == (True, record.employee_id)


def test_stranger_is_found_by_dn_and_by_anchor(company: Company, anna: DirectoryServer) -> None:
    dn = company.add("boris", "Boris Sidorov")
    anchor = company.ldap.search_s(dn, 0, attrlist=["entryUUID"])[0][1]["entryUUID"][0].decode()

    for text in (dn, anchor):
        assert "explain_would_create" in codes(explain(text, servers=[anna]))


def test_change_there_is_foreseen_with_its_reason(company: Company, anna: DirectoryServer) -> None:
    company.change("anna", title="President")

    explanation = explain("215", servers=[anna])

    title = field(explanation, "title")
    assert (title.why.code, effects(explanation, "title")) == ("why_changed_there", ["effect_here"])
    assert dict(title.effects[0].params) | {"field": ""} == {
        "field": "",
        "attribute": "title",
        "before": "Boss",
        "after": "President",
    }


def test_conflict_is_foreseen_before_a_run_opens_it(company: Company, anna: DirectoryServer) -> None:
    Employee.objects.update(title="Director")
    company.change("anna", title="President")
    FieldMapping.objects.create(endpoint=anna, field="title", attribute="title", direction="both")

    explanation = explain(["anna@example.test", "Petrova"][0], servers=[anna])

    assert field(explanation, "title").why.code == "why_both_changed"
    assert effects(explanation, "title") == ["field_conflict"]


def test_value_that_may_not_go_out_says_why(anna: DirectoryServer) -> None:
    Employee.objects.update(extension="301")

    explanation = explain("Anna Petrova", servers=[anna])

    assert "explain_write_back_off" in codes(explanation)
    assert field(explanation, "extension").why.code == "why_changed_here"
    assert effects(explanation, "extension") == ["effect_waits"]


def test_foreign_value_says_what_it_is(company: Company, anna: DirectoryServer) -> None:
    company.change("anna", telephoneNumber="see Boris")

    explanation = explain("Anna Petrova", servers=[anna])

    extension = field(explanation, "extension")
    assert (extension.foreign, extension.why.code) == (("see Boris",), "why_unreadable")
    assert effects(explanation, "extension") == ["value_not_matched"]


SCOPES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "filter": ({"user_filter": "(!(uid=anna))"}, ["scope_filter"]),
    "department": (
        {"department_attribute": "departmentNumber", "departments": ["Sales"]},
        ["scope_department"],
    ),
    "both": (
        {"user_filter": "(uid=boris)", "department_attribute": "departmentNumber", "departments": ["Sales"]},
        ["scope_department", "scope_filter"],
    ),
}


@pytest.mark.parametrize(("scope", "expected"), SCOPES.values(), ids=SCOPES.keys())
def test_part_of_the_scope_that_leaves_out_is_said(
    company: Company, scope: dict[str, Any], expected: list[str]
) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test", departmentNumber="Stock")

    explanation = explain("anna@example.test", servers=[company.server(**scope)])

    assert codes(explanation) == [
        "explain_found",
        "explain_state_active",
        "explain_unknown",
        "explain_out_of_scope",
        *expected,
    ]
    assert told(explanation).fields == []


def test_entry_outside_the_search_bases_is_found(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna.outside@example.test")
    company.ldap.add_s(f"ou=inner,{company.base}", [("objectClass", [b"organizationalUnit"]), ("ou", [b"inner"])])
    server = company.server(search_bases=[f"ou=inner,{company.base}"])

    explanation = explain("anna.outside@example.test", servers=[server])

    assert params(explanation, "scope_outside") == {"bases": f"ou=inner,{company.base}"}


def test_what_is_no_person_to_the_kind_is_found(company: Company) -> None:
    values = {"cn": b"Printer Room", "sn": b"Room", "description": b"x"}
    entry = [("objectClass", [b"person"]), *((name, [value]) for name, value in values.items())]
    company.ldap.add_s(f"cn=Printer Room,{company.base}", entry)

    explanation = explain("Printer Room", servers=[company.server()])

    assert codes(explanation)[-1] == "scope_kind"


def test_who_is_recognised_is_said_with_the_keys(company: Company) -> None:
    make_employee(name="Anna Petrova", email="anna@example.test")
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")

    explanation = explain("anna@example.test", servers=[company.server()])

    assert codes(explanation)[2:] == [
        "explain_unknown",
        "explain_in_scope",
        "explain_key_one",
        "explain_key_one",
        "explain_key_nobody",
        "explain_would_join",
        "explain_write_back_off",
    ]
    assert params(explanation, "explain_would_join") == {"key": "email", "employee": "Anna Petrova"}
    assert effects(explanation, "extension") == ["effect_here"]


def test_doubtful_match_is_said_with_its_evidence(company: Company) -> None:
    make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")

    explanation = explain("Boris Sidorov", servers=[company.server()])

    assert [code for code in codes(explanation) if code[:7] != "explain"] == ["match_proposed"]
    assert params(explanation, "explain_agrees")["fields"] == ["name"]
    assert params(explanation, "explain_disagrees")["fields"] == ["email"]
    assert told(explanation).fields == []


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"create": "none"}, "not_created_off"),
    "without_number": ({"create": "with_number"}, "not_created_no_number"),
}


@pytest.mark.parametrize(("values", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_why_somebody_is_not_created(company: Company, values: dict[str, Any], expected: str) -> None:
    company.add("anna", "Anna Petrova")

    assert expected in codes(explain("Anna Petrova", servers=[company.server(**values)]))


def test_second_account_of_a_known_person_is_named(company: Company, anna: DirectoryServer) -> None:
    dn = company.add("adm-anna", "Administrator", mail="anna@example.test")

    explanation = explain("anna@example.test", servers=[anna])

    assert explanation.found
    assert params(explanation, "explain_also") == {"count": 1, "entries": [dn]}


def test_open_conflict_is_named(company: Company) -> None:
    make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    server = company.server()
    sync(server)
    conflict = Conflict.objects.get()

    explanation = explain("boris@example.test", servers=[server])

    assert params(explanation, "explain_open")["matter"] == MatterKind.MATCH_PROPOSED
    assert told(explanation).conflict_ids == [conflict.pk]
    assert "explain_untied" in codes(explanation)


def test_archived_employee_is_frozen(anna: DirectoryServer) -> None:
    employee = Employee.objects.get()
    Employee.rows.filter(pk=employee.pk).update(archived_at=SyncRun.objects.get().finished_at)

    explanation = explain_employee(employee, servers=[anna])

    assert [fact.code for fact in explanation.facts] == ["explain_employee", "explain_archived"]
    assert "explain_frozen_archived" in codes(explanation)
    assert told(explanation).fields == []


def test_who_is_gone_from_the_directory(company: Company, anna: DirectoryServer) -> None:
    company.delete("anna")

    explanation = explain("anna@example.test", servers=[anna])

    assert codes(explanation) == ["explain_gone", "explain_tied_by"]


def test_employee_whom_no_directory_knows(company: Company) -> None:
    make_employee(name="Only Here", email="nobody@example.test")

    explanation = explain("Only Here", servers=[company.server()])

    assert codes(explanation) == ["explain_not_there"]
    assert params(explanation, "explain_not_there")["text"] == "Only Here"


def test_employee_is_looked_for_by_mail_where_nothing_ties_him(company: Company) -> None:
    employee = make_employee(name="Anna", email="anna.p@example.test")
    company.add("anna", "Another Name", mail="anna.p@example.test")

    explanation = explain_employee(employee, servers=[company.server()])

    assert params(explanation, "explain_would_join")["employee"] == "Anna"


def test_several_entries_for_an_employee_are_named(company: Company) -> None:
    employee = make_employee(name="Anna", email="anna.p@example.test")
    dns = [company.add(uid, "Another Name", mail="anna.p@example.test") for uid in ("anna", "anna2")]

    explanation = explain_employee(employee, servers=[company.server()])

    assert params(explanation, "explain_several_entries") == {"entries": dns}


def test_record_is_explained_with_its_employee(anna: DirectoryServer) -> None:
    record = SyncRecord.objects.get()

    explanation = explain_record(record)

    assert (explanation.employee_id, told(explanation).record_id) == (record.employee_id, record.pk)


def test_several_are_listed(company: Company, anna: DirectoryServer) -> None:
    make_employee(name="Petrova Vera", extension="777")
    company.add("petr", "Petr Petrova-Ivanov", telephoneNumber="216")
    sync(anna)

    explanation = explain("Petrova", servers=[anna])

    assert not explanation.found
    listed = [(server, found.name, found.extension) for server, found in explanation.people]
    assert sorted(listed) == sorted(
        [(anna.name, "Anna Petrova", "215"), (anna.name, "Petr Petrova-Ivanov", "216"), ("", "Petrova Vera", "777")]
    )


@pytest.mark.parametrize("text", ["nobody-at-all@example.test", "", "  "])
def test_nobody_is_found(anna: DirectoryServer, text: str) -> None:
    assert not explain(text, servers=[anna]).found


def test_server_that_cannot_be_asked_leaves_the_others_their_answer(anna: DirectoryServer) -> None:
    dead = make_server(uris=["ldap://127.0.0.1:1"], security="none")

    explanation = explain("anna@example.test", servers=[dead, anna])

    assert [server.error.code if server.error else None for server in explanation.servers] == [
        "connection_refused",
        None,
    ]
    assert explanation.found


def test_what_the_hub_knows_is_said_while_the_directory_is_silent(anna: DirectoryServer) -> None:
    DirectoryServer.objects.update(bind_password_scope="", uris=["ldap://127.0.0.1:1"])
    anna.refresh_from_db()

    (server,) = explain("anna@example.test", servers=[anna]).servers

    assert server.error is not None
    assert [step.code for step in server.steps] == ["explain_tied_by"]


def test_settings_that_cannot_work_are_said(company: Company) -> None:
    (server,) = explain("anna@example.test", servers=[company.server(user_filter="(uid=")]).servers

    assert server.error is not None
    assert server.error.code == "filter_malformed"


@pytest.mark.promise(9)
def test_secret_is_masked(company: Company) -> None:
    company.add("anna", "Anna Petrova", description="s3cret-of-anna")
    server = company.server()
    for name, attribute in (("name", "displayName"), ("sip_secret", "description")):
        FieldMapping.objects.create(endpoint=server, field=name, attribute=attribute)

    explanation = explain("Anna Petrova", servers=[server])

    secret = field(explanation, "sip_secret")
    assert secret.remote == ("***",)
    assert [effect.code for effect in secret.effects] == ["effect_here_content"]
    assert "s3cret" not in repr(explanation)


@pytest.mark.promise(6)
def test_nothing_is_stored_or_written(company: Company, anna: DirectoryServer) -> None:
    company.add("boris", "Boris Petrov")
    company.change("anna", title="President")
    models: list[Any] = [DirectoryServer, Employee, SyncRecord, SyncRun, RunItem, Conflict, FieldMapping]
    before = [serializers.serialize("json", model.objects.order_by("pk")) for model in models]
    writes = company.directory.modifications()

    for text in ("Anna Petrova", "Boris Petrov"):
        explain(text, servers=[anna])

    assert [serializers.serialize("json", model.objects.order_by("pk")) for model in models] == before
    assert company.directory.modifications() == writes


@pytest.mark.parametrize("uid", ["anna", "new"])
def test_number_of_queries_does_not_depend_on_the_company(company: Company, anna: DirectoryServer, uid: str) -> None:
    """ "new" comes after the run, so that it is looked for by all its keys."""
    counted = []
    company.add("new", "Newcomer Person", mail="new@example.test")
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert explain(f"{uid}@example.test", servers=[anna]).found
        counted.append(len(queries))
        for number in range(30):
            make_record(endpoint=anna, employee=make_employee(email=f"p{number}-{len(counted)}@example.test"))

    assert counted[0] == counted[1] < 45
