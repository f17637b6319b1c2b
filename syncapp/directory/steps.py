"""Test connection: one step after the other, each with its outcome; writes and stores nothing."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from time import monotonic

from ldap.ldapobject import SimpleLDAPObject

from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import attributes_of, cautions
from syncapp.core.identity import expect_directory, identity_text
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.rights import Writable
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.directory.addresses import Address, reach, resolve
from syncapp.directory.config import STARTTLS, UNPROTECTED
from syncapp.directory.connection import check_config, connect, hang_up, login
from syncapp.directory.examination import Examination, Step, StepName, StepOutcome
from syncapp.directory.fill import EXTENSION_ATTRIBUTES, Fill, FillCounter
from syncapp.directory.identity import identity_of
from syncapp.directory.rights import Sample, find_rights
from syncapp.directory.scope import check_attributes, people_filter
from syncapp.directory.search import count_people, iter_pages, look_up_bases
from syncapp.directory.survey import Directory, survey
from syncapp.directory.tls import authorities_file, examine_tls
from syncapp.exceptions import DirectoryUnavailableError, SyncError


def examine(examination: Examination) -> Generator[Step, None, None]:
    """Yield the steps as they finish; the first that fails is the last."""
    examination.ends = monotonic() + examination.seconds
    try:
        yield from _steps(examination)
    except SyncError as exc:
        yield Step(examination.step, StepOutcome.FAILED, Message(exc.code, exc.params))
    finally:
        if examination.connection:
            hang_up(examination.connection)


def examine_one(examination: Examination, name: StepName) -> Iterator[Step]:
    """Yield one step, for which all before it are taken once more in silence; nothing is kept from one to the next.

    More than one comes where an address is given up on the way, where a step before it
    fails by now, and with PEOPLE: everybody is read once, and what is counted of the
    attributes is known with it.
    """
    last = StepName.ATTRIBUTES if name is StepName.PEOPLE else name
    examination.only = name
    begun = False
    with closing(examine(examination)) as steps:
        for step in steps:
            begun = begun or step.name is name
            if begun or step.outcome is StepOutcome.FAILED:
                yield step
            if step.name is last and not step.elsewhere:
                return


def _steps(test: Examination) -> Iterator[Step]:
    addresses = check_config(test.config)
    for position, address in enumerate(addresses, start=1):
        test.uri = address.uri
        try:
            connection = yield from _reach(test, address)
            test.step = StepName.BIND
            login(connection, address, test.limited())
        except DirectoryUnavailableError as exc:
            if position == len(addresses):
                raise
            yield Step(test.step, StepOutcome.REMARK, Message(exc.code, exc.params), elsewhere=True)
        else:
            yield from _look_around(test, connection, address)
            return


def _reach(test: Examination, address: Address) -> Generator[Step, None, SimpleLDAPObject]:
    """Yield the steps until one server answers; the generator's value is the connection."""
    config, params = test.config, {"uri": address.uri, "host": address.host}
    test.step = StepName.RESOLVE
    ips = resolve(address, limit=test.wait())
    yield test.ok("test_resolved", **params, addresses=list(ips))
    test.step = StepName.CONNECT
    reach(address, ips, limit=test.wait()).close()
    if config.security == UNPROTECTED:
        test.connection = connection = connect(address, test.limited())
        yield test.ok("test_connected", **params)
        test.step = StepName.TLS
        yield Step(test.step, StepOutcome.REMARK, Message("test_unprotected", params))
        return connection
    yield test.ok("test_connected", **params)
    test.step = StepName.TLS
    authorities = authorities_file(config.ca_certificate)
    facts = examine_tls(address, starttls=config.security == STARTTLS, authorities=authorities, limit=test.wait())
    test.connection = connection = connect(address, test.limited())
    ends = facts.certificate_ends.date().isoformat() if facts.certificate_ends else ""
    yield test.ok("test_protected", **params, version=facts.version, ends=ends)
    return connection


def _look_around(test: Examination, connection: SimpleLDAPObject, address: Address) -> Iterator[Step]:
    """Yield the steps from a login that went well to the end."""
    config = test.limited()
    if config.bind_dn:
        yield test.ok("test_logged_in", account=config.bind_dn)
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
    yield test.ok("test_filter", filter=people_filter(config, directory.profile))
    rules = test.rules_of(directory.kind)
    sample = Sample()
    if test.only is StepName.RIGHTS:
        _choose(test, directory, sample)
    elif not (yield from _count(test, directory, rules, sample)):
        return
    yield _rights(test, directory, rules, sample)


def _choose(test: Examination, directory: Directory, sample: Sample) -> None:
    """Choose the people again of whom rights are asked, reading nothing of them that is not needed for it."""
    test.step = StepName.RIGHTS
    for page in iter_pages(directory, test.limited(), [], now=test.now):
        sample.add(page)
        if test.is_late():
            return


def _recognise(test: Examination, directory: Directory) -> Step:
    """Return whose directory it is; raise DirectoryError for another one than expected."""
    found = identity_of(directory, test.config)
    if test.expected is not None:
        expect_directory(test.expected, found, uri=directory.uri)
    if not found.contexts:
        return Step(test.step, StepOutcome.REMARK, Message("test_identity_unknown"))
    code = "test_identity_first" if test.expected is None else "test_identity_known"
    return test.ok(code, directory=identity_text(found))


def _count(
    test: Examination, directory: Directory, rules: Sequence[FieldRule], sample: Sample
) -> Generator[Step, None, bool]:
    """Yield how many people there are and what they have; the generator's value says whether there is anybody."""
    test.step = StepName.ATTRIBUTES
    mapped = {name.lower(): name for rule in rules for name in attributes_as_typed(rule.attribute)}
    check_attributes(test.config, list(mapped.values()), directory.schema)
    known = [name for name in EXTENSION_ATTRIBUTES if directory.schema and directory.schema.knows(name)]
    counter = FillCounter.of(rules, region=test.region, candidates=known)
    test.step = StepName.PEOPLE
    people, complete = 0, True
    for page in iter_pages(directory, test.limited(), counter.attributes, now=test.now):
        for record in page:
            counter.add(record.attributes)
        sample.add(page)
        people += len(page)
        if test.is_late():
            complete = False
            break
    if not people and complete:
        yield Step(test.step, StepOutcome.FAILED, Message("test_nobody"))
        return False
    yield test.ok("test_people" if complete else "test_people_at_least", count=people)
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
    return True


def _rights(test: Examination, directory: Directory, rules: Sequence[FieldRule], sample: Sample) -> Step:
    """Say what of the mapping the account may write.

    What nobody may have written fails the step only where the server is written to:
    everything before it holds all the same.
    """
    test.step = StepName.RIGHTS
    pushed = tuple(rule for rule in rules if rule.pushes)
    if not pushed:
        return test.ok("rights_nothing_mapped")
    if not test.config.bind_dn:
        return Step(test.step, StepOutcome.REMARK, Message("rights_anonymous"))
    if test.is_late():  # also: a read that was left half-way still holds the connection
        return Step(test.step, StepOutcome.REMARK, Message("rights_no_time"))
    found = find_rights(directory, test.limited(), pushed, sample.people, is_late=test.is_late)
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
    if test.is_late():  # also: a read that was left half-way still holds the connection
        return Fill(rule, people=people, filled=None)
    filled = 0
    [attribute] = attributes_of(rule.attribute)[:1]
    for count in count_people(directory, test.limited(), with_attribute=attribute):
        filled += count
        if test.is_late():
            return Fill(rule, people=people, filled=None)
    return Fill(rule, people=people, filled=filled)
