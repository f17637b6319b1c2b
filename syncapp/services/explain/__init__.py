"""Why is this person here, or not? Reads hub, directories and phone systems, and stores nothing."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from django.utils import timezone

from syncapp.core.converters import attributes_of
from syncapp.core.options import SyncOptions
from syncapp.core.records import Message, RemoteRecord
from syncapp.directory.config import DirectoryConfig
from syncapp.exceptions import SyncError
from syncapp.models import DirectoryServer, Employee, PhoneSystem, SyncRecord
from syncapp.services.endpoints import Synchronised, run_config, sync_options, synchronised
from syncapp.services.explain.telling import (
    FieldTold,
    ServerTold,
    employee_facts,
    failed,
    tell_entry,
    tell_known,
    tell_nobody,
)
from syncapp.services.identity import expect_known
from syncapp.services.opening import open_endpoint
from syncapp.services.people import Found, employees_meant, found_of, records_meant, search
from syncapp.services.ports import EndpointSession, OpenSession
from syncapp.store.naming import naming_of_server
from syncapp.telephony.config import PhoneConfig

__all__ = ["Explanation", "FieldTold", "ServerTold", "explain", "explain_employee", "explain_record"]

# Longest single wait, in seconds: a page waits for it.
_LONGEST_WAIT = 5.0


@dataclass(slots=True)
class Explanation:
    """What is known of one person. `people`: who was found, where it is not exactly one, with the server's name."""

    text: str = ""
    people: list[tuple[str, Found]] = field(default_factory=list)
    employee_id: int | None = None
    facts: list[Message] = field(default_factory=list)
    servers: list[ServerTold] = field(default_factory=list)
    found: bool = False

    @property
    def several(self) -> bool:
        return bool(self.people)


@dataclass(slots=True)
class _Asking:
    """One server while it is asked: what is known of the person there, and the entries that were found."""

    server: Synchronised
    told: ServerTold
    records: dict[str, SyncRecord] = field(default_factory=dict)
    session: EndpointSession | None = None
    options: SyncOptions | None = None
    entries: dict[str, RemoteRecord] = field(default_factory=dict)
    aside: Message | None = None

    @property
    def people(self) -> set[str]:
        """Anchors of everybody who is meant here."""
        return {*self.records, *self.entries}


def explain(text: str, *, servers: Sequence[Synchronised], open_session: OpenSession = open_endpoint) -> Explanation:
    """Explain whoever is meant by an anchor, DN, e-mail, number or words of the name, in scope or out of it.

    A server that cannot be asked says why, and the others are asked all the same.
    """
    text = text.strip()
    asked = [_asking(server, records_meant(server, text) if text else []) for server in servers]
    employees = {record.employee_id for each in asked for record in each.records.values() if record.employee_id}
    exact = any(
        text.lower() in (anchor, row.dn.lower())
        for each in asked
        if not isinstance(each.server, PhoneSystem)
        for anchor, row in each.records.items()
    )
    if text and not exact:
        employees.update(id_ for region in _regions(servers) for id_ in employees_meant(text, region))
    explanation = Explanation(text=text)
    if not text:
        return explanation
    return _answer(explanation, asked, employees, text="" if exact else text, open_session=open_session)


def explain_employee(
    employee: Employee, *, servers: Sequence[Synchronised], open_session: OpenSession = open_endpoint
) -> Explanation:
    """Explain an employee. Servers that know him not are asked for his e-mail, else his name."""
    asked = [_asking(server, []) for server in servers]
    return _answer(Explanation(text=str(employee)), asked, {employee.pk}, text="", open_session=open_session)


def explain_record(record: SyncRecord, *, open_session: OpenSession = open_endpoint) -> Explanation:
    """Explain a known entry of one server, and the employee whose it is."""
    asked = [_asking(synchronised(record.endpoint_id), [record])]
    employees = {record.employee_id} if record.employee_id is not None else set()
    return _answer(Explanation(text=str(record)), asked, employees, text="", open_session=open_session)


def _asking(server: Synchronised, records: Sequence[SyncRecord]) -> _Asking:
    told = ServerTold(server.name, server.pk, naming_of_server(server))
    return _Asking(server, told, {record.anchor: record for record in records})


def _regions(servers: Sequence[Synchronised]) -> list[str]:
    default = DirectoryServer._meta.get_field("region").default
    return sorted({server.region for server in servers}) or [default]


def _answer(
    explanation: Explanation, asked: list[_Asking], employees: set[int], *, text: str, open_session: OpenSession
) -> Explanation:
    with ExitStack() as stack:
        for each in asked:
            with _said(each):
                session = stack.enter_context(open_session(_patient(each.server), lambda: None))
                expect_known(each.server.pk, session)
                each.session = session
                each.options = sync_options(each.server, each.session.kind)
        for each in asked:
            _look(each, text)
            _set_aside(each)
            employees.update(record.employee_id for record in each.records.values() if record.employee_id is not None)
        if len(employees) > 1 or any(len(each.people) > 1 for each in asked):
            explanation.people = list(_choices(asked, employees))
            return explanation
        employee = Employee.rows.filter(pk__in=employees).first()
        if employee is not None:
            explanation.employee_id = employee.pk
            explanation.facts = employee_facts(employee)
            for each in asked:
                _look_for(each, employee)
        explanation.found = employee is not None or any(each.people for each in asked)
        for each in asked:
            _tell(each, text or (employee.email or employee.name if employee is not None else ""), employee)
            explanation.servers.append(each.told)
    return explanation


