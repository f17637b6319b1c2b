"""Brakes and schedule of a server: inputs of their own for what the database keeps as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from syncapp.core.limits import BEGINS_AFTER, DEFAULTS, Limit
from syncapp.core.schedule import LONGEST_INTERVAL
from syncapp.services.directory_settings.endpoints import LIMIT_KINDS

LIMIT_LABELS: Mapping[str, Promise] = {
    "lost": _("People missing"),
    "disabled": _("People disabled"),
    "created": _("Employees created"),
    "replaced": _("People with a value replaced"),
    "emptied": _("People with a value emptied"),
    "renumbered": _("People with another extension"),
    "written_back": _("People changed on the server"),
    "conflicts": _("People with a new conflict"),
}
FIGURES: Mapping[str, Promise] = {"number": _("Count"), "percent": _("Percent"), "ceiling": _("Ceiling")}
HIGHEST = {"percent": 100}
LIMITS_HELP = _(
    "A run that would change more than this is held until somebody has looked: the larger of the count and the "
    "share of the people tied to the server, but never more than the ceiling. What the last 24 hours applied "
    "counts, too."
)
EVERY, FASTER, CRON, OFF = "every_minutes", "faster_after_change", "cron", "off"


class LimitsWidget(forms.MultiWidget):
    """A table: a line for each kind of change, with three figures; what is empty shows its default."""

    widgets_names: list[str]

    def __init__(self) -> None:
        parts = {
            f"{kind}_{figure}": UnfoldAdminIntegerFieldWidget(
                {
                    "min": 0,
                    **({"max": HIGHEST[figure]} if figure in HIGHEST else {}),
                    "placeholder": getattr(DEFAULTS[kind], figure),
                    "inputmode": "numeric",
                }
            )
            for kind in LIMIT_KINDS
            for figure in FIGURES
        }
        super().__init__(parts)

    def decompress(self, value: Any) -> list[Any]:
        return flattened(value)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Render by a template of the site: those of form libraries know no tables."""
        values = value if isinstance(value, list) else flattened(value)
        inputs = []
        for part, suffix, figure in zip(self.widgets, self.widgets_names, values, strict=True):
            kind, of = suffix.removeprefix("_").rsplit("_", 1)
            label = f"{LIMIT_LABELS[kind]}: {FIGURES[of]}"
            inputs.append(part.render(f"{name}{suffix}", figure, {"id": f"id_{name}{suffix}", "aria-label": label}))
        rows = [
            {
                "label": LIMIT_LABELS[kind],
                "begins_after": BEGINS_AFTER.get(kind, 0),
                "default": DEFAULTS[kind],
                "inputs": list(zip(FIGURES.values(), inputs[3 * number : 3 * number + 3], strict=True)),
            }
            for number, kind in enumerate(LIMIT_KINDS)
        ]
        return render_to_string("admin/syncapp/widgets/limits.html", {"rows": rows, "figures": FIGURES.values()})


def flattened(limits: Any) -> list[Any]:
    """Return the figures of all kinds one after the other; None where the default holds."""
    stored = limits if isinstance(limits, Mapping) else {}
    return [figure for kind in LIMIT_KINDS for figure in stored.get(kind, (None, None, None))]


class LimitsField(forms.Field):
    """Kinds of change to [count, percent, ceiling]; a kind of which nothing was typed is left out."""

    widget = LimitsWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else flattened(value)

    def clean(self, value: Any) -> dict[str, list[int]]:
        if isinstance(value, Mapping):
            return dict(value)
        limits: dict[str, list[int]] = {}
        wrong = []
        for number, kind in enumerate(LIMIT_KINDS):
            typed = [str(figure or "").strip() for figure in value[3 * number : 3 * number + 3]]
            if not any(typed):
                continue
            try:
                limits[kind] = _figures(typed, DEFAULTS[kind])
            except ValueError:
                text = _("%(kind)s: whole numbers from 0 on, and a share of 100 percent at most.")
                wrong.append(ValidationError(text, code="figures", params={"kind": LIMIT_LABELS[kind]}))
        if wrong:
            raise ValidationError(wrong)
        return limits

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(initial or {}) != self.clean(data))
        except ValidationError:
            return True


def _figures(typed: Sequence[str], default: Limit) -> list[int]:
    """Read three figures, the default's for those that are empty; raise ValueError."""
    figures = [int(text) if text else usual for text, usual in zip(typed, default, strict=True)]
    if any(text and not (text.isascii() and text.isdigit()) for text in typed) or figures[1] > HIGHEST["percent"]:
        raise ValueError
    return figures


class ScheduleWidget(forms.MultiWidget):
    """One of three: only when asked, every so many minutes, by a cron expression."""

    widgets_names: list[str]

    def __init__(self) -> None:
        super().__init__(
            {
                "mode": forms.RadioSelect(),
                "minutes": UnfoldAdminIntegerFieldWidget(
                    {"min": 1, "max": LONGEST_INTERVAL, "placeholder": 60, "inputmode": "numeric"}
                ),
                "faster": UnfoldAdminIntegerFieldWidget(
                    {"min": 1, "max": LONGEST_INTERVAL, "placeholder": "—", "inputmode": "numeric"}
                ),
                "cron": UnfoldAdminTextInputWidget({"placeholder": "*/5 8-19 * * 1-5", "spellcheck": "false"}),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        return taken_apart(value)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        mode, *typed = value if isinstance(value, list) else taken_apart(value)
        labels = {
            "_minutes": _("minutes between two runs"),
            "_faster": _("minutes between two runs in the hour after a change"),
            "_cron": _("cron expression"),
        }
        inputs = [
            part.render(f"{name}{suffix}", text, {"id": f"id_{name}{suffix}", "aria-label": labels[suffix]})
            for part, suffix, text in zip(self.widgets[1:], self.widgets_names[1:], typed, strict=True)
        ]
        context = {"name": name, "mode": mode or OFF, "minutes": inputs[0], "faster": inputs[1], "cron": inputs[2]}
        return render_to_string("admin/syncapp/widgets/schedule.html", context)


def taken_apart(schedule: Any) -> list[Any]:
    """Return mode, minutes, those after a change, and cron expression of a stored schedule."""
    stored = schedule if isinstance(schedule, Mapping) else {}
    mode = next((key for key in (EVERY, CRON) if key in stored), OFF)
    return [mode, stored.get(EVERY), stored.get(FASTER), stored.get(CRON)]


class ScheduleField(forms.Field):
    """A schedule as it is stored; off is the empty one. What is typed is judged where configuration files are, too."""

    widget = ScheduleWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else taken_apart(value)

    def clean(self, value: Any) -> dict[str, Any]:
        mode, minutes, faster, cron = self.prepare_value(value)
        if mode == EVERY:
            return {EVERY: _number(minutes)} | ({FASTER: _number(faster)} if str(faster or "").strip() else {})
        return {CRON: " ".join(str(cron or "").split())} if mode == CRON else {}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.clean(initial or {}) != self.clean(data)


def _number(typed: Any) -> int | str:
    """Read a whole number; what is none is given back, to be judged with the rest of the schedule."""
    text = str(typed or "").strip()
    return int(text) if text.isascii() and text.isdigit() else text
