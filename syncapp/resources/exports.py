"""Lists as sheets. A column stands here or it is not exported: no secret ever is."""

import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from import_export import fields, resources

from syncapp.choices import State, Status
from syncapp.core.spreadsheet import csv_lines, safe_cell
from syncapp.models import Employee, SyncRecord, SyncRun
from syncapp.services.sheets.columns import ID, LABELS
from syncapp.store.items import load_keys
from syncapp.store.leavers import state_over_all
from syncapp.store.naming import naming_of

# A telephone number computes to itself, and people want to read it as it is.
_NUMBER = re.compile(r"\+\d{5,15}", re.ASCII)
# XML has no way to say them, and openpyxl refuses them.
_NOT_IN_SHEETS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHUNK = 2000


class SheetResource(resources.ModelResource):
    """Every cell is a text; heads are in the reader's language."""

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [capfirst(str(field.column_name)) for field in self.get_export_fields(selected_fields)]

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> str:
        return _NOT_IN_SHEETS.sub("\N{REPLACEMENT CHARACTER}", _text(field.get_value(instance)))

    def cells(self, rows: "QuerySet[Any]") -> Iterator[list[str]]:
        """Yield the rows as they are read: the library would have all of them in memory, several times over."""
        columns = self.get_export_fields()
        for row in rows.iterator(chunk_size=_CHUNK):
            yield [self.export_field(column, row) for column in columns]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _column(label: Any, of: Callable[[Any], Any] | str) -> fields.Field:
    """A column with what a row has: an attribute's name, or a function of the row."""
    return fields.Field(attribute=of, column_name=label) if isinstance(of, str) else _Computed(label, of)


class _Computed(fields.Field):
    def __init__(self, label: Any, of: Callable[[Any], Any]) -> None:
        super().__init__(column_name=label, readonly=True)
        self._of = of

    def get_value(self, instance: Any) -> Any:
        return self._of(instance)


def _moment(value: Any) -> str:
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S") if value else ""


# Not `get_…_display`: for a hundred thousand rows that makes the choices over and over.
_STATES, _STATUSES = dict(State.choices), dict(Status.choices)


def _label(labels: Mapping[str, Any], value: str) -> str:
    return str(labels.get(value, value))


def _state(employee: Employee) -> str:
    if employee.archived_at:
        return str(_("archived"))
    state = state_over_all(employee.records.all())
    return _label(_STATES, state) if state else str(_("only here"))


def _on_servers(employee: Employee) -> str:
    return "; ".join(f"{record.endpoint}: {_label(_STATUSES, record.status)}" for record in employee.records.all())


class EmployeeResource(SheetResource):
    """The first columns are those that an import reads: an export can be edited and sent back."""

    id = _column(LABELS[ID], "id")
    name = _column(LABELS["name"], "name")
    extension = _column(LABELS["extension"], "extension")
    mobile = _column(LABELS["mobile"], "mobile")
    email = _column(LABELS["email"], "email")
    department = _column(LABELS["department"], "department")
    title = _column(LABELS["title"], "title")
    state = _column(_("state"), _state)
    servers = _column(_("on servers"), _on_servers)

    class Meta:
        model = Employee
        fields = ("id", "name", "extension", "mobile", "email", "department", "title", "state", "servers")


def _of_person(field: str, of_entry: Callable[[Any], str]) -> Callable[[SyncRecord], str]:
    """The employee's value, or that of an entry that is tied to nobody."""
    return lambda record: getattr(record.employee, field) if record.employee else of_entry(record)


def _keys(of: str) -> Callable[[SyncRecord], str]:
    return lambda record: ", ".join(getattr(load_keys(record.keys), of))


class RecordResource(SheetResource):
    server = _column(_("server"), "endpoint")
    name = _column(_("name"), _of_person("name", lambda record: record.name))
    extension = _column(_("extension"), _of_person("extension", _keys("extensions")))
    mobile = _column(_("mobile"), _of_person("mobile", _keys("mobiles")))
    email = _column(_("e-mail"), _of_person("email", _keys("emails")))
    state = _column(_("state"), lambda record: _label(_STATES, record.state))
    status = _column(_("status"), lambda record: _label(_STATUSES, record.status))
    updated = _column(_("updated"), lambda record: _moment(record.updated_at))
    where = _column(_("updated where"), lambda record: naming_of(record).side(record.updated_side))
    dn = _column("DN", "dn")
    anchor = _column(_("anchor"), "anchor")

    class Meta:
        model = SyncRecord
        fields = (
            *("server", "name", "extension", "mobile", "email", "state", "status", "updated", "where", "dn", "anchor"),
        )


def _count(name: str) -> Callable[[SyncRun], Any]:
    return lambda run: run.counts.get(name)


class RunResource(SheetResource):
    id = _column("#", "id")
    server = _column(_("server"), "endpoint")
    mode = _column(_("mode"), "get_mode_display")
    trigger = _column(_("started"), "get_trigger_display")
    who = _column(_("who"), "who")
    status = _column(_("status"), "get_status_display")
    started = _column(_("started at"), lambda run: _moment(run.started_at))
    finished = _column(_("finished"), lambda run: _moment(run.finished_at))
    read = _column(_("entries read"), _count("read"))
    created = _column(_("employees created"), _count("created"))
    updated = _column(_("employees changed"), _count("updated"))
    written_back = _column(_("changed on the server"), _count("written_back"))
    conflicts = _column(pgettext_lazy("count", "conflicts"), _count("conflicts"))
    failed = _column(pgettext_lazy("count", "failed"), _count("failed"))

    class Meta:
        model = SyncRun
        fields = (
            *("id", "server", "mode", "trigger", "who", "status", "started", "finished"),
            *("read", "created", "updated", "written_back", "conflicts", "failed"),
        )


def as_csv(resource: SheetResource, rows: "QuerySet[Any]") -> Iterator[str]:
    return csv_lines(resource.get_export_headers(), resource.cells(rows))


def as_xlsx(resource: SheetResource, rows: "QuerySet[Any]") -> bytes:
    """Return a workbook of one sheet, of which no cell is a formula."""
    from openpyxl import Workbook  # takes long, and every command would wait for it

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(resource.get_export_headers())
    for cells in resource.cells(rows):
        sheet.append([cell if _NUMBER.fullmatch(cell) else safe_cell(cell) for cell in cells])
    file = BytesIO()
    book.save(file)
    return file.getvalue()
