"""Number pools, with what is left of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from syncapp.admin.base import SiteAdmin, SiteChangeList
from syncapp.forms import NumberPoolForm
from syncapp.models import NumberPool
from syncapp.services import numbers

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
        (_("Rarely needed"), {"fields": ("cool_down_days", "number_plan"), "classes": ("collapse",)}),
    )
    list_display = ("name", "first", "last", "size", "used", "reserved_shown", "free", "next_free", "servers")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PoolList

    def get_queryset(self, request: HttpRequest) -> QuerySet[NumberPool]:
        return super().get_queryset(request).prefetch_related("endpoint_pools__endpoint")

    @admin.display(description=_("numbers"))
    def size(self, pool: Counted) -> int:
        return pool.usage.size

    @admin.display(description=_("used"))
    def used(self, pool: Counted) -> int:
        return pool.usage.used

    @admin.display(description=_("reserved"))
    def reserved_shown(self, pool: Counted) -> int:
        return pool.usage.reserved

    @admin.display(description=_("free"))
    def free(self, pool: Counted) -> int:
        return pool.usage.free

    @admin.display(description=_("next number"))
    def next_free(self, pool: Counted) -> str:
        return pool.usage.next or "–"

    @admin.display(description=_("servers"))
    def servers(self, pool: NumberPool) -> str:
        return ", ".join(sorted({link.endpoint.name for link in pool.endpoint_pools.all()}))
