"""Fields that several forms of servers have in common, and what is read of them."""

from typing import Any

from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Field
from syncapp.core.vocabulary import MatchKey
from syncapp.forms.brakes import LIMITS_HELP, LimitsField, ScheduleField
from syncapp.forms.fields import LinesField, OrderedChoicesField
from syncapp.models.endpoints import default_match_keys


def search_bases_field(**options: Any) -> LinesField:
    return LinesField(
        label=capfirst(_("search bases")),
        required=False,
        help_text=_("One per line: branches below the base DN that are read; none means everything below the base DN."),
        **options,
    )


def departments_field() -> LinesField:
    return LinesField(
        label=capfirst(_("departments")),
        required=False,
        help_text=_("One per line: departments that are read; none means all of them."),
    )


def match_keys_field(**options: Any) -> OrderedChoicesField:
    asked = _("By what an entry is recognised as an employee at first meeting, in this order.")
    return OrderedChoicesField(
        label=capfirst(_("match keys")),
        choices=[(key.value, Field(key.value).label) for key in MatchKey],
        initial=default_match_keys,
        **{"help_text": asked, **options},
    )


def limits_field() -> LimitsField:
    return LimitsField(
        label=capfirst(_("limits")),
        required=False,
        help_text=format_lazy("{} {}", LIMITS_HELP, _("An empty figure means the default.")),
    )


def schedule_field() -> ScheduleField:
    return ScheduleField(
        label=capfirst(_("schedule")),
        required=False,
        help_text=_(
            "When to synchronise without being asked. A cron expression has five parts: minute, hour, day of the "
            "month, month, day of the week; */5 8-19 * * 1-5 means every five minutes in working hours."
        ),
    )


class RegionMixin:
    """For forms with the country of a server: its two letters may be typed small."""

    cleaned_data: dict[str, Any]

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).upper()
