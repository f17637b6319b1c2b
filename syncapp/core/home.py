"""Whether a server gives to a person, or another one does (rule B11).

A person's home is the highest-ranked server on which the person is active. Only the
home is pulled from; the others are compared, and receive what their mappings push.
"""

from syncapp.core.records import KnownRecord, RemotePerson, Residence
from syncapp.core.vocabulary import INACTIVE_STATES


def is_abroad(person: RemotePerson, record: KnownRecord | None, elsewhere: Residence) -> bool:
    """Whether the person's home is another server than the one that is read.

    Who is not active here stays abroad until the return, wherever he has left meanwhile.
    """
    if person.state in INACTIVE_STATES:
        return bool(elsewhere.server) or (record is not None and record.abroad)
    return elsewhere.comes_first


def has_come_home(person: RemotePerson, record: KnownRecord | None, elsewhere: Residence) -> bool:
    """Whether the server that is read has become the home of somebody to whom another one gave.

    What differs then is nobody's change, and a matter for a person.
    """
    if is_abroad(person, record, elsewhere):
        return False
    if record is None or record.employee_id is None:
        return bool(elsewhere.server)
    return record.abroad