@contextmanager
def _said(asking: _Asking) -> Iterator[None]:
    """Keep a server's error for its own part of the answer."""
    try:
        yield
    except SyncError as error:
        failed(asking.told, error)


def _patient(server: Synchronised) -> DirectoryConfig | PhoneConfig:
    config, wait = run_config(server), _LONGEST_WAIT
    if isinstance(config, PhoneConfig):
        return replace(config, connect_timeout=wait, answer_timeout=wait)
    return replace(config, connect_timeout=wait, login_timeout=wait, operation_timeout=wait)


def _look(each: _Asking, text: str) -> None:
    """Read the known entries, and look for the text wherever it may be."""
    if each.session is None or each.options is None:
        return
    with _said(each):
        _read_known(each, each.session, each.options)
        if text:
            _add(each, search(each.session, each.options, text, anywhere=True))


def _set_aside(each: _Asking) -> None:
    """Where one person is known already, entries that nobody knows are only named: administrators' second accounts."""
    strangers = sorted(each.people - each.records.keys())
    if len(each.records) == 1 and strangers:
        names = [_named(each, each.entries.pop(anchor)) for anchor in strangers]
        each.aside = Message("explain_also", {"count": len(names), "entries": sorted(names)})


def _look_for(each: _Asking, employee: Employee) -> None:
    """Look for an employee where neither a record nor the text led to an entry."""
    if each.people:
        return
    record = SyncRecord.objects.select_related("employee").filter(endpoint=each.server, employee=employee).first()
    if record is not None:
        each.records[record.anchor] = record
    if each.session is None or each.options is None:
        return
    with _said(each):
        if record is not None:
            _read_known(each, each.session, each.options)
            return
        entries = search(each.session, each.options, employee.email or employee.name, anywhere=True)
        if len(entries) == 1:
            _add(each, entries)
        elif entries:
            names = [_named(each, entry) for entry in entries]
            each.told.steps.append(Message("explain_several_entries", {"entries": names}))


def _read_known(each: _Asking, session: EndpointSession, options: SyncOptions) -> None:
    attributes = sorted({name for rule in options.rules for name in attributes_of(rule.attribute)})
    known = [(record.anchor, record.dn) for record in each.records.values()]
    for anchor, entry in session.fetch(known, attributes, now=timezone.now()):
        if entry is not None:
            each.entries[anchor] = entry


def _add(each: _Asking, entries: Sequence[RemoteRecord]) -> None:
    """Add entries that the directory named, with what is known of them."""
    news = {entry.anchor: entry for entry in entries if entry.anchor not in each.people}
    each.entries |= news
    rows = SyncRecord.objects.select_related("employee").filter(endpoint=each.server, anchor__in=news)
    each.records |= {row.anchor: row for row in rows}


def _tell(each: _Asking, looked_for: str, employee: Employee | None) -> None:
    record = next(iter(each.records.values()), None)
    each.told.record_id = record.pk if record is not None else None
    entry = next(iter(each.entries.values()), None)
    if each.told.error is not None:  # the directory did not answer: the hub still does
        if record is not None:
            tell_known(each.told, record)
        return
    with _said(each):
        if entry is not None and each.session is not None:
            tell_entry(each.told, each.server, each.session, entry, record)
            each.told.steps += [each.aside] if each.aside is not None else []
        elif not each.told.steps:
            tell_nobody(each.told, each.server, record, employee, looked_for=looked_for)


def _choices(asked: Sequence[_Asking], employees: set[int]) -> Iterator[tuple[str, Found]]:
    """Everybody who could be meant: entries by server, then employees whom none of these is."""
    for each in asked:
        for anchor in sorted(each.people):
            yield each.server.name, _found(each, anchor)
    tied = {record.employee_id for each in asked for record in each.records.values()}
    for employee in Employee.rows.filter(pk__in=employees - tied).order_by("name", "id"):
        yield "", Found("", "", employee.name, employee.extension, employee.email)


def _named(each: _Asking, entry: RemoteRecord) -> str:
    """How an entry is called: in a phone system by name and number, for that of its row says nothing."""
    if not isinstance(each.server, PhoneSystem) or each.options is None:
        return entry.dn
    found = found_of(entry, each.options)
    return " ".join(filter(None, [found.name, found.extension])) or entry.dn


def _found(each: _Asking, anchor: str) -> Found:
    entry = each.entries.get(anchor)
    if entry is not None and each.options is not None:
        found = found_of(entry, each.options)
        # The number of a row in a phone system is nothing to ask for somebody by.
        return replace(found, dn="") if isinstance(each.server, PhoneSystem) else found
    record = each.records[anchor]
    return Found(anchor, record.dn, record.name)
