"""What was changed here by hand waits for the domain, and its records say so at once."""

from collections.abc import Collection, Mapping

from syncapp.core.merge import same_value
from syncapp.core.vocabulary import Field
from syncapp.directory.kinds import PROFILES
from syncapp.models import SyncRecord
from syncapp.services.endpoints import field_rules, synchronised_in_bulk
from syncapp.store.bulk import as_json, update_rows
from syncapp.store.items import load_base
from syncapp.store.snapshots import local_people


def note_waiting(employee_id: int, fields: Collection[Field]) -> None:
    """Note on each record of an employee which of these fields have yet to go out there.

    In the transaction of the edit. The next run of the server looks at the person and
    says more; a value that was changed back does not wait any more.
    """
    note_waiting_of({employee_id: fields})


def note_waiting_of(changed: Mapping[int, Collection[Field]]) -> None:
    """The same for a chunk of employees, each with the fields that changed (queries as many as servers ask for)."""
    people = local_people(changed)
    records = list(SyncRecord.objects.select_for_update().filter(employee__in=changed).order_by("id"))
    servers = synchronised_in_bulk({record.endpoint_id for record in records})
    rules = {
        key: [
            rule for rule in field_rules(server, server.kind if server.kind in PROFILES else "generic") if rule.pushes
        ]
        for key, server in sorted(servers.items())
    }
    rows = []
    for record in records:
        employee_id = record.employee_id
        if employee_id is None:
            continue
        base, waits = load_base(record.base), dict(record.waits)
        for rule in rules.get(record.endpoint_id, []):
            if rule.field not in changed[employee_id]:
                continue
            agreed = base.get(rule.field)
            waits.pop(rule.field, None)
            if agreed is None or not same_value(rule.field, people[employee_id].values[rule.field], agreed.local):
                waits[rule.field.value] = agreed.remote if agreed else ""
        if waits != record.waits:
            rows.append((as_json(waits), bool(waits), record.pk))
    update_rows(SyncRecord, rows, assign=["waits", "waiting"])
