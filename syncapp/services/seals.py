"""Plans that may be applied later: what they have to remember, and how they end (rules E4, E5)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from syncapp.choices import ReadMode, RunMode, RunStatus, RunTrigger
from syncapp.core.causes import SCOPE
from syncapp.core.fingerprint import settings_digest
from syncapp.core.options import SyncOptions
from syncapp.core.records import Message
from syncapp.exceptions import PlanStaleError
from syncapp.models import PhoneSystem, SyncRun
from syncapp.services.endpoints import Synchronised
from syncapp.services.runs import enqueue_run

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LASTS = timedelta(days=7)
APPLIED = (RunStatus.COMPLETED, RunStatus.PARTIAL)
# A brake that only asks for a look is content with a preview (rule B8).
CONTENT_WITH_A_LOOK = frozenset({"mapping_changed", "scope_changed"})


@dataclass(frozen=True, slots=True)
class Seal:
    """What applying a plan has to know of the run that made it.

    `digest` is that of the settings by which it was made, `newest` the last employee
    whom it knew. `brakes` are codes of what held it, or would have without `--force`.
    `kinds` and `leaving` are what the brakes counted, `remapped` fields that were read
    in another way than before (rule B8), `scope` who was read.
    """

    digest: str
    planned_at: datetime
    newest: int
    brakes: Sequence[str]
    kinds: dict[str, int]
    joined: int
    remapped: Sequence[str]
    scope: dict[str, Any]

    def dump(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "planned_at": self.planned_at.isoformat(),
            "newest": self.newest,
            "brakes": list(self.brakes),
            "kinds": self.kinds,
            "joined": self.joined,
            "remapped": list(self.remapped),
            "scope": self.scope,
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> "Seal":
        return cls(**{**data, "planned_at": datetime.fromisoformat(data["planned_at"])})


def scope_of(server: Synchronised) -> dict[str, Any]:
    """Say who is read and who is who, in the words of the settings; of a phone system who is made there."""
    if isinstance(server, PhoneSystem):
        return {"serves": server.serves, "create": server.create}
    return {name: getattr(server, name) for name in (*SCOPE, "department_attribute", "anchor_attribute")}


def configuration_digest(server: Synchronised, options: SyncOptions) -> str:
    """Digest of everything by which a plan is made, but for the addresses of the server and its limits."""
    own = settings_digest(options)
    return blake2b(own + json.dumps(scope_of(server), sort_keys=True).encode(), digest_size=16).hexdigest()


def is_plan(run: SyncRun) -> bool:
    """Whether the run keeps a plan that can be applied, unless it has ended."""
    if run.endpoint_id is None or not run.seal:
        return False
    return run.status == RunStatus.HELD or (run.mode == RunMode.PREVIEW and run.status in APPLIED)


def needs_force(run: SyncRun) -> bool:
    """Whether a brake holds the plan that a look does not satisfy."""
    brakes = set(run.seal.get("brakes", ()))
    return bool(brakes - CONTENT_WITH_A_LOOK if run.mode == RunMode.PREVIEW else brakes)


def check_plan(run: SyncRun, *, force: bool, now: datetime) -> None:
    """Raise PlanStaleError when a run's plan cannot be applied, and why."""
    if not is_plan(run):
        raise PlanStaleError("plan_missing", run=run.pk)
    if run.plan_end_code:
        raise PlanStaleError(run.plan_end_code, **run.plan_end_params)
    if now - Seal.load(run.seal).planned_at > LASTS:
        raise PlanStaleError("plan_expired", run=run.pk, days=LASTS.days)
    server = run.endpoint
    if server is None or not server.enabled:
        raise PlanStaleError("server_switched_off", server=str(server))
    if needs_force(run) and not force:
        raise PlanStaleError("plan_needs_force", run=run.pk)


def enqueue_plan(run: SyncRun, *, user: "User | None", force: bool) -> SyncRun:
    """Put the carrying out of a plan into the queue; raise as `check_plan`, or RunAlreadyActiveError."""
    check_plan(run, force=force, now=timezone.now())
    return enqueue_run(
        endpoint_id=run.server_id,
        mode=RunMode.APPLY,
        trigger=RunTrigger.MANUAL,
        user=user,
        force=force,
        anchors=run.anchors,
        applies=run,
    )


def end_of_plan(run: SyncRun, *, now: datetime) -> Message | None:
    """Say why a plan cannot be applied any more, None where it can, with or without force."""
    try:
        check_plan(run, force=True, now=now)
    except PlanStaleError as error:
        return Message(error.code, error.params)
    return None


def discard_plan(run_id: int, *, who: str) -> None:
    """Give up a plan; raise PlanStaleError where there is none to give up."""
    run = SyncRun.objects.filter(pk=run_id).first()
    if run is None:
        raise PlanStaleError("run_unknown", run=run_id)
    if not is_plan(run):
        raise PlanStaleError("plan_missing", run=run.pk)
    if not _end(run_id, "plan_discarded", {"run": run_id, "who": who}):
        run.refresh_from_db()
        raise PlanStaleError(run.plan_end_code, **run.plan_end_params)


def _end(run_id: int, code: str, params: dict[str, Any]) -> bool:
    """End a plan once; False when it has ended already."""
    return bool(SyncRun.objects.filter(pk=run_id, plan_end_code="").update(plan_end_code=code, plan_end_params=params))


def settle_plans(run: SyncRun) -> None:
    """After a run: its plan replaces an older held one, what it applied ends that plan, and a whole run overtakes."""
    held = SyncRun.objects.filter(endpoint=run.endpoint_id, status=RunStatus.HELD, plan_end_code="", id__lt=run.pk)
    whole = not run.anchors
    if run.read == ReadMode.INCREMENTAL:  # it says nothing of what a full read was held for
        held = held.filter(read=ReadMode.INCREMENTAL)
    if run.status == RunStatus.HELD and whole:
        _end_all(held, run, "plan_replaced")
    elif run.mode == RunMode.APPLY and run.status in APPLIED:
        if run.applies_id is not None:
            _end(run.applies_id, "plan_applied", {"run": run.applies_id, "by": run.pk})
        if whole:
            _end_all(held.filter(id__lt=run.applies_id or run.pk), run, "plan_overtaken")


def _end_all(held: Any, run: SyncRun, code: str) -> None:
    for run_id in held.values_list("id", flat=True):
        _end(run_id, code, {"run": run_id, "by": run.pk})
