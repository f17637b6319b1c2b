"""Finding one person of a server, to synchronise nobody else (design, section 9: `--person`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from syncapp.choices import RunMode, RunTrigger
from syncapp.core.converters import attributes_of, read_person
from syncapp.core.matters import EntryKeys
from syncapp.core.normalise import email_key, name_key, name_words
from syncapp.core.options import SyncOptions
from syncapp.core.records import RemoteRecord
from syncapp.core.telephones import read_mobile
from syncapp.core.vocabulary import Field
from syncapp.exceptions import ConfigurationError, RunAlreadyActiveError
from syncapp.models import Employee, Endpoint, PhoneSystem, SyncRecord, SyncRun
from syncapp.services.endpoints import Synchronised, run_config, sync_options
from syncapp.services.opening import open_endpoint
from syncapp.services.ports import EndpointSession, OpenSession
from syncapp.services.runs import enqueue_run
from syncapp.store.items import load_keys

if TYPE_CHECKING:
    from django.contrib.auth.models import User


# So many people are too many to choose from.
MOST = 21


@dataclass(frozen=True, slots=True)
class Found:
    """A person of a server: who he is to a run, and by what people tell him from others."""

    anchor: str
    dn: str
    name: str = ""
    extension: str = ""
    email: str = ""


def find_people(server: Synchronised, text: str, *, open_session: OpenSession = open_endpoint) -> list[Found]:
    """Return everybody of the server who is meant by an anchor, DN, e-mail, number or words of the name.

    Who is known is looked for here; only when nobody is, the directory is asked,
    for people in scope, of whom it names 21 at most. Raises SyncError when it
    cannot be asked.
    """
    text = text.strip()
    if not text:
        return []
    known = [_found(row) for row in records_meant(server, text)]
    if known:
        return known
    with open_session(run_config(server), lambda: None) as session:
        options = sync_options(server, session.kind)
        found = (found_of(record, options) for record in search(session, options, text))
        return sorted(found, key=lambda found: (found.name, found.dn))


def enqueue_people(
    *, records: Iterable[SyncRecord], user: "User | None"
) -> tuple[list[SyncRun], list[RunAlreadyActiveError]]:
    """Queue a run for each enabled server of these records, for them alone.

    Return the runs, and the refusals of servers that are busy.
    """
    entries: dict[int, list[tuple[str, str]]] = {}
    for record in records:
        entries.setdefault(record.endpoint_id, []).append((record.anchor, record.dn))
    enabled = Endpoint.objects.filter(pk__in=entries, enabled=True).order_by("rank", "name")
    queued, refused = [], []
    for server_id in enabled.values_list("pk", flat=True):
        try:
            queued.append(
                enqueue_run(
                    endpoint_id=server_id,
                    mode=RunMode.APPLY,
                    trigger=RunTrigger.MANUAL,
                    user=user,
                    anchors=entries[server_id],
                )
            )
        except RunAlreadyActiveError as error:
            refused.append(error)
    return queued, refused


def records_meant(server: Synchronised, text: str) -> list[SyncRecord]:
    """Return the records of whoever is meant by the text; a DN or an anchor that is nothing else means that one alone."""
    records = SyncRecord.objects.filter(endpoint=server).select_related("employee").order_by("name", "anchor")
    is_phone = isinstance(
        server, PhoneSystem
    )  # its people are told apart by numbers of rows, which look like extensions
    exact = list(records.filter(Q(anchor=_anchor(text) or None) | Q(dn__iexact=text))) if not is_phone else []
    if not exact:
        # An id of somebody's own choice may look like an extension.
        by_id = Q() if is_phone else Q(anchor=text)
        exact = list(records.filter(by_id | _employee_q(text, server.region)))
        untied = records.filter(employee__isnull=True).iterator(chunk_size=1000)
        exact += [row for row in untied if _is_meant(load_keys(row.keys), text, server.region)]
    return exact


def employees_meant(text: str, region: str) -> list[int]:
    """Return the ids of employees who are meant by an e-mail, number or words of the name."""
    return list(Employee.rows.filter(_employee_q(text, region, "")).order_by("id").values_list("id", flat=True)[:MOST])


def _found(row: SyncRecord) -> Found:
    if row.employee is None:
        keys = load_keys(row.keys)
        return Found(row.anchor, row.dn, row.name, ", ".join(keys.extensions), ", ".join(keys.emails))
    return Found(row.anchor, row.dn, row.employee.name, row.employee.extension, row.employee.email)


def _employee_q(text: str, region: str, prefix: str = "employee__") -> Q:
    found = Q(**{f"{prefix}email_key": email_key(text)}) | Q(**{f"{prefix}extension": text})
    mobile = read_mobile(text, region)
    if isinstance(mobile, str):
        found |= Q(**{f"{prefix}mobile": mobile})
    named = Q()
    for word in name_words(text):
        named &= Q(**{f"{prefix}name_key__contains": word})
    return found | named if named else found


def _is_meant(keys: EntryKeys, text: str, region: str) -> bool:
    words = name_words(text)
    named = any(all(word in key for word in words) for key in keys.name_keys) if words else False
    return (
        named or email_key(text) in keys.emails or text in keys.extensions or read_mobile(text, region) in keys.mobiles
    )


def found_of(record: RemoteRecord, options: SyncOptions) -> Found:
    """Return by what an entry is told from others."""
    person = read_person(record, options)
    values = {name: (*reading.values, "")[0] for name, reading in person.readings.items()}
    return Found(
        record.anchor,
        record.dn,
        values.get(Field.NAME, ""),
        values.get(Field.EXTENSION, ""),
        values.get(Field.EMAIL, ""),
    )


def search(session: EndpointSession, options: SyncOptions, text: str, *, anywhere: bool = False) -> list[RemoteRecord]:
    """Ask the directory who is meant by a DN, an e-mail, a number or words of the name: 21 people at most.

    With `anywhere` also by the anchor, and whoever the account may see.
    """
    now = timezone.now()
    attributes = sorted({name for rule in options.rules for name in attributes_of(rule.attribute)})
    if anywhere and (anchor := _anchor(text)):
        return [entry for _anchor, entry in session.fetch([(anchor, "")], attributes, now=now) if entry]
    asked = session.fetch([("", text)], attributes, now=now, in_scope=not anywhere)
    try:
        by_dn = [entry for _anchor, entry in asked if entry]
    except ConfigurationError:  # it is no DN
        by_dn = []
    if by_dn:
        return by_dn
    names = {rule.field: attributes_of(rule.attribute) for rule in options.rules}
    whole = (Field.EMAIL, Field.EXTENSION, Field.MOBILE)
    conditions = [[(name, text, True)] for field in whole for name in names.get(field, ())]
    words = name_key(text).split()
    conditions += [[(name, word, False) for word in words] for name in names.get(Field.NAME, ()) if words]
    return session.find(conditions, attributes, now=now, anywhere=anywhere)


def _anchor(text: str) -> str:
    """The text as an anchor, '' when it is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
