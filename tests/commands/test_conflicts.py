"""`conflicts`: what is open, and deciding it from a terminal or script (design, section 9)."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from tests.factories import make_employee
from tests.services.company import Company, sync
from tests.services.disputes import NAME, conflict, disputed_title, mapped
from tests.services.test_write_back import there

pytestmark = pytest.mark.django_db(transaction=True)


def call(*arguments: str) -> tuple[int, str, str]:
    """Call the command as a person does; return exit code, standard output and error."""
    out, err = StringIO(), StringIO()
    code = 0
    with translation.override("en"):
        try:
            call_command("conflicts", *arguments, stdout=out, stderr=err)
        except SystemExit as ended:
            code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


def answer(*arguments: str) -> tuple[int, Any]:
    """Call it as a script does, in another language."""
    out, code = StringIO(), 0
    with translation.override("ru"):
        try:
            call_command("conflicts", "--json", *arguments, stdout=out)
        except SystemExit as ended:
            code = int(str(ended.code))
    return code, json.loads(out.getvalue())


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    return disputed_title(company)


@pytest.fixture
def two_fields(company: Company) -> DirectoryServer:
    """Anna's title and department differ."""
    company.add("anna", NAME, title="Boss", departmentNumber="Sales")
    server = mapped(company, title={"attribute": "title"}, department={"attribute": "departmentNumber"})
    sync(server)
    Employee.objects.update(title="Chief", department="Ours")
    company.change("anna", title="Director", departmentNumber="Theirs")
    sync(server)
    return server


def test_nothing_is_open(db: None) -> None:
    assert call() == (0, "Nothing is open.\n", "")
    assert answer() == (0, {"conflicts": []})


def test_open_values_are_listed(server: DirectoryServer) -> None:
    code, out, err = call()

    assert (code, err) == (0, "")
    for shown in (
        str(conflict().pk),
        NAME,
        server.name,
        "two different values",
        "job title",
        "Boss",
        "Chief",
        "Director",
    ):
        assert shown in out


def test_open_values_are_listed_for_a_script(server: DirectoryServer) -> None:
    code, said = answer()

    found = conflict()
    assert code == 0
    assert said == {
        "conflicts": [
            {
                "id": found.pk, "server": server.name, "kind": "field", "what": "two different values",
                "field": "title", "name": NAME, "dn": found.record.dn, "anchor": found.record.anchor,
                "since": found.opened_at.isoformat().replace("+00:00", "Z"), "base": "Boss", "local": "Chief",
                "remote": "Director", "owner": None, "candidates": [],
            }
        ]
    }  # fmt: skip


def test_candidates_are_listed(company: Company) -> None:
    boris = make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    sync(company.server())

    assert "Boris Sidorov" in call("--kind", "match_proposed")[1]
    assert answer()[1]["conflicts"][0]["candidates"] == [
        {
            "employee": boris.pk, "name": "Boris Sidorov", "agrees": ["name"], "disagrees": ["email"],
            "archived": False, "entry": None,
        }
    ]  # fmt: skip


@pytest.fixture
def made_anew(company: Company) -> DirectoryServer:
    """Anna's account was deleted, and there is another one like it."""
    company.add("anna", NAME, mail="anna@example.test", telephoneNumber="215")
    server = company.server()
    sync(server)
    company.delete("anna")
    company.add("anna2", NAME, mail="anna@example.test", telephoneNumber="215")
    sync(server)
    return server


def test_re_created_account_is_listed_with_both_entries(made_anew: DirectoryServer) -> None:
    old, new = SyncRecord.objects.get(state="missing"), SyncRecord.objects.get(state="active")

    shown = call("--kind", "match_recreated")[1].replace("\n", "")
    (listed,) = answer()[1]["conflicts"]

    assert (listed["dn"], listed["anchor"]) == (new.dn, new.anchor)
    assert listed["candidates"][0]["entry"] == {"dn": old.dn, "anchor": old.anchor, "state": "missing"}
    assert "re-created account?" in shown


