"""Rows read for a run, as the rules take them: a fixed number of queries, or one per chunk."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import orjson
from django.db.models import Case, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from syncapp.core.matters import EntryKeys, HubKeys, Matter
from syncapp.core.phones import NEW
from syncapp.core.records import KnownRecord, LocalPerson, Message
from syncapp.core.sides import NEEDS_NUMBER
from syncapp.core.vocabulary import ALL_FIELDS, MATTERS, Field, MatterKind, Outcome, State
from syncapp.models import Conflict, Employee, Photo, SyncRecord
from syncapp.store.bulk import chunks_of_ids, in_chunks
from syncapp.store.items import (
    load_base,
    load_candidates,
    load_keys,
    load_messages,
    load_refusals,
    load_waits,
    load_written,
)

# Columns of an employee in the order of ALL_FIELDS: of the SIP secret rules see the keyed hash alone.
VALUE_COLUMNS = (*(field.value for field in ALL_FIELDS[:-1]), "sip_secret_mark")


class Passport(NamedTuple):
    """What tells whether a known entry needs a look: one for each record, so made quickly and kept small.

    `due` and `waiting` are '' for no.
    """

    anchor: str
    record_id: int
    fingerprint: str
    due: str
    waiting: str
    state: str
    employee_id: int | None

    @property
    def may_be_settled(self) -> bool:
        """Whether neither a tie nor a state is to be decided, as far as this says."""
        return self.employee_id is not None and self.state == State.ACTIVE

    @property
    def is_expected(self) -> bool:
        """Whether it is looked for when it does not come: not who was let go, nor whoever is missing and nobody's."""
        forgotten = self.employee_id is None and self.state == State.MISSING
        return self.state != State.RELEASED and not forgotten


def passports(endpoint_id: int) -> dict[str, Passport]:
    """Map the anchors of all known entries to their passports."""
    return _passports(SyncRecord.objects.filter(endpoint_id=endpoint_id))


def passports_of(endpoint_id: int, anchors: Collection[str]) -> dict[str, Passport]:
    """Map those of some anchors that are known to their passports."""
    found: dict[str, Passport] = {}
    for chunk in in_chunks(sorted(anchors)):
        found |= _passports(SyncRecord.objects.filter(endpoint_id=endpoint_id, anchor__in=chunk))
    return found


def _passports(records: QuerySet[SyncRecord]) -> dict[str, Passport]:
    # As texts: SQLite knows no booleans, and to make some of 40,000 numbers took as long as to read the rows.
    due, waiting = (
        Case(When(**{name: True}, then=Value("1")), default=Value(""), output_field=TextField())
        for name in ("due", "waiting")
    )
    rows = records.values_list("anchor", "id", "fingerprint", due, waiting, "state", "employee_id")
    return {row[0]: Passport._make(row) for row in rows.order_by().iterator(chunk_size=5000)}


def expected_entries(endpoint_id: int, among: Collection[str] | None = None) -> set[str]:
    """Return the anchors of entries that a read of everybody should bring, all of them or those among some."""
    rows = _expected(endpoint_id).order_by()
    if among is None:
        return set(rows.values_list("anchor", flat=True).iterator(chunk_size=5000))
    chunks = in_chunks(sorted(among))
    return {anchor for chunk in chunks for anchor in rows.filter(anchor__in=chunk).values_list("anchor", flat=True)}


def due_entries(endpoint_id: int) -> list[tuple[str, str]]:
    """Return anchor and DN of everybody who is to be looked at, whatever the endpoint reports."""
    return list(_expected(endpoint_id).filter(due=True).order_by("id").values_list("anchor", "dn"))


def movable_entries(endpoint_id: int) -> list[tuple[str, str]]:
    """Return anchor and DN of those whose open matter somebody else's change may move.

    Whoever claims a number that another one has, or waits for one, and whose match is
    doubtful. What only a decision or a right can move is left out (rule E6).
    """
    matters = Conflict.objects.filter(endpoint_id=endpoint_id, closed_at__isnull=True).exclude(kind=MatterKind.FIELD)
    unsettled = _expected(endpoint_id).filter(status__in=MATTERS)
    rows = unsettled.filter(Q(pk__in=matters.values("record_id")) | Q(message_code__in=NEEDS_NUMBER))
    return list(rows.order_by("id").values_list("anchor", "dn"))


