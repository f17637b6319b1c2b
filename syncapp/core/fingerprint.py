"""Telling at a glance that nothing which matters has changed (design, section 5)."""

import json
import marshal
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b

import phonenumbers

from syncapp.core.converters import CONVERTERS_VERSION
from syncapp.core.options import SyncOptions
from syncapp.core.records import KnownRecord, RemoteRecord
from syncapp.core.vocabulary import State

# Asked of the vocabulary each time they would cost as much as the digest.
_STATES = {state: state.value for state in State}
LATER = ("phone", "phones", "secret_key")


def settings_digest(options: SyncOptions) -> bytes:
    """Digest of everything but the entry itself that can change a decision.

    Every setting of the options, our converters, and the release of the telephone
    library, which decides what is a valid number. The order of mappings does not
    matter, that of match keys and pools does.
    """
    settings = asdict(options)
    for later in LATER:  # what earlier versions did not know leaves the fingerprints of their servers as they are
        if not settings[later]:
            del settings[later]
    settings["rules"] = sorted(settings["rules"], key=lambda rule: rule["field"])
    decisive = [settings, CONVERTERS_VERSION, phonenumbers.__version__]
    text = json.dumps(decisive, sort_keys=True, default=sorted)  # sets become sorted lists
    return blake2b(text.encode(), digest_size=16).digest()


def fingerprint(record: RemoteRecord, attributes: Sequence[str], digest: bytes) -> str:
    """24 hex digits over DN, state and the raw values of these lower-cased attributes.

    Values have no order in a directory, so theirs does not count. `marshal` writes
    everything with its length, so that no two different contents look alike, and
    in version 2 of its form equal contents always alike.
    """
    _anchor, dn, known, state = record
    values = [
        None if not found else found if len(found) == 1 else sorted(found) for found in map(known.get, attributes)
    ]
    content = marshal.dumps((digest, _STATES[state], dn, values), 2)
    return blake2b(content, digest_size=12).hexdigest()


def record_mark(record: KnownRecord) -> str:
    """16 hex digits over what runs and people have decided about an entry so far.

    Not over its status and messages, which say what the last run did.
    """
    decided = (
        record.employee_id,
        record.state.value,
        sorted(record.refused),
        sorted(record.base.items()),
        sorted(record.waits.items()),
        sorted(record.refusals),
        record.open_matters,
    )
    return blake2b(repr(decided).encode(), digest_size=8).hexdigest()
