"""`python -m tests.on_postgresql [--redis] [arguments of pytest]`: the suite with PostgreSQL as the program's database.

A cluster of its own is started for it and thrown away afterwards; with `--redis` a
Redis, too, which is then the broker and the cache.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

from tests.postgresql import PostgreSql, find_binaries
from tests.redis_server import RedisServer

REDIS = "--redis"


def main(arguments: list[str]) -> int:
    binaries = find_binaries()
    if binaries is None:
        return _missing("PostgreSQL is not installed (Debian package postgresql).")
    if REDIS in arguments and not shutil.which("redis-server"):
        return _missing("Redis is not installed (Debian package redis-server).")
    with ExitStack() as servers:
        cluster = servers.enter_context(PostgreSql(binaries))
        environment = {**os.environ, "DATABASE_URL": cluster.create("ldapsync")}
        if REDIS in arguments:
            environment["REDIS_URL"] = servers.enter_context(RedisServer()).url
        command = [sys.executable, "-m", "pytest", *(each for each in arguments if each != REDIS)]
        return subprocess.run(command, env=environment, check=False).returncode


def _missing(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
