"""What must hold after every run, whatever happened before and in its middle."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from syncapp.choices import RunMode
from syncapp.core.converters import read_field
from syncapp.core.merge import choose_remote, same_value
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Reading
from syncapp.core.vocabulary import MATTERS, OPAQUE_FIELDS, Direction, Field
from syncapp.models import Conflict, Employee, FieldMapping, Photo, RunItem, SyncRecord
from syncapp.services.directory_settings import rule_of
from syncapp.services.pictures import digest_of
from syncapp.store.items import load_base
from syncapp.store.selectors import LEFT_OUT
from tests.services.model_world import EntryChange, Hub, HubChange, Ran

Changes = list[tuple[RunItem, dict[str, str]]]


def rules() -> list[FieldRule]:
    return [rule_of(row) for row in FieldMapping.objects.order_by("id")]


def reading_of(rule: FieldRule, raws: dict[str, list[bytes]], region: str = "RU") -> Reading:
    """Read one field of an entry, pictures by their digests."""
    if rule.field in OPAQUE_FIELDS:
        return Reading(tuple(sorted(digest_of(raw) for raw in raws.get(rule.attribute.lower(), []))))
    return read_field(rule, raws, region=region)


def check_nothing_travelled(ran: Ran, behind: set[tuple[str, str]]) -> None:
    """Of values that a controller has not got yet none comes in, goes out or becomes a matter (rule B12)."""
    fields = {rule.attribute.lower(): rule.field.value for rule in rules()}
    assert not behind & {(change.anchor, change.attribute) for change in ran.seen.entries}
    for item in RunItem.objects.filter(run=ran.run):
        told = {fields.get(attribute, "") for anchor, attribute in behind if anchor == item.anchor}
        planned = {each["field"] for each in item.changes} | {each["field"] for each in item.plan["matters"]}
        assert not told & planned, f"{item}: {told & planned} travelled from a controller that is behind"


# --- promise 1: the audit trail ---------------------------------------------------------------------------------------


def check_audit(ran: Ran) -> None:
    """Every change that the run made has its row, and every row that says so was made."""
    items = list(RunItem.objects.filter(run=ran.run))
    if ran.run.mode == RunMode.PREVIEW:
        assert ran.seen.nothing, "a preview changed something (promise 6)"
        return
    here = [(item, each) for item in items for each in item.changes if each["side"] == "pbx"]
    there = [(item, each) for item in items for each in item.changes if each["side"] == "domain"]
    for change in ran.seen.hub:
        assert any(_says_hub(item, each, change) and _claims(item, each) for item, each in here), (
            f"no row says {change}",
            [(item.employee_id, item.outcome, item.unwritten, each) for item, each in here],
        )
    for entry_change in ran.seen.entries:
        _check_entry_change(ran, entry_change, there)
    _check_claims_here(ran, here)
    _check_claims_there(there)


def _claims(item: RunItem, each: dict[str, str]) -> bool:
    """Whether the row says that the change happened."""
    if item.outcome == "planned" or item.message_code in LEFT_OUT:
        return False
    if item.outcome == "writing" and each["side"] == "domain":
        return False
    return f"{each['side']}:{each['field']}" not in item.unwritten


def _says_hub(item: RunItem, each: dict[str, str], change: HubChange) -> bool:
    if item.employee_id != change.employee_id or each["field"] != change.field or each["before"] != change.before:
        return False
    if change.field == Field.PHOTO and change.after:
        return Photo.objects.filter(pk=change.after, source=each["after"]).exists() or each["after"] == change.after
    return each["after"] == change.after


def _check_entry_change(ran: Ran, change: EntryChange, there: Changes) -> None:
    assert len(change.went) <= 1, f"other values of the attribute went as well: {change}"
    assert len(change.came) <= 1, f"more came than ours: {change}"
    rule = next((rule for rule in rules() if rule.attribute.lower() == change.attribute), None)
    assert rule is not None, f"an attribute was written that is not mapped: {change}"
    assert rule.pushes, f"an attribute was written that may only be read: {change}"
    ours = [(item, each) for item, each in there if (item.anchor, each["field"]) == (change.anchor, rule.field)]
    for item, each in ours:
        known = _claims(item, each) or (item.outcome == "writing" and not ran.normal)
        read = _reads(rule, change.came)
        came = _came(rule, change.came, each["after"]) or _said_to_be_other(item, read)
        # What the server made of it could not be read back any more, or the row has a matter to tell, which comes first.
        if not ran.normal or item.outcome in MATTERS:
            came = came or read.casefold() == each["after"].casefold()
        if known and _reads(rule, change.went) == each["before"] and came:
            return
    raise AssertionError(f"no row says {change}: {[(i.outcome, i.unwritten, i.message_code, e) for i, e in ours]}")


def _said_to_be_other(item: RunItem, value: str) -> bool:
    """The server made another value of ours, and the row says which."""
    return item.message_code == "write_read_as_other" and item.message_params["value"] == value


def _reads(rule: FieldRule, values: tuple[bytes, ...]) -> str:
    return next(iter(reading_of(rule, {rule.attribute.lower(): list(values)}).values), "")


def _came(rule: FieldRule, values: tuple[bytes, ...], after: str) -> bool:
    read = _reads(rule, values)
    if rule.field is Field.PHOTO and read:
        photo = Photo.objects.filter(pk=after).first()
        # Ours may have been replaced meanwhile, by somebody who keeps nothing (Employee.save), and be swept by now.
        return photo is None or photo.rendition == read
    return read == after or same_value(rule.field, read, after)


def _check_claims_here(ran: Ran, here: Changes) -> None:
    made = Counter((change.employee_id, change.field) for change in ran.seen.hub)
    for item, each in here:
        if _claims(item, each):
            assert made[item.employee_id, each["field"]], f"a row says what did not happen: {each} of {item.name}"


def _check_claims_there(there: Changes) -> None:
    for item, each in there:
        rule = next(rule for rule in rules() if rule.field == each["field"])
        if _claims(item, each):
            # It was written, or somebody else wrote the same in between: agreed either way (rule B2).
            base = load_base(SyncRecord.objects.get(anchor=item.anchor).base).get(rule.field)
            assert base is not None, f"a row says what did not happen: {each} of {item.name}"
            assert same_value(rule.field, base.local, each["after"]), f"written and not agreed: {each} of {item.name}"


# --- rules E1 and E7: statuses and counts ----------------------------------------------------------------------------


def changed_records(ran: Ran) -> tuple[set[int], set[int], set[int]]:
    """Records whose employee was changed or created, whose entry was written, and whose state is another."""
    employees = {change.employee_id for change in ran.seen.hub} | ran.seen.created
    anchors = {change.anchor for change in ran.seen.entries}
    records = list(SyncRecord.objects.values_list("id", "employee_id", "anchor", "state"))
    return (
        {pk for pk, employee, _anchor, _state in records if employee in employees},
        {pk for pk, _employee, anchor, _state in records if anchor in anchors},
        {pk for pk, employee, _anchor, state in records if employee and ran.states.get(pk, state) != state},
    )


def check_counts(hub: Hub, ran: Ran) -> None:
    if not ran.normal or ran.run.mode == RunMode.PREVIEW:
        return
    counts, records = ran.run.counts, list(SyncRecord.objects.all())
    statuses = Counter(record.status for record in records)
    here, there, moved = changed_records(ran)
    expected = {
        "conflicts": statuses["conflict"],
        "proposed": statuses["proposed"],
        "failed": statuses["failed"],
        "ignored": statuses["ignored"],
        "created": len(ran.seen.created),
        "updated": len((here | moved) - {r.pk for r in records if r.employee_id in ran.seen.created}),
        "written_back": len(there),
        "new_matters": sum(r.status in MATTERS and ran.statuses.get(r.pk) not in MATTERS for r in records),
    }
    matters = sum(statuses[name] for name in ("conflict", "proposed", "failed", "ignored"))
    touched = sum(r.pk in here | there | moved and r.status in ("created", "updated") for r in records)
    expected["skipped"] = len(records) - matters - touched
    if not ran.disturbed:  # somebody may have edited after the run had counted
        expected["waiting"] = sum(record.waiting for record in records)
    if ran.run.read == "full" and not ran.disturbed:
        expected["read"] = len(hub.remote.in_scope())
    assert {name: counts[name] for name in expected} == expected
    open_matters = counts["failed"] + counts["conflicts"] + counts["proposed"]
    assert (ran.run.status == "partial") == bool(open_matters)


def check_statuses(ran: Ran) -> None:
    """A record says what the last applied run did (rule E1)."""
    if not ran.normal or ran.run.mode == RunMode.PREVIEW:
        return
    here, there, moved = changed_records(ran)
    open_kinds = set(Conflict.objects.filter(closed_at=None).values_list("record_id", flat=True))
    for record in SyncRecord.objects.all():
        changed = record.pk in here | there | moved
        if record.status == "created":
            assert record.employee_id in ran.seen.created, f"created, and was not: {record}"
        if record.status == "updated":
            assert changed, f"updated, and was not: {record}"
        if record.status == "skipped":
            assert not changed, f"skipped, and was changed: {record}"
        if record.status in ("conflict", "proposed"):
            assert record.pk in open_kinds, f"{record.status} without a matter: {record}"
        if record.pk in open_kinds:
            assert record.status in ("conflict", "proposed", "failed"), f"{record.status} with a matter: {record}"
        if changed and record.status in ("created", "updated"):
            side = {(True, False): "pbx", (False, True): "domain", (True, True): "both"}
            key = (record.pk in here | moved, record.pk in there)
            assert record.updated_side == side[key], (record.updated_side, key)
        assert record.waiting == bool(record.waits)


# --- promises 3 and 8 -------------------------------------------------------------------------------------------------


def check_people(ran: Ran) -> None:
    """Nobody twice. That nobody was deleted the watcher says."""
    for employee in Employee.objects.filter(pk__in=ran.seen.created):
        assert SyncRecord.objects.filter(employee=employee).count() == 1, f"created and tied to nothing: {employee}"
        twins = Employee.objects.filter(email_key=employee.email_key, archived_at=None).exclude(pk=employee.pk)
        # Whoever is tied to another entry of this directory is another person (rule A2).
        strangers = twins.filter(records__isnull=True)
        assert not employee.email_key or not strangers.exists(), f"a second {employee}"
    numbers = Counter(Employee.objects.exclude(extension="").values_list("number_plan", "extension"))
    assert not [number for number, count in numbers.items() if count > 1]


# --- promise 2 and agreement ------------------------------------------------------------------------------------------


def exempt_fields(record: SyncRecord) -> set[str]:
    """Fields of which the record says why both sides differ."""
    said = {remark["params"].get("field", "") for remark in record.remarks}
    disputed = set(Conflict.objects.filter(record=record, closed_at=None).values_list("field", flat=True))
    return said | disputed | set(record.waits) | set(record.refusals)


def tied(hub: Hub) -> Iterator[tuple[SyncRecord, Employee, dict[str, list[bytes]]]]:
    """People who are known, active on both sides, and read."""
    entries, scope = hub.remote.snapshot(), hub.remote.in_scope()
    for record in SyncRecord.objects.filter(employee__isnull=False).select_related("employee").order_by("id"):
        assert record.employee is not None
        frozen = record.state != "active" or record.employee.archived_at is not None
        if record.anchor in scope and not frozen:
            yield record, record.employee, entries[record.anchor]


def is_same(rule: FieldRule, local: str, reading: Reading, base: dict[Field, Base]) -> bool:
    remote, _remark = choose_remote(rule.field, reading, base.get(rule.field))
    if remote is None:
        return False
    if rule.field is not Field.PHOTO or not local or remote == local:
        return same_value(rule.field, local, remote)
    photo = Photo.objects.get(pk=local)
    known = base.get(rule.field)
    return remote in (photo.source, photo.rendition) or known == Base(local, remote)


def check_agreement(hub: Hub, *, writes: bool) -> None:
    """Both sides have the same wherever the mapping carries both ways and nobody is asked."""
    for record, employee, raws in tied(hub):
        exempt = exempt_fields(record)
        base = load_base(record.base)
        for rule in rules():
            if rule.direction is not Direction.BOTH or rule.field in exempt:
                continue
            local, reading = getattr(employee, rule.field), reading_of(rule, raws)
            assert is_same(rule, local, reading, base), f"{rule.field} of {record}: {local!r} and {reading}"
            assert rule.field in base, f"{rule.field} of {record} is the same and not agreed"
        if writes:
            left = set(record.waits) - set(record.refusals)
            assert not left, f"{left} of {record} wait for nothing"


def values_now(hub: Hub) -> dict[tuple[int, str], tuple[str, list[bytes]]]:
    """What stands on both sides of everybody: value here, raw values there."""
    return {
        (employee.pk, rule.field.value): (getattr(employee, rule.field), raws.get(rule.attribute.lower(), []))
        for _record, employee, raws in tied(hub)
        for rule in rules()
    }


def agreed_values(hub: Hub) -> dict[tuple[int, str], tuple[str, str, list[bytes]]]:
    """What both sides have of every field of which they have the same: anchor, value here, raw values there."""
    found = {}
    for record, employee, raws in tied(hub):
        base: dict[Field, Base] = load_base(record.base)
        disputed = set(Conflict.objects.filter(record=record, closed_at=None).values_list("field", flat=True))
        for rule in rules():
            same = is_same(rule, getattr(employee, rule.field), reading_of(rule, raws), base)
            if same and rule.field in base and rule.field not in disputed:
                values = (record.anchor, getattr(employee, rule.field), raws.get(rule.attribute.lower(), []))
                found[employee.pk, rule.field.value] = values
    return found


def plan_of(ran: Ran) -> list[dict[str, Any]]:
    columns = ("anchor", "name", "dn", "expected", "changes", "plan")
    return list(RunItem.objects.filter(run=ran.run).order_by("position").values(*columns))
