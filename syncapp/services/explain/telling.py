"""One entry of a server, step by step: where it is, why it is read or not, whose it is, what becomes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from syncapp.choices import Status
from syncapp.core.explain import FieldStory, KeyStory, is_strange
from syncapp.core.records import Message, RemoteRecord
from syncapp.core.sides import is_frozen, refusal_to_create, will_be_created
from syncapp.core.vocabulary import Field
from syncapp.exceptions import SyncError
from syncapp.messages.naming import Naming
from syncapp.models import Conflict, Employee, PhoneSystem, SyncRecord
from syncapp.services.endpoints import Synchronised, sends
from syncapp.services.explain.foresight import Foresight, foresee
from syncapp.services.explain.phones import found_there, gone_from, nobody_there
from syncapp.services.ports import EndpointSession
from syncapp.store.history import LastChange, last_changes, tied_since
from syncapp.store.snapshots import employee_names

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class FieldTold:
    """One mapped field: the values as they are, why, what comes of it, and when it last changed.

    `remote` are the readable values in the domain, `foreign` those that cannot be
    read. `agreed` are the last agreed values here and there. Secrets are masked.
    """

    field: Field
    attribute: str
    direction: str
    policy: str
    decision: str
    local: str
    remote: tuple[str, ...]
    foreign: tuple[str, ...]
    agreed: tuple[str, str] | None
    why: Message
    effects: tuple[Message, ...]
    changed: LastChange | None


@dataclass(slots=True)
class ServerTold:
    """What one server has to say. `error`: it could not be asked, or not to the end."""

    server: str
    server_id: int
    naming: Naming
    steps: list[Message] = field(default_factory=list)
    fields: list[FieldTold] = field(default_factory=list)
    error: Message | None = None
    record_id: int | None = None
    conflict_ids: list[int] = field(default_factory=list)


def tell_entry(
    told: ServerTold, server: Synchronised, session: EndpointSession, entry: RemoteRecord, record: SyncRecord | None
) -> None:
    """Add the steps of an entry that was found; raise SyncError."""
    if isinstance(server, PhoneSystem):  # it has no parts that are not read
        told.steps += [*found_there(server, entry), *_tie(record)]
        reasons: Sequence[Message] = ()
    else:
        told.steps.append(Message("explain_found", {"dn": entry.dn, "server": server.name, "anchor": entry.anchor}))
        told.steps.append(Message(f"explain_state_{entry.state.value}"))
        told.steps += _tie(record)
        reasons = session.exclusions(entry.dn, now=timezone.now())
        told.steps += [Message("explain_out_of_scope"), *reasons] if reasons else [Message("explain_in_scope")]
    if not server.enabled:
        told.steps.append(Message("explain_server_off", {"server": server.name}))
    if record is not None:
        told.steps += _open_matters(told, record)
    if reasons:
        return
    foresight = foresee(server, session, entry.anchor, entry.dn)
    if foresight is not None:
        told.steps += _outcome(server, foresight)
        changed = last_changes(foresight.plan.local.id) if foresight.plan.local is not None else {}
        told.fields = [_field(story, changed) for story in foresight.fields]


def tell_nobody(
    told: ServerTold, server: Synchronised, record: SyncRecord | None, employee: Employee | None, *, looked_for: str
) -> None:
    """Add the steps where the server shows no such entry."""
    phones = server if isinstance(server, PhoneSystem) else None
    if record is None and phones is not None:
        told.steps += nobody_there(phones, employee, looked_for=looked_for)
        return
    if record is None:
        told.steps.append(Message("explain_not_there", {"server": told.server, "text": looked_for}))
        return
    gone = Message("explain_gone", {"dn": record.dn, "server": told.server, "anchor": record.anchor})
    told.steps.append(gone if phones is None else gone_from(phones, record))
    tell_known(told, record)


def tell_known(told: ServerTold, record: SyncRecord) -> None:
    """Add what is known of an entry without asking the directory."""
    told.steps += _tie(record)
    told.steps += _open_matters(told, record)


def failed(told: ServerTold, error: SyncError) -> None:
    told.error = Message(error.code, error.params)


def _tie(record: SyncRecord | None) -> Iterator[Message]:
    """Whose the entry is, since when, and what the last run said of it."""
    if record is None:
        yield Message("explain_unknown")
        return
    if record.employee is None:
        yield Message("explain_untied", {"since": _day(record.created_at)})
    else:
        since = tied_since(record.employee.pk, record.pk)
        name = str(record.employee)
        if since is None:
            yield Message("explain_tied", {"employee": name, "since": _day(record.created_at)})
        else:
            yield Message("explain_tied_by", {"employee": name, "run": since.run_id, "since": _day(since.at)})
    if record.status in (Status.FAILED, Status.IGNORED) and record.message_code:
        yield Message(record.message_code, record.message_params)
    if record.refused:
        people = sorted(employee_names(record.refused).values())
        yield Message("explain_refused_people", {"people": people})


def _open_matters(told: ServerTold, record: SyncRecord) -> Iterator[Message]:
    for row in Conflict.objects.filter(record=record, closed_at__isnull=True).order_by("id"):
        told.conflict_ids.append(row.pk)
        params = {"matter": row.kind, "conflict": row.pk, "since": _day(row.opened_at)}
        yield (
            Message("explain_open_field", {**params, "field": row.field})
            if row.field
            else Message("explain_open", params)
        )


def _outcome(server: Synchronised, foresight: Foresight) -> Iterator[Message]:
    """What the next run does with the person as a whole."""
    plan, sides, person = foresight.plan, foresight.sides, foresight.person
    if foresight.record is None or foresight.record.employee_id is None:
        yield from _keys(foresight.keys)
        yield from _who_it_is(foresight)
    if plan.local is not None and is_frozen(person, plan.local):
        yield Message("explain_frozen_archived" if plan.local.archived else "explain_frozen")
    pushes = any(rule.pushes for rule in sides.options.rules)
    if pushes and not sides.outward.allowed and foresight.fields:
        yield Message("explain_first_run" if sends(server) and foresight.first_run else "explain_write_back_off")
    if plan.failure is not None:
        yield plan.failure
    if plan.record is not None and not plan.record.open_matters and is_strange(plan):
        yield from plan.matter_texts


def _keys(stories: Sequence[KeyStory]) -> Iterator[Message]:
    """By what the entry could be recognised, and who has it."""
    names = employee_names({id_ for story in stories for id_ in story.employees})
    if not stories:
        yield Message("explain_no_keys")
    for story in stories:
        params = {"key": story.key.value, "value": story.value, "count": story.entries}
        people = [names[id_] for id_ in story.employees]
        code = "explain_key_nobody" if not people else "explain_key_one"
        if people and (len(people) > 1 or story.entries > 1):
            code = "explain_key_shared"
        yield Message(code, {**params, "people": people})


def _who_it_is(foresight: Foresight) -> Iterator[Message]:
    plan, sides, person = foresight.plan, foresight.sides, foresight.person
    joined = sides.matches.joined.get(person.anchor)
    matter = sides.matches.matters.get(person.anchor)
    if joined is not None:
        names = employee_names([joined[0]])
        yield Message("explain_would_join", {"key": joined[1].value, "employee": names[joined[0]]})
    elif matter is not None:
        yield from plan.matter_texts
        names = employee_names([candidate.employee_id for candidate in matter.candidates])
        for candidate in matter.candidates:
            name = names[candidate.employee_id]
            if candidate.agrees:
                yield Message("explain_agrees", {"employee": name, "fields": [key.value for key in candidate.agrees]})
            if candidate.disagrees:
                keys = [key.value for key in candidate.disagrees]
                yield Message("explain_disagrees", {"employee": name, "fields": keys})
    elif will_be_created(person, sides):
        yield Message("explain_would_create")
    elif (refusal := refusal_to_create(person, sides.options)) is not None and plan.failure is None:
        yield refusal


def _field(story: FieldStory, changed: Mapping[Field, LastChange]) -> FieldTold:
    rule, base = story.rule, story.base
    hide = _masked if rule.field is Field.SIP_SECRET else str
    return FieldTold(
        field=rule.field,
        attribute=rule.attribute,
        direction=rule.direction.value,
        policy=rule.policy.value,
        decision=story.decision.value,
        local=hide(story.local),
        remote=tuple(map(hide, story.remote.values)),
        foreign=tuple(map(hide, story.remote.foreign)),
        agreed=(hide(base.local), hide(base.remote)) if base is not None else None,
        why=story.why,
        effects=story.effects,
        changed=changed.get(rule.field),
    )


def _masked(value: str) -> str:
    return HIDDEN if value else ""


def _day(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment is not None else ""


def employee_facts(employee: Employee) -> list[Message]:
    """Who the person is here."""
    params = {
        "employee": str(employee),
        "extension": employee.extension,
        "mobile": employee.mobile,
        "email": employee.email,
    }
    facts = [Message("explain_employee", params)]
    if employee.archived_at:
        facts.append(Message("explain_archived", {"since": _day(employee.archived_at)}))
    if employee.number_issued and employee.extension:
        facts.append(Message("explain_number_issued", {"number": employee.extension}))
    return facts
