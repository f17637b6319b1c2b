"""What a controller shows that has not got our write yet (rule B12)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from syncapp.core.records import Base, KnownRecord, Message, Reading, RemotePerson, Written
from syncapp.core.vocabulary import Field

# For so long an old value on another controller is a delay; after that somebody has set it back.
LAG = timedelta(days=1)


def still_remembered(written: Mapping[Field, Written], now: datetime) -> dict[Field, Written]:
    """Return the writes of which a controller may still be ignorant."""
    return {name: write for name, write in written.items() if now - write.at <= LAG}


def allow_for_lag(
    person: RemotePerson, record: KnownRecord, *, uri: str, now: datetime, remapped: Collection[Field] = ()
) -> RemotePerson:
    """Return a person as if the controller at `uri` had our writes already, with the fields in which it is behind.

    Only exactly a value that we replaced, on a controller that has not shown ours
    since, is a delay: everything else is somebody's change, also one that sets our
    write back where it was made. Whoever is behind is not settled, so that he is
    looked at again. `remapped` fields are read in another way than they were written.
    """
    if not record.written:
        return person
    readings, behind, remembered = dict(person.readings), {}, {}
    for name, write in still_remembered(record.written, now).items():
        base, reading = record.base.get(name), readings.get(name)
        if base is None or reading is None or name in remapped:
            continue
        if uri not in write.uris:
            if any(_shows(value, reading) for value in write.replaced) and not _shows(base.remote, reading):
                readings[name] = _caught_up(write, base, reading)
                behind[name] = Message("write_behind", {"field": name.value, "uri": uri, "has": write.uris[0]})
            elif _shows(base.remote, reading):
                write = write._replace(uris=(*write.uris, uri))
        remembered[name] = write
    return person._replace(
        readings=readings, behind=behind, written=remembered, fingerprint="" if behind else person.fingerprint
    )


def _shows(value: str, reading: Reading) -> bool:
    return value in reading.values if value else not (reading.values or reading.foreign)


def _caught_up(write: Written, base: Base, reading: Reading) -> Reading:
    """Put what we wrote in the place of what it replaced; other values of the attribute stay (rule B6)."""
    values = ({*reading.values} - {*write.replaced} | {base.remote}) - {""}
    return reading._replace(values=tuple(sorted(values)))
