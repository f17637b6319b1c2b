"""One measurement in a process of its own: prints a line of JSON with seconds and peak memory.

    python -m benchmarks.measure plain|sync|profile|modify|modify-back|edit [NUMBER]

The server and the database come from the environment (`benchmarks.run` sets it).
Process start, imports and migrations are not measured, nor what each measurement
prepares.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable

import django
import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.ldapobject import SimpleLDAPObject

# What the usual mapping of OpenLDAP reads, with the anchor and the account's state.
ATTRIBUTES = [
    "displayName", "cn", "mail", "mobile", "telephoneNumber", "title", "departmentNumber", "ou", "entryUUID",
    "pwdAccountLockedTime",
]  # fmt: skip
SERVER = "Benchmark"
# What is added to an extension to have another one that nobody has.
STEP = 50_000

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


def sync() -> int:
    """One synchronisation, as sync_ldap does it."""
    from syncapp.choices import RunMode, RunTrigger
    from syncapp.models import DirectoryServer
    from syncapp.services.sync import run_sync

    run = run_sync(
        server=DirectoryServer.objects.get(name=SERVER), mode=RunMode.APPLY, trigger=RunTrigger.COMMAND, who="bench"
    )
    if run.error_code:
        sys.exit(f"{run.error_code} {run.error_params}")
    sys.stderr.write(f"    {run.seconds} { ({name: count for name, count in run.counts.items() if count}) }\n")
    phases.update(run.seconds)
    return int(run.counts["read"])


def profiled_sync() -> int:
    """The same under cProfile; the functions that took longest go to standard error."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    read = profile.runcall(sync)
    pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(35)
    return read


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


def edit(number: int) -> int:
    """Give people other extensions here, which the next run writes to the directory."""
    from syncapp.models import Employee

    numbered = Employee.objects.exclude(extension="").order_by("pk")[:number]
    employees = list(numbered)
    for employee in employees:
        employee.extension = str(int(employee.extension) + STEP)
    Employee.objects.bulk_update(employees, ["extension"], batch_size=500)
    return len(employees)


def main() -> None:
    django.setup()
    what, number = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    kinds: dict[str, Callable[[], Measured]] = {
        "plain": lambda: plain_read,
        "sync": lambda: sync,
        "profile": lambda: profiled_sync,
        "modify": lambda: plain_writes(number, STEP),
        "modify-back": lambda: plain_writes(number, -STEP),
        "edit": lambda: lambda: edit(number),
    }
    measured = kinds[what]()
    began, cpu = time.perf_counter(), time.process_time()
    people = measured()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {"seconds": seconds, "cpu": time.process_time() - cpu, "peak": peak, "people": people, "phases": phases}
        )
    )


if __name__ == "__main__":
    main()
