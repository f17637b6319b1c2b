"""How endpoints stand: whether their runs succeed, since when not and why, and when the next one comes by itself.

Nothing of this is stored on the endpoint: it follows from its runs and its schedule.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_q.models import Schedule

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.core.records import Message
from syncapp.core.schedule import LIVELY, Rhythm, next_time, rhythm_of
from syncapp.directory.errors import LOGIN_CODES
from syncapp.models import DirectoryServer, Endpoint, PhoneSystem, SyncRun

# Rows of django-q2 whose names begin so are ours; all others are left alone.
OURS = "ldapsync: "

DONE = (RunStatus.COMPLETED, RunStatus.PARTIAL)
# A held run has read the server: it is not the server that fails.
WENT_THROUGH = (*DONE, RunStatus.HELD)
BROKE = (RunStatus.FAILED, RunStatus.CRASHED)
# Runs that failed without anybody having asked the server.
_NOT_THE_SERVER = Q(error_code__in=["run_already_active", "server_switched_off"]) | Q(error_code__startswith="plan_")
_CHANGED = Q(counts__created__gt=0) | Q(counts__updated__gt=0) | Q(counts__written_back__gt=0)
# What an account or key that is refused is called: trying again locks an account.
_REFUSED = frozenset({*LOGIN_CODES, "phone_key_refused"})
_KINDS: tuple[Any, ...] = (DirectoryServer, PhoneSystem)
BY_A_PERSON = (RunTrigger.MANUAL, RunTrigger.COMMAND)


class Health(StrEnum):
    OK = "ok"
    NEVER_RAN = "never_ran"
    FAILING = "failing"
    STOPPED = "stopped"  # the directory refused the account: nothing is tried by itself
    HELD = "held"


class WhyNot(StrEnum):
    """Why nothing runs by itself."""

    SWITCHED_OFF = "switched_off"
    NOT_GIVEN = "not_given"
    OFF = "off"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one endpoint stands.

    `failures` have come in a row since `failing_since`, the last one for `reason`.
    `last_success` is the end of the last run that applied what it found about
    everybody. `last_run_id` is the last run that said something about the server,
    whatever that was. `next_run` is None where nothing runs by itself, and `why_not`
    says why. `due` is when the rhythm wants the next run, whatever stands in the
    queue. `may_apply`: a person has applied a run once (rule E2); until then runs of
    the schedule are previews.
    """

    endpoint_id: int
    health: Health
    failures: int = 0
    failing_since: datetime | None = None
    reason: Message | None = None
    last_success: datetime | None = None
    last_run_id: int | None = None
    next_run: datetime | None = None
    why_not: WhyNot | None = None
    due: datetime | None = None
    may_apply: bool = False


def standing_of(endpoint_id: int, *, now: datetime | None = None) -> Standing:
    return standings([endpoint_id], now=now)[endpoint_id]


def standings(endpoint_ids: Iterable[int] | None = None, *, now: datetime | None = None) -> dict[int, Standing]:
    """Return how endpoints stand, all of them where none are named: five queries, however many there are."""
    now = now or timezone.now()
    endpoints = Endpoint.objects.order_by("rank", "name")
    if endpoint_ids is not None:
        endpoints = endpoints.filter(pk__in=list(endpoint_ids))
    rows = list(_with_runs(endpoints, now))
    runs = SyncRun.objects.in_bulk({pk for row in rows for pk in (row.last_good_id, row.last_broken_id) if pk})
    # One for each endpoint, whatever the table would take: a restored row may stand there twice.
    scheduled = dict(Schedule.objects.filter(name__startswith=OURS).order_by("-pk").values_list("name", "next_run"))
    marks = {
        server.pk: access_of(server)
        for kind in _KINDS
        for server in kind.objects.filter(pk__in=[row.pk for row in rows])
    }
    return {row.pk: _standing(row, runs, scheduled, marks.get(row.pk, ""), now) for row in rows}


def schedule_name(endpoint_id: int | str) -> str:
    return f"{OURS}server {endpoint_id}"


