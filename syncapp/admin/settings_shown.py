"""Settings of a server for who may only look: in words, where the form has inputs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import help_text_for_field
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from syncapp.admin.base import SiteAdmin
from syncapp.choices import Field
from syncapp.core.limits import BEGINS_AFTER, DEFAULTS
from syncapp.core.schedule import rhythm_of
from syncapp.forms.brakes import FIGURES, LIMIT_LABELS, LIMITS_HELP
from syncapp.models import Endpoint

_IN_WORDS = ("limits", "schedule", "match_keys", "uris", "search_bases", "departments", "serves")
_SHOWN = {name: f"{name}_shown" for name in _IN_WORDS}


class ShownSettingsAdmin(SiteAdmin):
    """Shows what the database keeps as JSON as somebody reads it, to whom the form has nothing to offer."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": tuple(_SHOWN.get(str(name), name) for name in options["fields"])})
            for title, options in fieldsets
        ]

    @admin.display(description=_("limits"))
    def limits_shown(self, server: Endpoint) -> str:
        rows = [
            {
                "label": label,
                "begins_after": BEGINS_AFTER.get(kind, 0),
                "figures": list(zip(FIGURES.values(), server.limits.get(kind, DEFAULTS[kind]), strict=True)),
                "own": kind in server.limits,
            }
            for kind, label in LIMIT_LABELS.items()
        ]
        return render_to_string(
            "admin/syncapp/widgets/limits_shown.html", {"rows": rows, "figures": FIGURES.values(), "help": LIMITS_HELP}
        )

    @admin.display(description=_("schedule"))
    def schedule_shown(self, server: Endpoint) -> str:
        return schedule_text(server.schedule)

    @admin.display(description=_("match keys"))
    def match_keys_shown(self, server: Endpoint) -> str:
        keys = [capfirst(str(Field(key).label)) for key in server.match_keys]
        # The form's own words: who is recognised is another in a phone system than in a directory.
        return _lines(keys, self.form.base_fields["match_keys"].help_text)

    @admin.display(description=_("addresses"))
    def uris_shown(self, server: Any) -> str:
        return _lines(server.uris, help_text_for_field("uris", type(server)))

    @admin.display(description=_("search bases"))
    def search_bases_shown(self, server: Any) -> str:
        return _lines(server.search_bases, help_text_for_field("search_bases", type(server)))

    @admin.display(description=_("departments"))
    def departments_shown(self, server: Any) -> str:
        return _lines(server.departments, help_text_for_field("departments", type(server)))

    @admin.display(description=_("serves"))
    def serves_shown(self, server: Any) -> str:
        words = {
            "directories": _("People of these directories"),
            "departments": _("People of these departments"),
            "pools": _("People with a number of these pools"),
        }
        said = [f"{words[way]}: {', '.join(names)}" for way, names in server.serves.items() if way in words]
        return format_html_join("", "<div>{}</div>", ((each,) for each in said)) or str(
            _("Everybody, as long as it is the only phone system")
        )


def _lines(values: Sequence[str], means: str) -> str:
    """One value below the other, and what they mean: an order, or that there is none."""
    lines = format_html_join("", "<div>{}</div>", ((value,) for value in values)) or "–"
    return format_html('{}<p class="sync-side">{}</p>', lines, means)


def schedule_text(stored: Mapping[str, Any]) -> str:
    """Say when a server is synchronised by itself."""
    rhythm = rhythm_of(stored)
    if rhythm is None:
        return str(_("Only when somebody asks"))
    if rhythm.cron:
        return _("By the cron expression %(cron)s: minute, hour, day of the month, month, day of the week") % {
            "cron": rhythm.cron
        }
    usual = ngettext("Every %(count)d minute", "Every %(count)d minutes", rhythm.every_minutes) % {
        "count": rhythm.every_minutes
    }
    if not rhythm.faster_after_change:
        return usual
    faster = ngettext(
        "for an hour after a change every %(count)d minute",
        "for an hour after a change every %(count)d minutes",
        rhythm.faster_after_change,
    ) % {"count": rhythm.faster_after_change}
    return f"{usual}; {faster}"
