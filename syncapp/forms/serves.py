"""Whom a phone system serves: everybody, or people who are named in one of three ways."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from syncapp.forms.fields import lines_of
from syncapp.services.phone_systems import WAYS_TO_SERVE

EVERYBODY = "everybody"


class ServesWidget(forms.MultiWidget):
    """One of four: everybody, directories or pools to tick, departments to type."""

    widgets_names: list[str]

    def __init__(self) -> None:
        super().__init__(
            {
                "mode": forms.RadioSelect(),
                "directories": forms.CheckboxSelectMultiple(),
                "departments": UnfoldAdminExpandableTextareaWidget(),
                "pools": forms.CheckboxSelectMultiple(),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        return taken_apart(value)

    def offer(self, directories: Iterable[str], pools: Iterable[str]) -> None:
        for part, names in ((self.widgets[1], directories), (self.widgets[3], pools)):
            if isinstance(part, forms.CheckboxSelectMultiple):
                part.choices = [(name, name) for name in names]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        mode, directories, departments, pools = value if isinstance(value, list) else taken_apart(value)
        typed = self.widgets[2].render(
            f"{name}_departments",
            departments,
            {"id": f"id_{name}_departments", "rows": 3, "aria-label": _("Departments, one per line")},
        )
        context = {
            "name": name,
            "mode": mode,
            "directories": _ticks(self.widgets[1], directories),
            "departments": typed,
            "pools": _ticks(self.widgets[3], pools),
        }
        return render_to_string("admin/syncapp/widgets/serves.html", context)


def _ticks(part: Any, chosen: Collection[str]) -> list[tuple[str, bool]]:
    return [(name, name in (chosen or ())) for name, _label in part.choices]


def taken_apart(serves: Any) -> list[Any]:
    """Return the way in which it is said, the directories, the departments as lines, and the pools."""
    stored = serves if isinstance(serves, Mapping) else {}
    mode = next((way for way in WAYS_TO_SERVE if way in stored), EVERYBODY)
    departments = "\n".join(stored.get("departments", ()))
    return [mode, list(stored.get("directories", ())), departments, list(stored.get("pools", ()))]


class ServesField(forms.Field):
    """Whom it serves as it is stored; everybody is the empty one. What was chosen is judged where files are, too."""

    widget = ServesWidget

    def offer(self, serves: Mapping[str, Any], *, directories: Collection[str], pools: Collection[str]) -> None:
        """Offer what there is, and what is stored and is not there any more: that has to be seen to be corrected."""
        _mode, named, _departments, drawn = taken_apart(serves)
        if isinstance(self.widget, ServesWidget):
            self.widget.offer(dict.fromkeys([*directories, *named]), dict.fromkeys([*pools, *drawn]))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else taken_apart(value)

    def clean(self, value: Any) -> dict[str, list[str]]:
        mode, directories, departments, pools = self.prepare_value(value)
        chosen = {
            "directories": list(directories or ()),
            "departments": lines_of(departments),
            "pools": list(pools or ()),
        }
        if mode not in (EVERYBODY, *chosen):  # what is not said must not mean everybody
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return {mode: chosen[mode]} if mode in chosen else {}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.clean(initial or {}) != self.clean(data)