def access_of(server: DirectoryServer | PhoneSystem) -> str:
    """Return a mark of address, account and password or key: another one after each of them was set anew."""
    text = f"{server.address_scope()}\n{server.stored_secret.token}"
    return hashlib.sha256(text.encode()).hexdigest()


def seed_of(endpoint_id: int) -> int:
    """Return a number of this installation and endpoint: the key of the installation is part of it."""
    return int.from_bytes(salted_hmac("syncapp.schedule", str(endpoint_id), algorithm="sha256").digest()[:8])


def _with_runs(endpoints: QuerySet[Endpoint], now: datetime) -> Any:
    runs = SyncRun.objects.filter(endpoint=OuterRef("pk")).order_by("-id")
    applied = runs.filter(mode=RunMode.APPLY, status__in=DONE)
    whole = applied.filter(anchors=[])
    good = runs.filter(status__in=WENT_THROUGH)
    broken = runs.filter(status__in=BROKE).exclude(_NOT_THE_SERVER).filter(pk__gt=Coalesce(OuterRef("last_good_id"), 0))
    grouped = broken.order_by().values("endpoint")
    changed = applied.filter(_CHANGED, finished_at__gt=now - LIVELY)
    return endpoints.annotate(
        last_good_id=Subquery(good.values("pk")[:1]),
        last_success=Subquery(whole.values("finished_at")[:1]),
        last_change=Subquery(changed.values("finished_at")[:1]),
        may_apply=Exists(whole.filter(trigger__in=BY_A_PERSON)),
    ).annotate(
        failures=Coalesce(
            Subquery(grouped.annotate(number=Count("pk")).values("number")), Value(0), output_field=IntegerField()
        ),
        failing_since=Subquery(grouped.annotate(first=Min("finished_at")).values("first")),
        last_broken_id=Subquery(grouped.annotate(last=Max("pk")).values("last")),
    )


def _standing(
    row: Any, runs: Mapping[int, SyncRun], scheduled: Mapping[str, datetime], access: str, now: datetime
) -> Standing:
    good, broken = runs.get(row.last_good_id), runs.get(row.last_broken_id)
    last = broken or good
    refused = broken is not None and broken.error_code in _REFUSED
    stopped = refused and broken is not None and broken.access == access
    health = _health(row, good, broken, stopped=stopped)
    rhythm = rhythm_of(row.schedule)
    why_not = _why_not(row, rhythm, stopped=stopped)
    due = next_run = None
    if rhythm is not None and why_not is None:
        due = next_time(
            rhythm,
            now=now,
            seed=seed_of(row.pk),
            zone=timezone.get_default_timezone(),
            ended=last.finished_at if last is not None else None,
            # Somebody has set address, account or password anew since: a new beginning.
            failures=row.failures if broken is not None and broken.access in ("", access) else 0,
            changed=row.last_change,
        )
        next_run = scheduled.get(schedule_name(row.pk), due)
    return Standing(
        endpoint_id=row.pk,
        health=health,
        failures=row.failures,
        failing_since=row.failing_since,
        reason=Message(broken.error_code, broken.error_params) if broken is not None else None,
        last_success=row.last_success,
        last_run_id=last.pk if last is not None else None,
        next_run=next_run,
        why_not=why_not,
        due=due,
        may_apply=row.may_apply,
    )


def _health(row: Any, good: SyncRun | None, broken: SyncRun | None, *, stopped: bool) -> Health:
    if stopped:
        return Health.STOPPED
    if broken is not None:
        return Health.FAILING
    if good is not None and good.status == RunStatus.HELD and not good.plan_end_code:
        return Health.HELD
    return Health.OK if row.last_success else Health.NEVER_RAN


def _why_not(row: Endpoint, rhythm: Rhythm | None, *, stopped: bool) -> WhyNot | None:
    if not row.enabled:
        return WhyNot.SWITCHED_OFF
    if rhythm is None:
        return WhyNot.OFF if row.schedule else WhyNot.NOT_GIVEN
    return WhyNot.STOPPED if stopped else None
