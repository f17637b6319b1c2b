"""What the hub knows of people whose entries need a look."""

from syncapp.core.sides import Sides
from syncapp.services.endpoints import Synchronised
from syncapp.store import snapshots
from syncapp.store.leavers import who_has_left
from syncapp.store.phone_service import phones_first
from syncapp.store.residences import residences


def load_locals(server: Synchronised, sides: Sides) -> None:
    """Add to the sides the employees of their people, and where else these are known."""
    ids = {employee_id for person in sides.people if (employee_id := sides.employee_of(person.anchor)) is not None}
    sides.locals = snapshots.local_people(ids)
    if sides.options.phone:
        sides.left = who_has_left(ids)
    if not sides.options.phone:  # which directory is somebody's home is no question there
        sides.outward.residences = residences(ids, server.pk, sides.options.superiors)
    if sides.options.phones:
        sides.outward.phones = phones_first(
            ids, sides.options.phones, here=server.name, number_plan=sides.options.number_plan
        )