def _expected(endpoint_id: int) -> QuerySet[SyncRecord]:
    return SyncRecord.objects.filter(endpoint_id=endpoint_id).exclude(state__in=[State.MISSING, State.RELEASED])


# By dictionaries: to call an enumeration takes several times as long.
_STATES, _OUTCOMES = {state.value: state for state in State}, {outcome.value: outcome for outcome in Outcome}
_JSON = ("message_params", "remarks", "base", "keys", "refused", "waits", "refusals", "written")
_KNOWN = (
    "id", "anchor", "employee_id", "state", "status", "dn", "name", "fingerprint", "message_code", "due", "abroad",
    "former_employee_id",
)  # fmt: skip


def known_records(endpoint_id: int, record_ids: Collection[int]) -> dict[str, KnownRecord]:
    """Map anchors to the full records of those who need a look, with their open matters.

    Without objects of the ORM: after a change of the settings these are everybody.
    """
    matters = _open_matters(endpoint_id) if record_ids else {}
    texts = {f"{name}_text": Cast(name, TextField()) for name in _JSON}
    known = {}
    for chunk in chunks_of_ids(record_ids):
        rows = SyncRecord.objects.filter(id__in=chunk).order_by("id").annotate(**texts)
        for (
            id_,
            anchor,
            employee_id,
            state,
            status,
            dn,
            name,
            mark,
            code,
            due,
            abroad,
            former_id,
            *more,
        ) in rows.values_list(*_KNOWN, *texts):
            params, remarks, base, keys, refused, waits, refusals, written = map(_loaded, more)
            known[anchor] = KnownRecord(
                id=id_,
                anchor=anchor,
                employee_id=employee_id,
                state=_STATES[state],
                status=_OUTCOMES[status],
                dn=dn,
                name=name,
                fingerprint=mark,
                remarks=load_messages(remarks),
                message=Message(code, params) if code else None,
                base=load_base(base),
                keys=load_keys(keys),
                refused=frozenset(refused),
                waits=load_waits(waits),
                refusals=load_refusals(refusals),
                written=load_written(written),
                due=due,
                open_matters=tuple(matters.get(id_, ())),
                abroad=abroad,
                former_id=former_id,
            )
    return known


def _loaded(text: str) -> Any:
    """Read JSON; that of most records is empty, be it a list or an object."""
    return orjson.loads(text) if len(text) > len("{}") else {}


def _open_matters(endpoint_id: int) -> dict[int, list[Matter]]:
    matters: dict[int, list[Matter]] = {}
    for row in Conflict.objects.filter(endpoint_id=endpoint_id, closed_at__isnull=True).order_by("id"):
        matters.setdefault(row.record_id, []).append(matter_of(row))
    return matters


def matter_of(row: Conflict) -> Matter:
    return Matter(
        kind=MatterKind(row.kind),
        field=Field(row.field) if row.field else None,
        base=row.base,
        local=row.local,
        remote=row.remote,
        candidates=load_candidates(row.candidates),
        owner_id=row.owner_id,
    )


def local_people(employee_ids: Collection[int]) -> dict[int, LocalPerson]:
    """Map ids to employees with their values and versions."""
    people = {}
    for chunk in chunks_of_ids(employee_ids):
        rows = list(
            Employee.rows.filter(id__in=chunk).values_list(
                "id", "version", "archived_at", "number_issued", *VALUE_COLUMNS
            )
        )
        pictures = _pictures({photo for *_others, photo, _secret in rows if photo})
        for id_, version, archived_at, issued, *values in rows:
            twins, area = pictures.get(values[-2], (frozenset(), 0))
            people[id_] = LocalPerson(
                id=id_,
                version=version,
                values=dict(zip(ALL_FIELDS, values, strict=True)),
                archived=archived_at is not None,
                number_issued=issued,
                twins=twins,
                photo_area=area,
            )
    return people


