"""`manage.py sync_ldap --json`: the format that scripts depend on (design, section 9)."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncapp.models import Employee
from syncapp.services import steps
from syncapp.services.counts import NAMES
from tests.commands.calls import completed, held, partial, refused, report
from tests.factories import make_employee
from tests.processes import manage
from tests.services.company import Company

pytestmark = pytest.mark.django_db(transaction=True)

RUN = {
    "id": int,
    "server": str,
    "mode": str,
    "read": str,
    "status": str,
    "counts": dict,
    "seconds": dict,
    "error": (dict, type(None)),
    "notes": list,
    "people": list,
}
PERSON = {
    "name": str,
    "email": str,
    "mobile": str,
    "extension": str,
    "status": str,
    "state": str,
    "updated_side": (str, type(None)),
    "updated_at": (str, type(None)),
    "dn": str,
    "message": str,
    "changes": list,
}
COUNTS = [
    "read", "created", "updated", "written_back", "skipped", "conflicts", "proposed", "failed", "waiting", "disabled",
    "missing", "returned", "renumbered", "ignored", "new_matters",
]  # fmt: skip


def fits(value: dict[str, Any], shape: dict[str, Any]) -> bool:
    return list(value) == list(shape) and all(isinstance(value[name], kind) for name, kind in shape.items())


def test_json_has_all_keys_of_the_format(company: Company) -> None:
    make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    company.add("anna", "Anna Petrova", mobile="8 916 123 45 67", telephoneNumber="215")
    company.add("carl", "Carl Moore", telephoneNumber="222")
    company.add("dora", "Dora Moore", telephoneNumber="222")
    company.server()

    _code, [run] = report("--all")

    assert fits(run, RUN)
    assert all(fits(person, PERSON) for person in run["people"])
    assert list(run["counts"]) == COUNTS == list(NAMES)
    assert all(isinstance(count, int) for count in run["counts"].values())
    assert list(run["seconds"]) == ["read", "plan", "apply", "write_back", "total"]
    assert all(isinstance(seconds, float) for seconds in run["seconds"].values())
    assert all(fits(note, {"code": str, "message": str}) for note in run["notes"])
    changes = [change for person in run["people"] for change in person["changes"]]
    assert changes
    assert all(fits(change, {"field": str, "side": str, "before": str, "after": str}) for change in changes)


def test_json_of_a_refused_start_has_the_same_keys(company: Company) -> None:
    refused(company)

    _code, [run] = report()

    assert fits(run, {**RUN, "id": type(None), "read": type(None), "error": dict})
    assert (run["status"], run["error"]["code"], run["people"]) == ("failed", "run_already_active", [])


def test_json_of_a_created_person(company: Company) -> None:
    server = completed(company)

    _code, [run] = report()

    [anna] = run["people"]
    assert {key: value for key, value in anna.items() if key not in ("changes", "updated_at")} == {
        "name": "Anna Petrova",
        "email": "anna@example.test",
        "mobile": "",
        "extension": "215",
        "status": "created",
        "state": "active",
        "updated_side": "pbx",
        "dn": f"uid=anna,{company.base}",
        "message": "",
    }
    assert {"field": "extension", "side": "pbx", "before": "", "after": "215"} in anna["changes"]
    assert (run["server"], run["read"], run["error"]) == (server.name, "full", None)


def test_json_gives_times_in_utc(company: Company, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Vladivostok"
    completed(company)

    _code, [run] = report()

    at = run["people"][0]["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", at)
    assert timezone.now() - datetime.fromisoformat(at) < timedelta(minutes=1)


def test_json_is_english_whatever_the_language(company: Company) -> None:
    partial(company)

    code, out, err = manage("sync_ldap", "--json", LANGUAGE_CODE="ru")

    assert (code, json.loads(out)["runs"][0]["people"][0]["message"]) == (
        2,
        "Could be Boris Sidorov, but not everything agrees. Confirm or refuse under Conflicts.",
    )
    assert err == ""


def test_json_of_an_error_is_english_too(company: Company) -> None:
    held(company)

    _code, [run] = report()

    assert run["error"]["message"].startswith("The directory answered, but nobody is in scope.")


def test_people_are_those_who_changed_and_open_matters(company: Company) -> None:
    partial(company)
    company.add("anna", "Anna Petrova", title="Clerk")
    company.add("carl", "Carl Moore")
    report()
    company.change("anna", title="Boss")

    _code, [run] = report()

    assert [(person["name"], person["status"]) for person in run["people"]] == [
        ("Anna Petrova", "updated"), ("Boris Sidorov", "proposed"),
    ]  # fmt: skip


def test_all_adds_everybody_else_with_a_record_read_or_not(company: Company) -> None:
    partial(company)
    company.add("anna", "Anna Petrova", title="Clerk")
    company.add("carl", "Carl Moore")
    report()
    company.delete("carl")
    report()
    company.change("anna", title="Boss")

    _code, [run] = report("--all")

    assert sorted((person["name"], person["status"]) for person in run["people"]) == [
        ("Anna Petrova", "updated"), ("Boris Sidorov", "proposed"), ("Carl Moore", "skipped"),
    ]  # fmt: skip


def test_person_who_was_left_out_shows_no_changes(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    completed(company)
    report()
    company.change("anna", title="Boss")
    apply = steps.apply_items

    def edited_before(*arguments: Any, **named: Any) -> Any:
        Employee.objects.update(department="Edited here")
        return apply(*arguments, **named)

    monkeypatch.setattr(steps, "apply_items", edited_before)

    _code, [run] = report("--all")

    [anna] = run["people"]
    assert (anna["status"], anna["changes"], anna["message"]) == (
        "skipped", [], "Was edited here while the run was going on. The next run looks again.",
    )  # fmt: skip
