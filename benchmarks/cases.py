"""The cases that are measured, each beside the plain way on the same directory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.lab import RIVAL_PACKAGES, active_directory, openldap
from benchmarks.results import Aim, Results

WRITES = 5000
SMALL, LARGE = 1_000, 100_000
FEW = 10_000  # what LARGE is compared with to see how time grows

PLAIN_READ, PLAIN_WRITES = "plain paged read", "plain loop of modify_s"
FIRST, AGAIN = "first import", "nothing changed, everybody read"
RESET = "settings changed, everybody looked at"
CHANGED = "a value of everybody changed"
RIVAL_FIRST, RIVAL_AGAIN = "ldap_sync_users, first", "ldap_sync_users, nothing changed"
BARE_CHANGES = "the bare request for changes"
SENT, WHOLE = "written back by a run", "the whole run around it"


@dataclass(frozen=True, slots=True)
class Options:
    people: int
    rounds: int
    database: str
    say: Callable[[str], None]


def reading(options: Options) -> Results:
    """First import and nothing changed, beside the plain read and ldap_sync_users."""
    results = Results(f"{options.people:,} people, medians of {options.rounds} rounds", plain=PLAIN_READ)
    with openldap(options.people, database=options.database) as lab:
        for number in range(1, options.rounds + 1):
            options.say(f"reading, round {number}")
            lab.fresh_database()
            for case, what in ((PLAIN_READ, "plain"), (FIRST, "sync"), (AGAIN, "sync")):
                results.add(case, lab.measure(what))
            if RIVAL_PACKAGES.exists():
                lab.fresh_rival()
                results.add(RIVAL_FIRST, lab.measure_rival())
                results.add(RIVAL_AGAIN, lab.measure_rival())
    results.aims = [
        Aim("nothing changed: at most 1.5 times the plain read", results.ratio(AGAIN, PLAIN_READ), 1.5),
        Aim("first import: at most 5 times the plain read", results.ratio(FIRST, PLAIN_READ), 5),
    ]
    if RIVAL_FIRST in results.samples:
        faster = (results.ratio(RIVAL_AGAIN, AGAIN), results.ratio(RIVAL_FIRST, FIRST))
        results.aims += [
            Aim("nothing changed: at least 20 times as fast as ldap_sync_users", faster[0], 20, at_least=True),
            Aim("first import: at least 10 times as fast as ldap_sync_users", faster[1], 10, at_least=True),
        ]
    return results


def writing(options: Options) -> Results:
    """Numbers that were edited here are written to the directory."""
    writes = min(WRITES, options.people // 4)
    results = Results(f"{writes:,} numbers, medians of {options.rounds} rounds", plain=PLAIN_WRITES)
    with openldap(options.people, database=options.database) as lab:
        lab.fresh_database(writes=True)
        lab.measure("sync")
        for number in range(1, options.rounds + 1):
            options.say(f"writing, round {number}")
            results.add(PLAIN_WRITES, lab.measure("modify", writes))
            lab.measure("modify-back", writes)
            lab.fresh_database(writes=True)
            lab.measure("sync")
            lab.measure("edit", writes)
            whole = lab.measure("sync")
            results.add(SENT, whole.of_phase("write_back", people=writes))
            results.add(WHOLE, whole)
            lab.measure("modify-back", writes)
    faster = results.ratio(PLAIN_WRITES, SENT)
    results.aims = [Aim("written back: at least 1.5 times as fast as the plain loop", faster, 1.5, at_least=True)]
    return results


def changes(options: Options) -> Results:
    """Runs that read what has changed, with few and with many people; then with one of a thousand changed."""
    results = Results("OpenLDAP, changes alone; nothing changed: medians of nine runs of one process")
    found = {}
    for people in (SMALL, LARGE):
        with openldap(people, database=options.database) as lab:
            options.say(f"changes, {people:,} people")
            lab.fresh_database()
            lab.measure("sync")
            found[people] = f"nothing changed, {people:,} people"
            results.add(found[people], lab.measure("incremental"))
            results.add(f"{BARE_CHANGES}, {people:,} people", lab.measure("bare-syncrepl"))
            if people == LARGE:
                changed = lab.measure("change", people).people
                case = f"{changed} changed of {people:,}"
                results.add(case, lab.measure("changes"))
    few, many = (results.seconds(found[people]) for people in (SMALL, LARGE))
    results.aims = [
        Aim("nothing changed: under 50 ms", many * 1000, 50, unit=" ms"),
        Aim(f"the same with {LARGE:,} people as with {SMALL:,}: at most 1.5 times", many / few, 1.5),
        Aim(f"{changed} changed of {LARGE:,}: under 1 s", results.seconds(case), 1, unit=" s"),
    ]
    return results


def domain(options: Options) -> Results:
    """The same on an Active Directory, and what it takes to read everybody there."""
    results = Results("Active Directory (Samba), changes alone: medians of nine runs of one process; everybody: once")
    found = {}
    for people in (SMALL, LARGE):
        with active_directory(people, database=options.database) as lab:
            options.say(f"Active Directory, {people:,} people")
            lab.fresh_database()
            everybody = lab.measure("sync")
            found[people] = f"nothing changed, {people:,} people"
            results.add(found[people], lab.measure("incremental"))
            results.add(f"something else of the domain changed, {people:,} people", lab.measure("elsewhere"))
            results.add(f"{BARE_CHANGES}, {people:,} people", lab.measure("bare-dirsync"))
            results.add(f"{FIRST}, {people:,} people", everybody)
    few, many = (results.seconds(case) for case in found.values())
    results.aims = [
        Aim("nothing changed: under 50 ms", many * 1000, 50, unit=" ms"),
        Aim(f"the same with {LARGE:,} people as with {SMALL:,}: at most 1.5 times", many / few, 1.5),
    ]
    return results


def growth(options: Options) -> Results:
    """How time and memory grow with the number of people."""
    results = Results(f"Medians of {options.rounds} rounds")
    for people in (FEW, LARGE):
        with openldap(people, database=options.database) as lab:
            for number in range(1, options.rounds + 1):
                options.say(f"growth, {people:,} people, round {number}")
                lab.fresh_database()
                results.add(f"{PLAIN_READ}, {people:,}", lab.measure("plain"))
                results.add(f"{FIRST}, {people:,}", lab.measure("sync"))
                results.add(f"{AGAIN}, {people:,}", lab.measure("sync"))
                results.add(f"{RESET}, {people:,}", lab.measure("reset"))
                lab.measure("change-everybody", people)
                results.add(f"{CHANGED}, {people:,}", lab.measure("forced"))
    for case in (FIRST, AGAIN):
        grown = results.ratio(f"{case}, {LARGE:,}", f"{case}, {FEW:,}")
        results.aims.append(Aim(f"{case}: ten times the people, at most 11 times as long", grown, 11))
    results.aims += [
        Aim(f"first import of {LARGE:,}: under 30 s", results.seconds(f"{FIRST}, {LARGE:,}"), 30, unit=" s"),
        Aim("everybody read: under 350 MB", results.peak(f"{AGAIN}, {LARGE:,}"), 350, unit=" MB"),
        Aim("first import: under 350 MB", results.peak(f"{FIRST}, {LARGE:,}"), 350, unit=" MB"),
        Aim(f"{RESET}: under 350 MB", results.peak(f"{RESET}, {LARGE:,}"), 350, unit=" MB"),
        Aim(f"{CHANGED}: under 350 MB", results.peak(f"{CHANGED}, {LARGE:,}"), 350, unit=" MB"),
    ]
    return results


def photos(options: Options) -> Results:
    """Everybody has a photo of 10 KB, and none is known yet: each is read and looked at, then kept."""
    results = Results("A photo of 10 KB for everybody, once each")
    with openldap(LARGE, photos=True, database=options.database) as lab:
        options.say(f"photos, {LARGE:,} people")
        lab.fresh_database()
        results.add(f"preview of a first import, {LARGE:,} people: every photo looked at", lab.measure("preview"))
    with openldap(FEW, photos=True, database=options.database) as lab:
        options.say(f"photos, {FEW:,} people")
        lab.fresh_database()
        results.add(f"first import, {FEW:,} people: every photo kept", lab.measure("sync"))
        results.add(f"{AGAIN}, {FEW:,} people", lab.measure("sync"))
    results.aims = [Aim(f"{case}: under 350 MB", results.peak(case), 350, unit=" MB") for case in results.samples]
    return results


CASES: Mapping[str, Callable[[Options], Results]] = {
    "reading": reading,
    "writing": writing,
    "changes": changes,
    "domain": domain,
    "growth": growth,
    "photos": photos,
}
