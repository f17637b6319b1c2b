"""A finished run as the JSON object that scripts read (design, section 9)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import translation

from syncapp import messages
from syncapp.choices import RunMode
from syncapp.exceptions import SyncError
from syncapp.messages.naming import OF_DIRECTORY, Naming
from syncapp.models import SyncRun
from syncapp.services.counts import NAMES
from syncapp.store.naming import naming_of
from syncapp.store.selectors import ReportedPerson, people_of_run

PHASES = ("read", "plan", "apply", "write_back", "total")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A run that was not allowed to start."""

    server: str
    mode: RunMode
    error: SyncError


def write_runs(runs: Iterable[SyncRun | Refusal], *, everybody: bool) -> Iterator[str]:
    """Yield the text of `{"runs": [...]}` piece by piece: the people are never all in memory.

    Texts are English whatever the language: the codes are the contract.
    """
    yield '{"runs": ['
    for position, run in enumerate(runs):
        yield ", " if position else ""
        if isinstance(run, SyncRun):
            yield from _write_run(run, everybody)
        else:
            yield _write_refusal(run)
    yield "]}\n"


def _write_run(run: SyncRun, everybody: bool) -> Iterator[str]:
    naming = naming_of(run)
    head = {
        "id": run.pk,
        "server": str(run.endpoint),
        "mode": run.mode,
        "read": run.read or None,
        "status": run.status,
        "counts": {name: run.counts.get(name, 0) for name in NAMES},
        "seconds": {name: run.seconds.get(name, 0.0) for name in PHASES},
        "error": message_of(run.error_code, run.error_params, naming) if run.error_code else None,
        "notes": [message_of(note["code"], note["params"], naming) for note in run.notes],
    }
    yield _dump(head)[:-1] + ', "people": ['
    for position, person in enumerate(people_of_run(run, everybody=everybody)):
        yield (", " if position else "") + _dump(_person(person, naming))
    yield "]}"


def _write_refusal(refusal: Refusal) -> str:
    return _dump(
        {
            "id": None,
            "server": refusal.server,
            "mode": refusal.mode.value,
            "read": None,
            "status": "failed",
            "counts": dict.fromkeys(NAMES, 0),
            "seconds": dict.fromkeys(PHASES, 0.0),
            "error": message_of(refusal.error.code, refusal.error.params),
            "notes": [],
            "people": [],
        }
    )


def message_of(code: str, params: dict[str, Any], naming: Naming = OF_DIRECTORY) -> dict[str, str]:
    with translation.override("en"):
        return {"code": code, "message": messages.render(code, params, naming)}


def _person(person: ReportedPerson, naming: Naming) -> dict[str, Any]:
    return {
        "name": person.name,
        "email": person.email,
        "mobile": person.mobile,
        "extension": person.extension,
        "status": person.status,
        "state": person.state,
        "updated_side": person.updated_side or None,
        "updated_at": _time(person.updated_at),
        "dn": person.dn,
        "message": " ".join(message_of(each["code"], each["params"], naming)["message"] for each in person.messages),
        # In the order of the format: PostgreSQL keeps another one.
        "changes": [{key: change[key] for key in ("field", "side", "before", "after")} for change in person.changes],
    }


def _time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
