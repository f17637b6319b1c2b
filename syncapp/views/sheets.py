"""Lists as sheets to download, and employees from a sheet: shown first, then carried out as shown."""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from syncapp.exceptions import SyncError
from syncapp.forms.sheets import SheetForm
from syncapp.messages.naming import OF_ANY
from syncapp.models import Employee
from syncapp.resources import as_csv, as_xlsx
from syncapp.services.sheets.applying import apply_sheet
from syncapp.services.sheets.columns import Sheet
from syncapp.services.sheets.planning import RowPlan, SheetPlan, plan_sheet
from syncapp.store.items import dump_changes
from syncapp.views.access import allow, current_user, may_add_employees, may_change_employees, may_see_runs
from syncapp.views.display import changes_table, sentence
from syncapp.views.download import download

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEPT = 3600  # seconds that a sheet waits for its confirmation
SHOWN = 100  # rows of each kind on the page


@require_safe
def export_list(request: HttpRequest, *, page: Any, format_name: str) -> HttpResponseBase:
    """The rows of a list as a file, filtered and sorted as the address says."""
    allow(page.has_view_permission(request))
    if format_name not in ("csv", "xlsx"):
        raise Http404
    try:
        rows = page.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        raise Http404 from None
    name = f"{page.opts.model_name}-{timezone.localdate().isoformat()}.{format_name}"
    if format_name == "csv":
        return download(as_csv(page.resource(), rows), name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(as_xlsx(page.resource(), rows), content_type=XLSX_TYPE, headers=headers)


@require_http_methods(["GET", "POST"])
def import_view(request: HttpRequest) -> HttpResponse:
    """Take a sheet and show what it would do. Nothing is changed."""
    allow(may_change_employees(request))
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sheet: Sheet = form.cleaned_data["file"]
        try:
            return _preview(request, sheet)
        except SyncError as error:
            form.add_error("file", sentence(error.code, error.params))
    return _page(request, form=form)


@require_POST
def apply_import_view(request: HttpRequest) -> HttpResponse:
    """Import the sheet that was shown, if it would still do the same."""
    allow(may_change_employees(request))
    key = _key(request, request.POST.get("sheet", ""))
    sheet: Sheet | None = cache.get(key)
    if sheet is None:
        messages.error(request, _("The preview is older than an hour, or was imported already. Choose the file again."))
        return redirect("admin:syncapp_employee_import")
    try:
        run = apply_sheet(
            sheet,
            digest=request.POST.get("digest", ""),
            may_add=may_add_employees(request),
            user=current_user(request),
        )
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
        return _preview(request, sheet)
    cache.delete(key)
    people = sum(run.counts.values())
    text = ngettext("%(count)d person was imported.", "%(count)d people were imported.", people)
    messages.success(request, text % {"count": people})
    if may_see_runs(request):
        return redirect("admin:syncapp_syncrun_change", run.pk)
    return redirect("admin:syncapp_employee_changelist")


def _key(request: HttpRequest, token: str) -> str:
    return f"sheet-{current_user(request).pk}-{token if token.isalnum() else ''}"


def _preview(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    plan = plan_sheet(sheet, may_add=may_add_employees(request))
    token = ""
    if plan.rows and not plan.mistakes:
        token = secrets.token_hex(16)
        cache.set(_key(request, token), sheet, KEPT)
    return _page(
        request,
        form=SheetForm(),
        plan=plan,
        token=token,
        created=[_shown(row) for row in plan.created[:SHOWN]],
        changed=[_shown(row) for row in plan.changed[:SHOWN]],
        mistakes=[(number, sentence(each.code, each.params)) for number, each in plan.mistakes[:SHOWN]],
        more=_more(plan),
    )


def _shown(row: RowPlan) -> dict[str, Any]:
    return {"row": row, "changes": changes_table(dump_changes(row.changes), OF_ANY)}


def _more(plan: SheetPlan) -> int:
    """How many rows the page leaves out."""
    return sum(max(0, len(rows) - SHOWN) for rows in (plan.created, plan.changed, plan.mistakes))


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Import employees"),
        "opts": Employee._meta,
        **context,
    }
    return render(request, "admin/syncapp/employee/import.html", context)
