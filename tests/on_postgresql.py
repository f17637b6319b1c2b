"""`python -m tests.on_postgresql [arguments of pytest]`: the suite with PostgreSQL as the program's database.

A cluster of its own is started for it and thrown away afterwards.
"""

import os
import subprocess
import sys

from tests.postgresql import PostgreSql, find_binaries


def main(arguments: list[str]) -> int:
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed (Debian package postgresql).", file=sys.stderr)  # noqa: T201 - for the terminal
        return 1
    with PostgreSql(binaries) as cluster:
        environment = {**os.environ, "DATABASE_URL": cluster.create("ldapsync")}
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
