"""Filters whose choices stay few, however many people there are."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from syncapp.choices import Field, Happening, State, Status
from syncapp.core import vocabulary as words
from syncapp.core.vocabulary import MATTERS
from syncapp.models import Employee, SyncRecord
from syncapp.store import happenings, leavers

MOST_DEPARTMENTS = 50
NO_DEPARTMENT = "-"


class DepartmentFilter(DropdownFilter):
    """The largest departments; the others are found by the search field."""

    title = _("department")
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        largest = (
            Employee.objects.exclude(department="")
            .values_list("department")
            .annotate(people=Count("pk"))
            .order_by("-people", "department")[:MOST_DEPARTMENTS]
        )
        names = {name for name, _people in largest}
        chosen = request.GET.get(self.parameter_name, "")
        if chosen and chosen != NO_DEPARTMENT:
            names.add(chosen)
        return [(NO_DEPARTMENT, _("without department")), *((name, name) for name in sorted(names))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(department="" if self.value() == NO_DEPARTMENT else self.value())


class ChangedFieldFilter(DropdownFilter):
    """Items that change a field, on either side."""

    title = _("changed field")
    parameter_name = "field"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        return Field.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in Field.values:
            return queryset
        return happenings.with_text(queryset).filter(happenings.holds("field", self.value()))


class HappeningFilter(DropdownFilter):
    """Items by what the run does to the person, or would do."""

    title = _("what happens")
    parameter_name = "happens"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        return Happening.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in Happening.values:
            return queryset
        return happenings.with_text(queryset).filter(happenings.happens(Happening(self.value())))


class RecordStatusFilter(DropdownFilter):
    """Status of the employee on any server."""

    title = _("status on a server")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        return [("none", _("on no server")), *Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        records = SyncRecord.objects.filter(employee=OuterRef("pk"))
        if self.value() == "none":
            return queryset.filter(~Exists(records))
        return queryset.filter(Exists(records.filter(status=self.value()))) if self.value() else queryset


class EmployeeStateFilter(DropdownFilter):
    """State of the employee over all directories (rule D1)."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        return [*State.choices, ("archived", _("archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "archived":
            return queryset.filter(archived_at__isnull=False)
        if not self.value():
            return queryset
        return queryset.filter(leavers.in_state(words.State(self.value())))


class AttentionFilter(DropdownFilter):
    """Records that wait for a person."""

    title = _("open matter")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[Any, Any]]:
        return [("1", _("failed, conflict or proposed")), ("waiting", _("waits for the server"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "waiting":
            return queryset.filter(waiting=True)
        return queryset.filter(status__in=sorted(MATTERS)) if self.value() else queryset
