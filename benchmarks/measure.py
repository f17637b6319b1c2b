"""One measurement in a process of its own: prints a line of JSON with seconds and peak memory.

    python -m benchmarks.measure plain|sync|profile

The server and the database come from the environment (`benchmarks.run` sets it).
Process start, imports and migrations are not measured.
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

# What the usual mapping of OpenLDAP reads, with the anchor and the account's state.
ATTRIBUTES = [
    "displayName", "cn", "mail", "mobile", "telephoneNumber", "title", "departmentNumber", "ou", "entryUUID",
    "pwdAccountLockedTime",
]  # fmt: skip
SERVER = "Benchmark"


def plain_read() -> int:
    """What a plain program would do: one paged search, nothing made of it."""
    connection = ldap.initialize(os.environ["BENCH_URI"])
    connection.simple_bind_s(os.environ["BENCH_DN"], os.environ["BENCH_PASSWORD"])
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
    return int(run.counts["read"])


def profiled_sync() -> int:
    """The same under cProfile; the functions that took longest go to standard error."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    read = profile.runcall(sync)
    pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(35)
    return read


def main() -> None:
    kinds: dict[str, Callable[[], int]] = {"plain": plain_read, "sync": sync, "profile": profiled_sync}
    django.setup()
    began, cpu = time.perf_counter(), time.process_time()
    read = kinds[sys.argv[1]]()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, "peak": peak, "read": read}))


if __name__ == "__main__":
    main()