def test_re_created_account_is_confirmed_and_carried_out_at_once(made_anew: DirectoryServer) -> None:
    code, out, err = call("--confirm", "--kind", "match_recreated", "--now")

    record = SyncRecord.objects.get(employee__isnull=False)
    assert (code, out.splitlines()[0], err) == (0, "1 was decided.", "")
    assert record.dn.startswith("uid=anna2")
    assert SyncRun.objects.filter(mode="apply").order_by("-id")[0].anchors == [[record.anchor, record.dn]]


def test_re_created_account_is_refused(made_anew: DirectoryServer) -> None:
    assert answer("--refuse", str(conflict().pk))[0] == 0

    sync(made_anew)

    assert Employee.objects.count() == 2


def test_conflict_about_values_is_not_confirmed(server: DirectoryServer) -> None:
    pk = conflict().pk

    code, report = answer("--confirm", str(pk))

    assert (code, report["decided"], report["refused"][0]["code"]) == (2, [], "match_about_values")
    assert answer("--confirm", "--all")[1]["decided"] == []


@pytest.fixture
def succeeded(company: Company) -> DirectoryServer:
    """Anna left, and Clara's entry has her number."""
    company.add("anna", NAME, mail="anna@example.test", telephoneNumber="215")
    server = company.server()
    sync(server)
    company.change("anna", pwdAccountLockedTime="000001010000Z")
    company.add("clara", "Clara Ivanova", mail="clara@example.test", telephoneNumber="215")
    sync(server)
    return server


@pytest.mark.parametrize("which", [["--all"], ["--kind", "number_taken"], ["--field", "extension"]])
def test_number_is_handed_over(succeeded: DirectoryServer, which: list[str]) -> None:
    code, out, err = call("--hand-over", *which)

    assert (code, out, err) == (0, "1 was decided.\n", "")
    assert dict(Employee.objects.values_list("name", "extension")) == {NAME: "", "Clara Ivanova": "215"}
    assert sync(succeeded).status == "completed"


def test_number_of_somebody_who_stays_is_not_handed_over(company: Company, succeeded: DirectoryServer) -> None:
    company.change("anna", pwdAccountLockedTime=None)
    sync(succeeded)

    code, report = answer("--hand-over", str(conflict().pk))

    assert (code, report["refused"][0]["code"]) == (2, "decision_no_hand_over")


@pytest.mark.promise(9)
@pytest.mark.parametrize("field", ["sip_secret", "photo"])
def test_secrets_and_pictures_are_not_shown(server: DirectoryServer, field: str) -> None:
    Conflict.objects.update(field=field, base="digest-1", local="digest-2", remote="digest-3")

    shown = call()[1] + json.dumps(answer()[1])

    assert "digest" not in shown
    assert "***" in shown


def test_list_is_narrowed(two_fields: DirectoryServer) -> None:
    assert [each["field"] for each in answer("--field", "title")[1]["conflicts"]] == ["title"]
    assert answer("--kind", "number_taken")[1] == {"conflicts": []}
    assert len(answer("--server", two_fields.name)[1]["conflicts"]) == 2
    one = Conflict.objects.get(field="department")
    assert [each["id"] for each in answer(str(one.pk))[1]["conflicts"]] == [one.pk]


def test_list_takes_the_same_number_of_queries(two_fields: DirectoryServer, django_assert_num_queries: Any) -> None:
    people = [make_employee().pk for _each in range(5)]
    candidates = [{"employee": pk, "agrees": [], "disagrees": []} for pk in people]
    record = conflict_of("title").record
    Conflict.objects.bulk_create(
        Conflict(endpoint=two_fields, record=record, kind="match_ambiguous", field=f"f{number}", candidates=candidates)
        for number in range(50)
    )

    with django_assert_num_queries(3):
        answer()


def conflict_of(field: str) -> Conflict:
    return Conflict.objects.get(field=field)


@pytest.mark.parametrize(("side", "expected"), [("pbx", "Chief"), ("domain", "Director")])
def test_side_is_taken_and_carried_out_by_the_next_run(
    company: Company, server: DirectoryServer, side: str, expected: str
) -> None:
    code, out, err = call("--take", side, "--all")
    assert (code, out, err) == (0, "1 was decided.\n", "")

    sync(server)

    assert (Employee.objects.get().title, there(company, "anna", "title")) == (expected, [expected])
    assert "@" in Conflict.objects.get().resolved_by
    assert SyncRun.objects.get(mode="edit").trigger == "command"


