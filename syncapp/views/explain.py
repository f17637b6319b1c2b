"""Why is this person here, or not? A search box, and the answer step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from syncapp.choices import Field
from syncapp.core.records import Message
from syncapp.messages.naming import Naming
from syncapp.models import Employee, SyncRecord
from syncapp.services.endpoints import all_synchronised
from syncapp.services.explain import Explanation, FieldTold, ServerTold, explain, explain_employee, explain_record
from syncapp.views.access import allow, may_explain
from syncapp.views.display import admin_link, moment, sentence, value_shown

# Steps that say what keeps somebody out, or what a person has to do: the page marks them.
OBSTACLES = frozenset(
    {
        *("scope_outside", "scope_kind", "scope_nobody", "scope_department", "scope_filter", "explain_out_of_scope"),
        *("explain_gone", "explain_not_there", "explain_server_off", "explain_several_entries"),
        *("explain_state_disabled", "explain_state_expired", "explain_frozen", "explain_frozen_archived"),
        *("explain_open", "explain_open_field", "match_ambiguous", "match_proposed", "match_similar"),
        *("match_recreated", "match_rehired", "match_twice", "number_waits", "number_of_leaver"),
        *("not_created_inactive", "not_created_off", "not_created_no_number", "not_created_nameless"),
        *("explain_disagrees", "number_pool_exhausted", "match_renamed"),
        *("explain_phone_disabled", "explain_phone_removed", "explain_phone_not_yet", "explain_phone_needs_number"),
        *("explain_phone_makes_nobody", "explain_phone_not_served", "phone_serves_unsaid"),
    }
)


@dataclass(frozen=True, slots=True)
class StepRow:
    text: str
    obstacle: bool

    @classmethod
    def of(cls, step: Message, naming: Naming) -> Self:
        return cls(sentence(step.code, step.params, naming), step.code in OBSTACLES)


@dataclass(frozen=True, slots=True)
class FieldRow:
    title: str
    attribute: str
    here: str
    there: str
    agreed: str
    why: str
    effects: Sequence[str]
    changed: str

    @classmethod
    def of(cls, told: FieldTold, naming: Naming) -> Self:
        field = told.field.value
        return cls(
            title=capfirst(str(Field(field).label)),
            attribute=told.attribute,
            here=_shown(field, told.local),
            there=_joined(field, (*told.remote, *told.foreign)),
            agreed=_joined(field, tuple(dict.fromkeys(told.agreed))) if told.agreed is not None else "–",
            why=sentence(told.why.code, told.why.params, naming),
            effects=[sentence(effect.code, effect.params, naming) for effect in told.effects],
            changed=_changed(told),
        )


@dataclass(frozen=True, slots=True)
class ServerCard:
    title: SafeString
    in_hub: str
    in_it: str
    error: str
    steps: Sequence[StepRow]
    links: Sequence[SafeString]
    fields: Sequence[FieldRow]

    @classmethod
    def of(cls, told: ServerTold) -> Self:
        links = [admin_link("syncapp_syncrecord_change", told.record_id, _("Sync record"))] if told.record_id else []
        links += [
            admin_link("syncapp_conflict_change", pk, _("Conflict #%(number)s") % {"number": pk})
            for pk in told.conflict_ids
        ]
        return cls(
            title=format_html("{}", told.server),
            in_hub=capfirst(str(told.naming.in_hub)),
            in_it=capfirst(str(told.naming.in_it)),
            error=sentence(told.error.code, told.error.params, told.naming) if told.error is not None else "",
            steps=[StepRow.of(step, told.naming) for step in told.steps],
            links=links,
            fields=[FieldRow.of(each, told.naming) for each in told.fields],
        )


@require_safe
def explain_view(request: HttpRequest) -> HttpResponse:
    """Answer with the page at once; where somebody is asked for, the page then asks for the explanation."""
    allow(may_explain(request))
    text = request.GET.get("q", "").strip()
    answer = _asked(request, text)
    if answer is not None and "HX-Request" in request.headers:
        return render(request, "admin/syncapp/explain/answer.html", _context(answer()))
    context = {
        **admin.site.each_context(request),
        "title": _("Explain"),
        "text": text,
        "asked": answer is not None,
        "address": request.get_full_path(),
    }
    return render(request, "admin/syncapp/explain/page.html", context)


def _asked(request: HttpRequest, text: str) -> Callable[[], Explanation] | None:
    """What to ask for: an employee, a record, or a text; None for the search box alone."""
    servers = all_synchronised()
    employee, record = request.GET.get("employee", ""), request.GET.get("record", "")
    if employee.isdecimal():
        person = get_object_or_404(Employee, pk=int(employee))
        return lambda: explain_employee(person, servers=servers)
    if record.isdecimal():
        row = get_object_or_404(SyncRecord.objects.select_related("employee"), pk=int(record))
        return lambda: explain_record(row)
    return (lambda: explain(text, servers=servers)) if text else None


def _context(explanation: Explanation) -> dict[str, Any]:
    employee = ""
    if explanation.employee_id is not None:
        employee = admin_link("syncapp_employee_change", explanation.employee_id, _("Employee"))
    return {
        "explanation": explanation,
        "employee": employee,
        "facts": [sentence(fact.code, fact.params) for fact in explanation.facts],
        "people": [
            {"server": server, "found": found, "url": f"{reverse('admin:syncapp_explain')}?{urlencode({'q': asked})}"}
            for server, found in explanation.people
            if (asked := found.dn or found.email or found.extension or found.name)
        ],
        "servers": [ServerCard.of(told) for told in explanation.servers],
    }


def _shown(field: str, value: str) -> str:
    return value_shown(field, value) if value else "–"


def _joined(field: str, values: Sequence[str]) -> str:
    return format_html_join(", ", "{}", ((_shown(field, value),) for value in values)) or "–"


def _changed(told: FieldTold) -> str:
    changed = told.changed
    if changed is None:
        return "–"
    link = admin_link("syncapp_syncrun_change", changed.run_id, _("run #%(number)s") % {"number": changed.run_id})
    return format_html("{}, {}, {}", moment(changed.at), changed.naming.side(changed.side), link)
