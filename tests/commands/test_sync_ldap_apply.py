"""`sync_ldap --apply` and `--discard` (rules E4, E5)."""

import pytest
from django.core.management import CommandError, call_command

from syncapp.models import Employee, SyncRun
from tests.commands.calls import completed, held, report
from tests.services.company import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.promise(6)
def test_preview_is_applied_by_its_number(company: Company) -> None:
    completed(company)
    _code, [preview] = report("--dry-run")

    code, [run] = report("--apply", str(preview["id"]))

    assert (code, run["status"], run["mode"], run["read"]) == (0, "completed", "apply", None)
    assert run["counts"] == preview["counts"]
    assert run["people"][0]["changes"] == preview["people"][0]["changes"]
    assert SyncRun.objects.get(pk=run["id"]).applies_id == preview["id"]


@pytest.mark.promise(6)
def test_refused_row_ends_2_and_is_listed_with_the_newest_values(company: Company) -> None:
    completed(company)
    _code, [preview] = report("--dry-run")
    company.change("anna", telephoneNumber="217")

    code, [run] = report("--apply", str(preview["id"]))

    assert (code, run["status"]) == (2, "partial")
    [person] = run["people"]
    assert person["changes"] == []
    assert "in the domain: " in person["message"]
    assert "217" in person["message"]
    assert [note["code"] for note in run["notes"]] == ["plan_rows_refused"]
    assert not Employee.objects.exists()


def test_held_plan_needs_force(company: Company) -> None:
    held(company)
    _code, [run] = report()

    code, [refused] = report("--apply", str(run["id"]))
    assert (code, refused["id"], refused["status"]) == (1, None, "failed")
    assert refused["error"]["code"] == "plan_needs_force"

    code, [applied] = report("--apply", str(run["id"]), "--force")
    assert (code, applied["status"]) == (0, "completed")
    assert SyncRun.objects.get(pk=applied["id"]).forced


def test_discarded_plan_is_not_applied(company: Company) -> None:
    completed(company)
    _code, [preview] = report("--dry-run")

    call_command("sync_ldap", "--discard", str(preview["id"]))

    code, [refused] = report("--apply", str(preview["id"]))
    assert (code, refused["error"]["code"]) == (1, "plan_discarded")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--apply", "999999"],
        ["--apply", "1", "Head office"],
        ["--apply", "1", "--dry-run"],
        ["--apply", "1", "--person", "anna"],
        ["--apply", "1", "--full"],
        ["--discard", "999999"],
        ["--discard", "1", "--force"],
        ["--cancel", "1", "--apply", "1"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_refused(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("sync_ldap", *arguments)
