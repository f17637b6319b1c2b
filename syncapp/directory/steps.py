"""Test connection: one step after the other, each with its outcome; writes and stores nothing."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from time import monotonic

from ldap.ldapobject import SimpleLDAPObject

from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import attributes_of, cautions
from syncapp.core.identity import expect_directory, identity_text
from syncapp.core.records import FieldRule, Identity, Message
from syncapp.core.rights import AttributeRights, Grant, Writable
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.directory.addresses import Address, reach, resolve
from syncapp.directory.config import STARTTLS, UNPROTECTED, DirectoryConfig
from syncapp.directory.connection import check_config, connect, hang_up, login
from syncapp.directory.fill import EXTENSION_ATTRIBUTES, Fill, FillCounter
from syncapp.directory.identity import identity_of
from syncapp.directory.rights import Sample, find_rights
from syncapp.directory.scope import check_attributes, people_filter
from syncapp.directory.search import count_people, iter_pages, look_up_bases
from syncapp.directory.survey import Directory, survey
from syncapp.directory.tls import authorities_file, examine_tls
from syncapp.exceptions import DirectoryUnavailableError, SyncError

# Longest single wait, in seconds; reading ends so much before the time is up.
_LONGEST_WAIT = 5.0
_SHORTEST_WAIT = 0.5


class StepName(StrEnum):
    SETTINGS = "settings"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    BIND = "bind"
    IDENTITY = "identity"
    BASE = "base"
    FILTER = "filter"
    PEOPLE = "people"
    ATTRIBUTES = "attributes"
    RIGHTS = "rights"


class StepOutcome(StrEnum):
    OK = "ok"
    REMARK = "remark"  # it works, but somebody should look
    FAILED = "failed"  # nothing after it was tried


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    `kind` is what was found (step BASE), `fills` how the mappings are filled (step
    ATTRIBUTES), `rights` what the account may write, and `grant` what would give it the
    rest (step RIGHTS).
    """

    name: StepName
    outcome: StepOutcome
    message: Message
    remarks: tuple[Message, ...] = ()
    kind: str = ""
    fills: tuple[Fill, ...] = ()
    rights: tuple[AttributeRights, ...] = ()
    grant: Grant | None = None


@dataclass(slots=True)
class Examination:
    """What to test, and for how many seconds in all.

    `rules_of` gives the mapping for a kind of directory, `expected` whose directory
    answered before, None where none did; `write_back` says whether the server is
    written to. `step` is the one that an error belongs to; `connection` is closed at
    the end, however that comes.
    """

    config: DirectoryConfig
    rules_of: Callable[[str], Sequence[FieldRule]]
    region: str
    now: datetime
    seconds: float
    write_back: bool = False
    expected: Identity | None = None
    step: StepName = StepName.SETTINGS
    connection: SimpleLDAPObject | None = None
    ends: float = 0.0


def examine(examination: Examination) -> Iterator[Step]:
    """Yield the steps as they finish; the first that fails is the last."""
    examination.ends = monotonic() + examination.seconds
    try:
        yield from _steps(examination)
    except SyncError as exc:
        yield Step(examination.step, StepOutcome.FAILED, Message(exc.code, exc.params))
    finally:
        if examination.connection:
            hang_up(examination.connection)


def _steps(test: Examination) -> Iterator[Step]:
    addresses = check_config(test.config)
    for position, address in enumerate(addresses, start=1):
        try:
            connection = yield from _reach(test, address)
            test.step = StepName.BIND
            login(connection, address, _limited(test))
        except DirectoryUnavailableError as exc:
            if position == len(addresses):
                raise
            yield Step(test.step, StepOutcome.REMARK, Message(exc.code, exc.params))
        else:
            yield from _look_around(test, connection, address)
            return


def _reach(test: Examination, address: Address) -> Generator[Step, None, SimpleLDAPObject]:
    """Yield the steps until one server answers; the generator's value is the connection."""
    config, params = test.config, {"uri": address.uri, "host": address.host}
    test.step = StepName.RESOLVE
    ips = resolve(address, limit=_wait(test))
    yield _ok(test, "test_resolved", **params, addresses=list(ips))
    test.step = StepName.CONNECT
    reach(address, ips, limit=_wait(test)).close()
    if config.security == UNPROTECTED:
        test.connection = connection = connect(address, _limited(test))
        yield _ok(test, "test_connected", **params)
        test.step = StepName.TLS
        yield Step(test.step, StepOutcome.REMARK, Message("test_unprotected", params))
        return connection
    yield _ok(test, "test_connected", **params)
    test.step = StepName.TLS
    authorities = authorities_file(config.ca_certificate)
    facts = examine_tls(address, starttls=config.security == STARTTLS, authorities=authorities, limit=_wait(test))
    test.connection = connection = connect(address, _limited(test))
    ends = facts.certificate_ends.date().isoformat() if facts.certificate_ends else ""
    yield _ok(test, "test_protected", **params, version=facts.version, ends=ends)
    return connection