def test_third_value_is_carried_out_at_once(company: Company, server: DirectoryServer) -> None:
    company.add("boris", "Boris Sidorov")

    code, out, _err = call(str(conflict().pk), "--value", "Head", "--now")

    assert code == 0
    assert "1 was decided." in out
    assert (Employee.objects.get().title, there(company, "anna", "title")) == ("Head", ["Head"])
    assert SyncRun.objects.filter(mode="apply").latest("id").read == "person"


def test_what_was_done_is_said_to_a_script(server: DirectoryServer) -> None:
    found = conflict()

    code, said = answer("--take", "pbx", "--server", server.name, "--now")

    run = SyncRun.objects.filter(mode="apply").latest("id")
    assert (code, said) == (
        0,
        {
            "decided": [found.pk],
            "refused": [],
            "runs": [{"id": run.pk, "server": server.name, "status": "completed"}],
        },
    )


def test_only_the_chosen_field_is_decided(two_fields: DirectoryServer) -> None:
    assert call("--take", "pbx", "--field", "title")[0] == 0

    assert conflict().field == "department"


def test_refusal_is_said_and_the_rest_is_decided(two_fields: DirectoryServer) -> None:
    Employee.objects.update(title="President")

    code, out, err = call("--take", "pbx", "--all")

    assert (code, out) == (2, "1 was decided.\n")
    assert err == (
        f"#{conflict().pk} {NAME}, job title: Since the last run compared it, job title was changed here. "
        "Synchronise, then look again.\n"
    )


def test_refusal_is_said_to_a_script(server: DirectoryServer) -> None:
    found = conflict()
    call("--take", "pbx", "--all")

    code, said = answer(str(found.pk), "--take", "domain")

    assert (code, said["decided"], said["refused"][0]["id"], said["refused"][0]["code"]) == (
        2, [], found.pk, "decision_closed",
    )  # fmt: skip


def test_matters_about_people_are_passed_over_and_refused_by_number(company: Company) -> None:
    make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    sync(company.server())

    assert call("--take", "pbx", "--all")[:2] == (0, "0 were decided.\n")
    assert call("--take", "pbx", str(conflict().pk))[0] == 2


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "switched_off"])
def test_server_that_cannot_run_now_is_said_and_the_decision_stands(server: DirectoryServer, busy: bool) -> None:
    if busy:
        SyncRun.objects.create(endpoint=server, status="running", heartbeat_at=timezone.now())
    else:
        DirectoryServer.objects.update(enabled=False)

    code, out, err = call("--take", "pbx", "--all", "--now")

    assert (code, out) == (2, "1 was decided.\n")
    assert ("has not ended yet" if busy else "is switched off") in err
    assert Conflict.objects.get().resolution == "local"


def test_run_that_fails_is_no_success(server: DirectoryServer) -> None:
    FieldMapping.objects.create(endpoint=server, field="email", attribute="noSuchAttribute")
    DirectoryServer.objects.update(uris=["ldap://127.0.0.1:1"])

    assert call("--take", "pbx", "--all", "--now")[0] == 2


WRONG = {
    "nothing_chosen": ["--take", "pbx"],
    "all_and_some": ["--take", "pbx", "--all", "--field", "title"],
    "all_and_one": ["1", "--take", "pbx", "--all"],
    "value_without_one": ["--value", "x", "--all"],
    "value_for_a_field": ["--value", "x", "--field", "title"],
    "both": ["1", "--take", "pbx", "--value", "x"],
    "unknown_side": ["1", "--take", "both"],
    "unknown_field": ["--field", "shoe_size"],
    "unknown_server": ["--server", "Nowhere"],
    "unknown_conflict": ["1000000"],
    "all_without_decision": ["--all"],
    "now_without_decision": ["--now"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_use(company: Company, arguments: list[str]) -> None:
    disputed_title(company)
    arguments = [str(conflict().pk) if each == "1" else each for each in arguments]

    with pytest.raises(CommandError):
        call(*arguments)

    assert conflict().resolution == ""
