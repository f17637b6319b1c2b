"""The benchmark: each case beside the plain way, on servers that it starts itself.

    make bench [PEOPLE=20000] [ARGS="reading writing --rounds 3 --database postgres://… --write"]

Each measurement is a process of its own. With --write the tables of the cases that
were measured replace those in docs/performance.md.
"""

import argparse
import os
from datetime import date

from rich.console import Console

from benchmarks.cases import CASES, PLAIN_READ, RIVAL_AGAIN, RIVAL_FIRST, Options
from benchmarks.lab import PROJECT, RIVAL_PACKAGES, openldap
from benchmarks.plot import bars
from benchmarks.results import Results, for_document, for_terminal, has_place, put_into

DOCUMENT = PROJECT / "docs" / "performance.md"
PLOT = PROJECT / "docs" / "images" / "performance.svg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="case", help=f"some of {', '.join(CASES)}; none: all")
    parser.add_argument("--people", type=int, default=20_000, help="where a case does not say how many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="", help="URL of a database that may be emptied; none: SQLite")
    parser.add_argument("--profile", action="store_true", help="where the time of a first and a second sync goes")
    parser.add_argument("--write", action="store_true", help="put the results into docs/performance.md")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    database = "PostgreSQL" if options.database else "SQLite"
    sections = {name: name if database == "SQLite" else f"{name}, {database}" for name in options.cases or CASES}
    if options.write and (without := [each for each in sections.values() if not has_place(_document(), each)]):
        parser.error(f"the document has no place for {'; '.join(without)}")
    console = Console(width=130)
    if options.profile:
        with openldap(options.people, database=options.database) as lab:
            lab.fresh_database()
            lab.measure("profile")
            lab.measure("profile")
        return
    if not RIVAL_PACKAGES.exists():
        console.print("ldap_sync_users is left out: benchmarks/requirements.txt is not installed")
    for name, section in sections.items():
        before = os.getloadavg()[0]
        results = CASES[name](Options(options.people, options.rounds, options.database, console.print))
        results.title += f"; load of the machine before: {before:.1f}"
        for table in for_terminal(results):
            console.print(table)
        if options.write:
            _write(section, results, database)


def _document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def _write(section: str, results: Results, database: str) -> None:
    results.title = f"{date.today().isoformat()}, {database}: {results.title}"  # noqa: DTZ011 - the day here
    DOCUMENT.write_text(put_into(_document(), section, for_document(results)), encoding="utf-8")
    if section == "reading":
        seconds = {case: results.seconds(case) for case in results.samples}
        others = frozenset({PLAIN_READ, RIVAL_FIRST, RIVAL_AGAIN})
        PLOT.write_text(bars(results.title.partition(";")[0], seconds, others=others), encoding="utf-8")


if __name__ == "__main__":
    main()
