"""Saying that an entry is somebody else's after all: first what that does, then doing it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field
from syncapp.exceptions import SyncError
from syncapp.models import SyncRecord
from syncapp.services.untying import Brought, Join, join_of, untie
from syncapp.store.naming import naming_of
from syncapp.views.access import allow, current_user, may_decide
from syncapp.views.display import admin_link, before_and_after, changes_table, moment, sentence


@dataclass(frozen=True, slots=True)
class BroughtView:
    field: str
    before: str
    after: str
    prospect: str  # what restoring would do

    @classmethod
    def of(cls, brought: Brought) -> Self:
        name = brought.field.value
        before, after = before_and_after({"field": name, "before": brought.before, "after": brought.after})
        return cls(capfirst(str(Field(name).label)), before, after, _prospect(brought))


def _prospect(brought: Brought) -> str:
    if brought.restored is not None:
        return _("can be put back")
    return {
        "changed": _("was changed since, and stays as it is"),
        "number": _("stays: the former number belongs to somebody else, or rests"),
        "kept": _("stays: the former one is not kept here"),
    }[brought.obstacle]


@dataclass(frozen=True, slots=True)
class JoinView:
    """A join in words."""

    join: Join

    @property
    def how(self) -> str:
        item = self.join.item
        when = moment(item.run.finished_at or item.run.started_at)
        reason = sentence(item.message_code, item.message_params, naming_of(self.join.record))
        return _("Since %(when)s: %(reason)s") % {"when": when, "reason": reason}

    @property
    def run(self) -> SafeString:
        return admin_link("syncapp_syncrun_change", self.join.item.run_id, self.join.item.run)

    @property
    def employee(self) -> SafeString:
        return admin_link("syncapp_employee_change", self.join.employee.pk, self.join.employee)

    @property
    def brought(self) -> Iterable[BroughtView]:
        return [BroughtView.of(each) for each in self.join.brought]

    @property
    def sent(self) -> SafeString:
        return changes_table(self.join.sent, naming_of(self.join.record))


def untie_view(request: HttpRequest, record_id: int) -> HttpResponse:
    """Untie an entry from its employee; ask first, with what the join had brought."""
    allow(may_decide(request))
    record = get_object_or_404(SyncRecord.objects.select_related("employee", "endpoint"), pk=record_id)
    try:
        if request.method != "POST":
            join = join_of(record)
            context = {
                **admin.site.each_context(request),
                "title": _("This is somebody else"),
                "subtitle": str(record),
                "view": JoinView(join),
                "join": join,
                "original": record,
                "opts": SyncRecord._meta,
            }
            return render(request, "admin/syncapp/syncrecord/untie.html", context)
        seen = request.POST.get("employee", "")
        item = untie(
            record_id=record.pk,
            employee_id=int(seen) if seen.isdecimal() else 0,
            restore="restore" in request.POST,
            user=current_user(request),
        )
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        text = _("The entry is untied from %(name)s, and is never proposed for this employee again.")
        messages.success(request, text % {"name": item.name})
        if item.changes:
            messages.success(request, _("The values of %(name)s were put back.") % {"name": item.name})
    return redirect("admin:syncapp_syncrecord_change", record.pk)
