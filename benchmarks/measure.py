"""One measurement in a process of its own: prints a line of JSON with seconds and peak memory.

    python -m benchmarks.measure WHAT [NUMBER]

The server and the database come from the environment (`benchmarks.lab` sets it).
Process start, imports and migrations are not measured, nor what each measurement
prepares.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import django
import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.ldapobject import SimpleLDAPObject
from ldap.syncrepl import SyncDoneControl, SyncRequestControl

from syncapp.directory.incremental.dirsync import DirSyncAnswer, DirSyncRequest

# What the usual mapping of OpenLDAP reads, with the anchor and the account's state.
ATTRIBUTES = [
    "displayName", "cn", "mail", "mobile", "telephoneNumber", "title", "departmentNumber", "ou", "entryUUID",
    "pwdAccountLockedTime",
]  # fmt: skip
SERVER = "Benchmark"
# What is added to an extension to have another one that nobody has.
STEP = 50_000
# So often something that takes milliseconds is repeated, for their median.
OFTEN = 9
# Requests on their way to a directory that is changed.
AT_A_TIME = 40
IN_MILLISECONDS = ("incremental", "elsewhere", "bare-dirsync", "bare-syncrepl")

Measured = Callable[[], int]  # returns of how many people
phases: dict[str, float] = {}  # seconds of the run that was measured, by phase


def _connect() -> SimpleLDAPObject:
    connection = ldap.initialize(os.environ["BENCH_URI"])
    connection.simple_bind_s(os.environ["BENCH_DN"], os.environ["BENCH_PASSWORD"])
    return connection


def plain_read() -> int:
    """What a plain program would do: one paged search, nothing made of it."""
    connection = _connect()
    page = SimplePagedResultsControl(True, size=500, cookie="")
    read = 0
    while True:
        message = connection.search_ext(
            os.environ["BENCH_BASE"], ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)", ATTRIBUTES, serverctrls=[page]
        )
        _kind, rows, _id, controls = connection.result3(message)
        read += len(rows)
        page.cookie = controls[0].cookie
        if not page.cookie:
            return read


def sync(*, incremental: bool = False, preview: bool = False, force: bool = False) -> int:
    """One synchronisation, as sync_ldap does it."""
    from syncapp.choices import RunMode, RunTrigger
    from syncapp.models import DirectoryServer
    from syncapp.services.sync import run_sync

    run = run_sync(
        server=DirectoryServer.objects.get(name=SERVER),
        mode=RunMode.PREVIEW if preview else RunMode.APPLY,
        trigger=RunTrigger.COMMAND,
        who="bench",
        incremental=incremental,
        force=force,
    )
    if run.error_code:
        sys.exit(f"{run.error_code} {run.error_params}")
    if run.read != ("incremental" if incremental else "full"):
        sys.exit(f"the run read {run.read}: {run.notes}")
    phases.update(run.seconds)
    return int(run.counts["read"])


def imported(measured: Measured) -> Measured:
    """The same, with what a run imports imported before."""
    import syncapp.services.sync  # noqa: F401  # for that alone

    return measured


def sync_with_other_settings() -> Measured:
    """A run after a change of the settings that changes nothing for anybody: everybody has to be looked at."""
    from syncapp.models import DirectoryServer

    server = DirectoryServer.objects.get(name=SERVER)
    server.match_keys = server.match_keys[:-1]
    server.save()
    return imported(sync)


def warm_incremental() -> Measured:
    """A run that reads changes, in a process that has done one already, as a worker's has."""
    sync(incremental=True)
    return lambda: sync(incremental=True)


def changed_elsewhere() -> Measured:
    """The same after somebody wrote something in the domain that is no person."""
    quiet = warm_incremental()
    connection = ldap.initialize(os.environ["BENCH_ADMIN_URI"])
    description = str(time.time()).encode()
    connection.modify_s(f"CN=Users,{os.environ['BENCH_BASE']}", [(ldap.MOD_REPLACE, "description", [description])])
    connection.unbind_s()
    return quiet


def bare_dirsync() -> Measured:
    """What a domain controller alone needs to say that nobody has changed."""
    connection = _connect()

    def ask(wanted: str, cookie: bytes) -> bytes:
        control = DirSyncRequest(cookie)
        number = connection.search_ext(os.environ["BENCH_BASE"], ldap.SCOPE_SUBTREE, wanted, serverctrls=[control])
        known = {DirSyncAnswer.controlType: DirSyncAnswer}
        _kind, _rows, _id, controls, *_ = connection.result4(number, resp_ctrl_classes=known)
        after: bytes = controls[0].cookie
        return after

    cookie = ask("(!(objectClass=*))", b"")
    return lambda: 0 if ask("(|(sAMAccountType=805306368)(isDeleted=TRUE))", cookie) else -1


