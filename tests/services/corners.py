"""Three corners: a directory on the real OpenLDAP, the hub, and a simulated MikoPBX."""

from typing import Any

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Employee as Person
from syncapp.choices import RunMode, RunTrigger
from syncapp.models import PhoneSystem, SyncRun
from syncapp.services.endpoints import Synchronised
from syncapp.services.sync import run_sync
from tests.factories import make_phone_system
from tests.telephony.conftest import FULL_KEY

READS = ("GET",)
MANY = 10_000


def phones_of(pbx: MikoPbx, **values: Any) -> PhoneSystem:
    """Return the settings of a simulated box, which lets as many requests through as a test sends."""
    pbx.limit.per_window = MANY
    settings = {"requests_per_minute": MANY, **values}
    return make_phone_system(url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint, **settings)


def sync(server: Synchronised, *, preview: bool = False, force: bool = False) -> SyncRun:
    return run_sync(
        server=server,
        mode=RunMode.PREVIEW if preview else RunMode.APPLY,
        trigger=RunTrigger.COMMAND,
        who="test",
        force=force,
    )


def there(pbx: MikoPbx, name: str) -> Person:
    """Return the one person of the box who is called so."""
    [person] = [each for each in pbx.box.employees.values() if each.user_username == name]
    return person


def asked(pbx: MikoPbx) -> list[str]:
    """Return the requests that came since the last time somebody asked."""
    seen = [f"{each.verb} {each.path.partition('/v3')[2]}" for each in pbx.requests]
    pbx.requests.clear()
    return seen
