"""What was changed here by hand waits for the domain, and its records say so at once."""

from collections.abc import Collection

from syncapp.core.merge import same_value
from syncapp.core.vocabulary import Field
from syncapp.directory.kinds import PROFILES
from syncapp.models import DirectoryServer, SyncRecord
from syncapp.services.endpoints import field_rules
from syncapp.store.items import load_base
from syncapp.store.snapshots import local_people


def note_waiting(employee_id: int, fields: Collection[Field]) -> None:
    """Note on each record of an employee which of these fields have yet to go out there.

    In the transaction of the edit. The next run of the server looks at the person and
    says more; a value that was changed back does not wait any more.
    """
    values = local_people([employee_id])[employee_id].values
    for record in SyncRecord.objects.select_for_update().filter(employee=employee_id).order_by("id"):
        server = DirectoryServer.objects.filter(pk=record.endpoint_id).first()
        if server is None:
            continue
        base, waits = load_base(record.base), dict(record.waits)
        for rule in field_rules(server, server.kind if server.kind in PROFILES else "generic"):
            if rule.field not in fields or not rule.pushes:
                continue
            agreed = base.get(rule.field)
            waits.pop(rule.field, None)
            if agreed is None or not same_value(rule.field, values[rule.field], agreed.local):
                waits[rule.field.value] = agreed.remote if agreed else ""
        if waits != record.waits:
            record.waits, record.waiting = waits, bool(waits)
            record.save(update_fields=["waits", "waiting"])