def bare_syncrepl() -> Measured:
    """What an OpenLDAP alone needs to say that nobody has changed."""
    connection = _connect()

    def ask(scope: int, cookie: str | None) -> str | None:
        control = SyncRequestControl(cookie=cookie)
        number = connection.search_ext(
            os.environ["BENCH_BASE"], scope, "(objectClass=inetOrgPerson)", ["1.1"], serverctrls=[control]
        )
        known = {SyncDoneControl.controlType: SyncDoneControl}
        _kind, _rows, _id, controls, *_ = connection.result4(number, resp_ctrl_classes=known)
        after: str | None = controls[0].cookie
        return after

    cookie = ask(ldap.SCOPE_BASE, None)
    return lambda: 0 if ask(ldap.SCOPE_SUBTREE, cookie) is None else -1


def profiled_sync() -> int:
    """The same under cProfile; the functions that took longest go to standard error."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    read = profile.runcall(sync)
    pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(35)
    return read


def rival() -> int:
    """ldap_sync_users of django-python3-ldap."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("ldap_sync_users", verbosity=0)
    return User.objects.count()


def plain_writes(number: int, step: int) -> Measured:
    """What a plain program would do: one conditional modify_s after the other, of values that it knows already."""
    connection = _connect()
    rows = connection.search_s(os.environ["BENCH_BASE"], ldap.SCOPE_SUBTREE, "(telephoneNumber=*)", ["telephoneNumber"])
    present = sorted((dn, row["telephoneNumber"][0]) for dn, row in rows)
    changing = [(dn, old) for dn, old in present if (int(old) >= STEP) == (step < 0)][:number]
    jobs = [
        (
            dn,
            [
                (ldap.MOD_DELETE, "telephoneNumber", [old]),
                (ldap.MOD_ADD, "telephoneNumber", [str(int(old) + step).encode()]),
            ],
        )
        for dn, old in changing
    ]

    def write() -> int:
        for dn, changes in jobs:
            connection.modify_s(dn, changes)
        return len(jobs)

    return write


def change(people: int) -> int:
    """Change one in a thousand in the directory."""
    from benchmarks.generator import churn

    connection = _connect()
    changes = list(churn(people, percent=0.1, suffix=os.environ["BENCH_BASE"]))
    for each in changes:
        connection.modify_s(each.dn, [(ldap.MOD_REPLACE, each.attribute, [each.value])])
    return len(changes)


def change_everybody(people: int) -> int:
    """Give everybody in the directory another title than ever before, many requests at a time."""
    from benchmarks.generator import dn_of

    connection, title = _connect(), f"Title since {time.time():.0f}".encode()
    for number in range(1, people + 1):
        connection.modify_ext(dn_of(number, os.environ["BENCH_BASE"]), [(ldap.MOD_REPLACE, "title", [title])])
        if number > AT_A_TIME:
            connection.result(ldap.RES_ANY)
    for _left in range(min(people, AT_A_TIME)):
        connection.result(ldap.RES_ANY)
    return people


def edit(number: int) -> int:
    """Give people other extensions here, which the next run writes to the directory."""
    from syncapp.models import Employee

    numbered = Employee.objects.exclude(extension="").order_by("pk")[:number]
    employees = list(numbered)
    for employee in employees:
        employee.extension = str(int(employee.extension) + STEP)
    Employee.objects.bulk_update(employees, ["extension"], batch_size=500)
    return len(employees)


def kinds(number: int) -> Mapping[str, Callable[[], Measured]]:
    """What can be measured: each prepares something and returns what is measured."""
    return {
        "plain": lambda: plain_read,
        "sync": lambda: imported(sync),
        "reset": sync_with_other_settings,
        "preview": lambda: imported(lambda: sync(preview=True)),
        "changes": lambda: imported(lambda: sync(incremental=True)),
        "incremental": warm_incremental,
        "elsewhere": changed_elsewhere,
        "bare-dirsync": bare_dirsync,
        "bare-syncrepl": bare_syncrepl,
        "profile": lambda: profiled_sync,
        "rival": lambda: rival,
        "modify": lambda: plain_writes(number, STEP),
        "modify-back": lambda: plain_writes(number, -STEP),
        "change": lambda: lambda: change(number),
        "change-everybody": lambda: lambda: change_everybody(number),
        "forced": lambda: imported(lambda: sync(force=True)),
        "edit": lambda: lambda: edit(number),
    }


def _peak_memory() -> float:
    """The most that this process has had in memory, in MB; what getrusage says begins with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    django.setup()
    what, number = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    prepare = kinds(number)[what]
    seconds, cpus = [], []
    for _time in range(OFTEN if what in IN_MILLISECONDS else 1):
        measured = prepare()
        began, cpu = time.perf_counter(), time.process_time()
        people = measured()
        seconds.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
    sample = {
        "seconds": statistics.median(seconds),
        "cpu": statistics.median(cpus),
        "peak": _peak_memory(),
        "people": people,
        "phases": phases,
    }
    print(json.dumps(sample))


if __name__ == "__main__":
    main()
