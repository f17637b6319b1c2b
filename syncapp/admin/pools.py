"""Number pools, with what is left of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from syncapp.admin.base import SiteAdmin, SiteChangeList
from syncapp.admin.renames import follow_new_name
from syncapp.forms import NumberPoolForm
from syncapp.messages import use_text
from syncapp.models import NumberPool
from syncapp.services import numbers
from syncapp.views.display import admin_link, sentence

SHOWN = 100  # numbers in phone systems, on the page of a pool
Counted = Any  # a NumberPool with the `usage` that the list has added


class PoolList(SiteChangeList):
    """The pools of a page get their usage together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        usage = numbers.pool_usage(self.result_list)
        for pool in self.result_list:
            pool.usage = usage[pool.pk]


@admin.register(NumberPool)
class NumberPoolAdmin(SiteAdmin):
    form = NumberPoolForm
    fieldsets = (
        (None, {"fields": ("name", "first", "last", "reserved")}),
        (_("Numbers that cool down"), {"fields": ("cooling_numbers",)}),
        (_("Numbers in phone systems"), {"fields": ("numbers_in_phones",)}),
        (_("Rarely needed"), {"fields": ("cool_down_days", "number_plan"), "classes": ("collapse",)}),
    )
    readonly_fields = ("cooling_numbers", "numbers_in_phones")
    list_display = (
        "name",
        "first",
        "last",
        "size",
        "used",
        "reserved_shown",
        "cooling",
        "taken_in_phones",
        "free",
        "next_free",
        "servers",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PoolList

    def get_queryset(self, request: HttpRequest) -> QuerySet[NumberPool]:
        return super().get_queryset(request).prefetch_related("endpoint_pools__endpoint")

    def save_model(self, request: HttpRequest, obj: NumberPool, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            follow_new_name(request, form, way="pools")

    @admin.display(description=_("numbers"))
    def size(self, pool: Counted) -> int:
        return pool.usage.size

    @admin.display(description=_("used"))
    def used(self, pool: Counted) -> int:
        return pool.usage.used

    @admin.display(description=_("reserved"))
    def reserved_shown(self, pool: Counted) -> int:
        return pool.usage.reserved

    @admin.display(description=_("cooling"))
    def cooling(self, pool: Counted) -> str:
        """How many, and when the first of them may be given out again."""
        rows = pool.usage.cooling
        if not rows:
            return "0"
        until = date_format(timezone.localtime(rows[0].until), "SHORT_DATE_FORMAT")
        return gettext("%(count)d, the first until %(until)s") % {"count": len(rows), "until": until}

    @admin.display(description=_("in phone systems"))
    def taken_in_phones(self, pool: Counted) -> str:
        """How many of the pool's numbers phone systems have in use, apart from those of our people."""
        count = len(pool.usage.in_phones)
        return gettext("%(count)d, not up to date") % {"count": count} if pool.usage.unread else str(count)

    @admin.display(description=_("free"))
    def free(self, pool: Counted) -> int:
        return pool.usage.free

    @admin.display(description=_("next number"))
    def next_free(self, pool: Counted) -> str:
        return (not pool.usage.unread and pool.usage.next) or "–"

    @admin.display(description=_("given up by archived employees"))
    def cooling_numbers(self, pool: NumberPool) -> str:
        """Each number, until when nobody else is given it, and whose it was."""
        rows = numbers.pool_usage([pool])[pool.pk].cooling if pool.pk else ()
        until = gettext("until %(when)s")
        lines = (
            (
                row.extension,
                until % {"when": date_format(timezone.localtime(row.until), "SHORT_DATE_FORMAT")},
                admin_link("syncapp_employee_change", row.employee_id, row.employee),
            )
            for row in rows
        )
        shown = format_html_join("", '<div class="sync-message">{} {} ({})</div>', lines)
        return shown or gettext("none")

    @admin.display(description=_("taken there, apart from those of our people"))
    def numbers_in_phones(self, pool: NumberPool) -> str:
        """Each number with what has it; and why no number is given out at present."""
        usage = numbers.pool_usage([pool])[pool.pk] if pool.pk else None
        if usage is None:
            return gettext("none")
        lines = [f"{number}: {use_text(*use)}" for number, use in usage.in_phones[:SHOWN]]
        more = len(usage.in_phones) - len(lines)
        if more:
            lines.append(ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})
        if usage.unread:
            lines.insert(0, sentence("pool_phones_unread", {"systems": list(usage.unread)}))
        return format_html_join("", '<div class="sync-message">{}</div>', ((line,) for line in lines)) or gettext(
            "none"
        )

    @admin.display(description=_("servers"))
    def servers(self, pool: NumberPool) -> str:
        return ", ".join(sorted({link.endpoint.name for link in pool.endpoint_pools.all()}))
