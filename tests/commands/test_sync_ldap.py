"""`manage.py sync_ldap`: exit codes, the JSON that scripts read, and what a person sees (design, section 9)."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, Employee, RunItem, SyncRun
from syncapp.services import steps
from syncapp.services import sync as sync_service
from tests.commands.calls import call, completed, failed, held, partial, refused, report
from tests.factories import make_server
from tests.processes import LIMIT, environment, manage
from tests.services.company import Company

pytestmark = pytest.mark.django_db(transaction=True)


EXITS: dict[str, tuple[Callable[[Company], DirectoryServer], int, str]] = {
    "completed": (completed, 0, "completed"),
    "partial": (partial, 2, "partial"),
    "held": (held, 1, "held"),
    "failed": (failed, 1, "failed"),
    "refused": (refused, 1, "failed"),
}


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["apply", "preview"])
@pytest.mark.parametrize(("prepare", "code", "status"), EXITS.values(), ids=EXITS.keys())
def test_exit_code_and_status(
    company: Company, prepare: Callable[[Company], DirectoryServer], code: int, status: str, more: list[str]
) -> None:
    prepare(company)

    got, [run] = report(*more)

    assert (got, run["status"], run["mode"]) == (code, status, "preview" if more else "apply")


@pytest.mark.parametrize(("prepare", "code"), [(p, c) for p, c, _status in EXITS.values()], ids=EXITS.keys())
def test_exit_code_on_the_screen_is_the_same(
    company: Company, prepare: Callable[[Company], DirectoryServer], code: int
) -> None:
    prepare(company)

    assert call() == code


def test_exit_code_of_a_cancelled_run(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    completed(company)
    take_steps = sync_service.take_steps

    def cancel_first(execution: Any) -> None:
        SyncRun.objects.update(cancel_requested=True)
        take_steps(execution)

    monkeypatch.setattr(sync_service, "take_steps", cancel_first)

    code, [run] = report()

    assert (code, run["status"], run["error"]["code"]) == (1, "cancelled", "run_cancelled")


@pytest.mark.promise(7)
def test_crash_of_one_server_s_run_keeps_the_report_and_the_other_servers(
    company: Company, openldap: OpenLdap, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = completed(company)
    other = Company(openldap)
    other.add("boris", "Boris Sidorov")
    second = other.server(rank=2)
    plan = steps.make_plan

    def crash(server: DirectoryServer, *arguments: Any, **named: Any) -> Any:
        if server.pk == first.pk:
            raise ZeroDivisionError
        return plan(server, *arguments, **named)

    monkeypatch.setattr(steps, "make_plan", crash)

    code, runs = report()

    assert code == 1
    assert [(run["server"], run["status"]) for run in runs] == [(first.name, "crashed"), (second.name, "completed")]
    assert runs[0]["error"]["code"] == "run_crashed"


SEVERAL = {
    "completed and partial": ([completed, partial], 2),
    "partial and held": ([partial, held], 1),
    "failed and completed": ([failed, completed], 1),
    "completed twice": ([completed, completed], 0),
}


@pytest.mark.parametrize(("prepare", "code"), SEVERAL.values(), ids=SEVERAL.keys())
def test_of_several_runs_the_worst_counts(
    openldap: OpenLdap, prepare: list[Callable[[Company], DirectoryServer]], code: int
) -> None:
    for rank, each in enumerate(prepare):
        server = each(Company(openldap))
        DirectoryServer.objects.filter(pk=server.pk).update(rank=rank)
        Employee.objects.filter(extension="215").update(extension="", email=f"somebody{rank}@example.test")

    got, runs = report()

    assert (got, len(runs)) == (code, len(prepare))


def test_servers_are_taken_by_rank_and_those_switched_off_left_out(company: Company, openldap: OpenLdap) -> None:
    first, second, off = Company(openldap).server(rank=1), company.server(rank=2), company.server(rank=0)
    DirectoryServer.objects.filter(pk=off.pk).update(enabled=False)

    _code, runs = report()

    assert [run["server"] for run in runs] == [first.name, second.name]


def test_named_server_is_synchronised_also_when_it_is_switched_off(company: Company) -> None:
    server = completed(company)
    DirectoryServer.objects.filter(pk=server.pk).update(enabled=False)

    code, [run] = report(server.name)

    assert (code, run["server"]) == (0, server.name)


def test_name_that_is_given_twice_is_synchronised_once(company: Company) -> None:
    server = completed(company)

    _code, runs = report(server.name, server.name)

    assert len(runs) == 1


REFUSALS: dict[str, list[str]] = {
    "unknown name": ["Nowhere"],
    "unknown option": ["--quick"],
    "abbreviated option": ["--dry"],
    "abbreviated json": ["--js"],
    "cancel without a number": ["--cancel", "x"],
    "cancel with a name": ["--cancel", "1", "Head office"],
    "cancel with another option": ["--cancel", "1", "--json"],
    "cancel of a run that there is not": ["--cancel", "999999"],
}


@pytest.mark.parametrize("arguments", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_cannot_be_done_ends_with_1_and_says_so_on_standard_error(arguments: list[str]) -> None:
    make_server(name="Head office")

    code, out, err = manage("sync_ldap", *arguments)

    assert (code, out) == (1, "")
    assert err
    assert "Traceback" not in err


def test_nothing_configured_ends_with_1_and_says_how_to_begin() -> None:
    with translation.override("en"), pytest.raises(CommandError, match="configure FILE") as caught:
        call_command("sync_ldap")

    assert caught.value.returncode == 1


def test_unknown_name_is_told_with_those_that_are_known() -> None:
    make_server(name="Head office")

    with translation.override("en"), pytest.raises(CommandError, match=r"“Nowhere”\. Known: Head office"):
        call_command("sync_ldap", "Nowhere")


@pytest.mark.promise(6)
def test_dry_run_shows_the_plan_and_changes_nothing(company: Company) -> None:
    completed(company)

    code, [run] = report("--dry-run")

    assert (code, run["mode"], run["counts"]["created"], run["people"][0]["extension"]) == (0, "preview", 1, "215")
    assert not Employee.objects.exists()


def test_plan_of_a_held_run_is_shown(company: Company) -> None:
    company.add_many(2)
    company.server(pool=("200", "200"))

    code, [run] = report()

    assert (code, run["status"], [person["status"] for person in run["people"]]) == (
        1, "held", ["created", "failed"],
    )  # fmt: skip
    assert not Employee.objects.exists()


def test_force_overrides_a_brake_and_is_recorded(company: Company) -> None:
    company.add_many(2)
    company.server(pool=("200", "200"))

    code, [run] = report("--force")

    assert (code, run["status"], [note["code"] for note in run["notes"]]) == (2, "partial", ["pool_too_small"])
    assert SyncRun.objects.get().forced


def test_run_says_who_started_it(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "olga")
    completed(company)

    report()

    run = SyncRun.objects.get()
    assert (run.trigger, run.who.partition("@")[0]) == ("command", "olga")


@pytest.mark.promise(9)
@pytest.mark.parametrize("arguments", [[], ["--json", "--all"], ["--dry-run"], ["--verbosity", "3"]])
def test_password_is_in_no_output(company: Company, arguments: list[str]) -> None:
    completed(company)

    code, out, err = manage("sync_ldap", *arguments, LOG_LEVEL="DEBUG")

    assert (code, company.directory.service_password in out + err) == (0, False)
    assert company.directory.service_password not in str(list(RunItem.objects.values())) + str(
        list(SyncRun.objects.values())
    )


@pytest.mark.promise(9)
def test_refused_password_is_in_no_output(company: Company) -> None:
    server = completed(company)
    server.set_secret("hunter2-is-wrong")
    server.save()

    code, out, err = manage("sync_ldap", LOG_LEVEL="DEBUG")

    assert (code, "hunter2" in out + err) == (1, False)


def test_cancel_asks_a_run_to_stop(company: Company) -> None:
    run = SyncRun.objects.create(endpoint=company.server(), status="running", heartbeat_at=timezone.now())
    out = StringIO()

    with translation.override("en"):
        call_command("sync_ldap", "--cancel", str(run.pk), stdout=out)

    run.refresh_from_db()
    assert (run.cancel_requested, out.getvalue()) == (True, f"Run #{run.pk} was asked to stop.\n")


def on_a_terminal(*arguments: str, columns: int = 200, **changes: str) -> tuple[int, str]:
    """Run the command on a pseudo-terminal; return exit code and what was to be seen, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sync_ldap", *arguments],
        cwd=django_settings.BASE_DIR,
        env=environment(TERM="xterm", COLUMNS=str(columns), **changes),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:  # how Linux says that nobody writes to the terminal any more
        pass
    finally:
        os.close(master)
    return process.wait(LIMIT), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode()).replace("\r", "")


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["table", "json"])
def test_reader_who_goes_away_stops_no_synchronisation(company: Company, arguments: list[str]) -> None:
    """As `sync_ldap --json | head -c 100` does: the second of two servers was left out, with a traceback."""
    first, second = completed(company), company.server(rank=2)
    reading, writing = os.pipe()
    os.close(reading)

    process = subprocess.Popen(
        [sys.executable, "manage.py", "sync_ldap", "--all", *arguments],
        cwd=django_settings.BASE_DIR,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _out, err = process.communicate(timeout=LIMIT)

    assert (process.returncode, err.decode()) == (0, "")
    ended = SyncRun.objects.order_by("id").values_list("endpoint", "status")
    assert list(ended) == [(first.pk, "completed"), (second.pk, "completed")]


def test_table_on_a_terminal_has_its_columns_and_values(company: Company) -> None:
    company.add("anna", "Анна Петрова", mail="anna@example.test", mobile="8 916 123 45 67", telephoneNumber="215")
    company.server()

    code, seen = on_a_terminal()

    [head] = [line for line in seen.splitlines() if "Extension" in line]
    [row] = [line for line in seen.splitlines() if "Анна Петрова" in line]
    assert [cell.strip() for cell in re.split("[┃│]", head)[1:7]] == [
        "Name", "Extension", "Mobile", "E-mail", "Status", "Updated",
    ]  # fmt: skip
    cells = [cell.strip() for cell in row.split("│")[1:7]]
    assert cells[:5] == ["Анна Петрова", "215", "+79161234567", "anna@example.test", "created"]
    assert (code, bool(cells[5])) == (0, True)


def test_terminal_speaks_the_reader_s_language(company: Company) -> None:
    completed(company)

    _code, seen = on_a_terminal(LANGUAGE_CODE="ru")

    assert ("Внутренний номер" in seen, "Extension" in seen) == (True, False)


def test_who_is_missing_stands_in_report_and_table(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    company.add_many(3, mail="a{}@example.test", telephoneNumber="21{}")
    company.server(pool=None)
    report()
    company.delete("p0001")
    company.change("p0002", pwdAccountLockedTime="000001010000Z")

    call("--dry-run")
    seen = capsys.readouterr().out
    _code, [run] = report()

    assert "updated, missing" in seen
    assert "missing 1" in seen
    assert (run["counts"]["missing"], run["counts"]["disabled"], run["counts"]["updated"]) == (1, 1, 2)
    assert [(each["state"], each["status"], each["extension"], each["message"]) for each in run["people"]] == [
        ("disabled", "updated", "212", ""),
        ("missing", "updated", "211", "Missing: deleted, or not readable for the account any more."),
    ]