def _pictures(names: Collection[str]) -> dict[str, tuple[frozenset[str], int]]:
    """Map our photos to the digests under which a directory may hold them, and to their pixels."""
    if not names:
        return {}
    rows = Photo.objects.filter(pk__in=names).values_list("sha256", "source", "rendition", "width", "height")
    return {
        sha256: (frozenset({sha256, source, rendition}) - {""}, width * height)
        for sha256, source, rendition, width, height in rows
    }


def hub_keys(endpoint_id: int, *, phone: bool = False) -> Iterator[HubKeys]:
    """Yield what matching knows of every employee (four queries).

    Whom a change of our scope left out is no stranger: he has been in the directory.
    In a phone system (`phone`) nobody is known whom a run has yet to make there, and
    everybody is a stranger whom it does not know, wherever else he is known.
    """
    tied = SyncRecord.objects.filter(employee__isnull=False)
    if phone:
        tied = tied.exclude(endpoint_id=endpoint_id, anchor__startswith=NEW)
    here = dict(tied.filter(endpoint_id=endpoint_id).order_by().values_list("employee_id", "state"))
    anywhere = set(here) | (set() if phone else _known_to_directories(tied))
    rows = Employee.rows.values_list(
        "id", "name", "name_key", "email_key", "mobile", "extension", "number_issued", "archived_at"
    )
    for id_, name, name_key, email_key, mobile, extension, issued, archived_at in rows.iterator(chunk_size=5000):
        yield HubKeys(
            id=id_,
            name=name,
            name_key=name_key,
            email_key=email_key,
            mobile=mobile,
            extension=extension,
            number_issued=issued,
            tied_here=id_ in here,
            tied_anywhere=id_ in anywhere,
            archived=archived_at is not None,
            state_here=State(here[id_]) if id_ in here else None,
        )


def _known_to_directories(tied: QuerySet[SyncRecord]) -> set[int]:
    anywhere = set(tied.filter(endpoint__directoryserver__isnull=False).values_list("employee_id", flat=True))
    former = SyncRecord.objects.filter(former_employee__isnull=False)
    return anywhere | set(former.values_list("former_employee_id", flat=True))


def former_ties(endpoint_id: int) -> dict[str, int]:
    """Map anchors of released entries to their former employees who have no other entry of this server now."""
    here = SyncRecord.objects.filter(endpoint_id=endpoint_id)
    released = here.filter(employee__isnull=True, former_employee__isnull=False, state=State.RELEASED)
    tied = here.filter(employee__isnull=False).values("employee_id")
    rows = released.exclude(former_employee__in=tied).order_by("-id")
    ties = {employee_id: anchor for anchor, employee_id in rows.values_list("anchor", "former_employee_id")}
    return {anchor: employee_id for employee_id, anchor in ties.items()}


def entry_keys(endpoint_id: int) -> Iterator[tuple[str, EntryKeys, State]]:
    """Yield anchor, match keys and state of every known entry."""
    rows = SyncRecord.objects.filter(endpoint_id=endpoint_id).annotate(text=Cast("keys", TextField()))
    for anchor, text, state in rows.order_by().values_list("anchor", "text", "state").iterator(chunk_size=5000):
        yield anchor, load_keys(orjson.loads(text)), _STATES[state]


def number_owners(number_plan: str) -> dict[str, int]:
    """Map every extension of the plan to its employee."""
    rows = Employee.rows.filter(number_plan=number_plan).exclude(extension="")
    return dict(rows.order_by().values_list("extension", "id"))


def employee_names(employee_ids: Collection[int]) -> dict[int, str]:
    """Map ids to names, for messages."""
    names: dict[int, str] = {}
    for chunk in chunks_of_ids(employee_ids):
        names.update(Employee.rows.filter(id__in=chunk).values_list("id", "name"))
    return names