def _look_around(test: Examination, connection: SimpleLDAPObject, address: Address) -> Iterator[Step]:
    """Yield the steps from a login that went well to the end."""
    config = _limited(test)
    if config.bind_dn:
        yield _ok(test, "test_logged_in", account=config.bind_dn)
    else:
        yield Step(test.step, StepOutcome.REMARK, Message("test_anonymous"))
    test.step = StepName.IDENTITY
    directory = survey(connection, uri=address.uri, config=config)
    yield _recognise(test, directory)
    test.step = StepName.BASE
    bases = look_up_bases(directory, config)
    yield Step(
        test.step,
        StepOutcome.REMARK if directory.notes else StepOutcome.OK,
        Message("test_base_found", {"kind": directory.profile.label, "bases": "; ".join(bases)}),
        remarks=directory.notes,
        kind=directory.kind,
    )
    test.step = StepName.FILTER
    check_attributes(config, [], directory.schema)
    yield _ok(test, "test_filter", filter=people_filter(config, directory.profile))
    yield from _count(test, directory)


def _recognise(test: Examination, directory: Directory) -> Step:
    """Return whose directory it is; raise DirectoryError for another one than expected."""
    found = identity_of(directory, test.config)
    if test.expected is not None:
        expect_directory(test.expected, found, uri=directory.uri)
    if not found.contexts:
        return Step(test.step, StepOutcome.REMARK, Message("test_identity_unknown"))
    code = "test_identity_first" if test.expected is None else "test_identity_known"
    return _ok(test, code, directory=identity_text(found))


def _count(test: Examination, directory: Directory) -> Iterator[Step]:
    rules = test.rules_of(directory.kind)
    test.step = StepName.ATTRIBUTES
    mapped = {name.lower(): name for rule in rules for name in attributes_as_typed(rule.attribute)}
    check_attributes(test.config, list(mapped.values()), directory.schema)
    known = [name for name in EXTENSION_ATTRIBUTES if directory.schema and directory.schema.knows(name)]
    counter = FillCounter.of(rules, region=test.region, candidates=known)
    test.step = StepName.PEOPLE
    people, complete, sample = 0, True, Sample()
    for page in iter_pages(directory, _limited(test), counter.attributes, now=test.now):
        for record in page:
            counter.add(record.attributes)
        sample.add(page)
        people += len(page)
        if _is_late(test):
            complete = False
            break
    if not people and complete:
        yield Step(test.step, StepOutcome.FAILED, Message("test_nobody"))
        return
    yield _ok(test, "test_people" if complete else "test_people_at_least", count=people)
    test.step = StepName.ATTRIBUTES
    uncounted = [_count_silently(test, directory, rule, people) for rule in rules if rule.field not in TEXT_FIELDS]
    remarks = (*counter.remarks(), *(caution for rule in rules if (caution := cautions(rule))))
    yield Step(
        test.step,
        StepOutcome.REMARK if remarks else StepOutcome.OK,
        Message("test_attributes" if directory.schema else "test_attributes_unchecked", {"count": len(mapped)}),
        remarks=remarks,
        fills=(*counter.fills, *uncounted),
    )
    yield _rights(test, directory, rules, sample)


def _rights(test: Examination, directory: Directory, rules: Sequence[FieldRule], sample: Sample) -> Step:
    """Say what of the mapping the account may write.

    What nobody may have written fails the step only where the server is written to:
    everything before it holds all the same.
    """
    test.step = StepName.RIGHTS
    pushed = tuple(rule for rule in rules if rule.pushes)
    if not pushed:
        return _ok(test, "rights_nothing_mapped")
    if not test.config.bind_dn:
        return Step(test.step, StepOutcome.REMARK, Message("rights_anonymous"))
    if _is_late(test):  # also: a read that was left half-way still holds the connection
        return Step(test.step, StepOutcome.REMARK, Message("rights_no_time"))
    found = find_rights(directory, _limited(test), pushed, sample.people, is_late=lambda: _is_late(test))
    verdicts = {each.verdict for each in found.rights}
    if verdicts == {Writable.ALL}:
        outcome, code = StepOutcome.OK, "rights_all"
    elif Writable.NONE in verdicts or Writable.SOME in verdicts:
        fails = test.write_back and Writable.NONE in verdicts
        outcome, code = StepOutcome.FAILED if fails else StepOutcome.REMARK, "rights_missing"
    else:
        outcome, code = StepOutcome.REMARK, "rights_unknown"
    off = () if test.write_back else (Message("rights_write_back_off"),)
    return Step(
        test.step,
        outcome,
        Message(code, {"account": test.config.bind_dn, "count": len(sample.people)}),
        remarks=(*found.remarks, *off),
        rights=found.rights,
        grant=found.grant,
    )


def _count_silently(test: Examination, directory: Directory, rule: FieldRule, people: int) -> Fill:
    """Count who has a photo or a secret, without reading it; leave it when the time is up."""
    if _is_late(test):  # also: a read that was left half-way still holds the connection
        return Fill(rule, people=people, filled=None)
    filled = 0
    [attribute] = attributes_of(rule.attribute)[:1]
    for count in count_people(directory, _limited(test), with_attribute=attribute):
        filled += count
        if _is_late(test):
            return Fill(rule, people=people, filled=None)
    return Fill(rule, people=people, filled=filled)


def _ok(test: Examination, code: str, **params: object) -> Step:
    return Step(test.step, StepOutcome.OK, Message(code, params))


def _wait(test: Examination) -> float:
    """Seconds that the next answer may take."""
    return max(_SHORTEST_WAIT, min(_LONGEST_WAIT, test.ends - monotonic()))


def _limited(test: Examination) -> DirectoryConfig:
    wait = _wait(test)
    return replace(test.config, connect_timeout=wait, login_timeout=wait, operation_timeout=wait)


def _is_late(test: Examination) -> bool:
    return monotonic() > test.ends - _LONGEST_WAIT
