"""One translated template per code: errors, notes, remarks, outcomes.

Everything is stored and raised as a code with parameters; the text is made here,
when somebody reads it, in the reader's language. A template says what happened,
to what, and what to do.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field, MatterKind, NumberKind
from syncapp.messages import (
    adding,
    configuration,
    directory,
    explaining,
    health,
    limits,
    notifications,
    people,
    rights,
    runs,
    sheets,
    telephony,
    watching,
    writing,
)
from syncapp.messages.naming import OF_DIRECTORY, WORDS, Naming

TEMPLATES: dict[str, Promise] = {
    **adding.TEMPLATES,
    **configuration.TEMPLATES,
    **directory.TEMPLATES,
    **explaining.TEMPLATES,
    **health.TEMPLATES,
    **limits.TEMPLATES,
    **notifications.TEMPLATES,
    **people.TEMPLATES,
    **rights.TEMPLATES,
    **runs.TEMPLATES,
    **sheets.TEMPLATES,
    **watching.TEMPLATES,
    **telephony.TEMPLATES,
    **writing.TEMPLATES,
}


def render(code: str, params: Mapping[str, Any] | None = None, naming: Naming = OF_DIRECTORY) -> str:
    """Return the sentence of a code in the active language; '' for no code.

    Lists among the parameters are joined by commas, fields have their labels (with a
    capital where a sentence begins with one), and what is empty is shown as a dash.
    `naming`: how both sides of the endpoint are called that it is about.
    `here` and `there` are lists of fields with their values on a side, `came` one of
    fields with their values before and after.
    Templates with a plural are `ngettext_lazy(…, "count")`: their number is the parameter `count`.
    """
    if not code:
        return ""
    shown = _Filling({name: _shown(name, value) for name, value in (params or {}).items()})
    shown.naming = naming
    text = str(TEMPLATES[code] % shown)
    lower = (str(shown.get(name, "")) for name in ("field", "key", "it", "in_it"))
    return capfirst(text) if text.startswith(tuple(filter(None, lower))) else text


class _Filling(dict[str, Any]):
    """What fills a sentence: its parameters, and of the words for both sides those that it leaves open.

    Each of these is translated only where it is wanted: reports have a sentence for each of many people.
    """

    naming: Naming

    def __missing__(self, name: str) -> str:
        if name not in WORDS:
            raise KeyError(name)
        self[name] = str(getattr(self.naming, name))
        return str(self[name])


def _shown(name: str, value: Any) -> Any:
    if name in ("field", "key") and value in Field.values:
        return Field(value).label
    if name == "use":
        return use_text(*value)
    if name == "matter":
        return MatterKind(value).label
    if name == "fields":
        value = [Field(each).label for each in value]
    if name in ("here", "there"):
        value = [f"{Field(field).label} “{text}”" if text else f"{Field(field).label} –" for field, text in value]
        value = value or ""
    if name == "came":
        value = [_change(*each) for each in value] or ""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return "–" if value == "" else value


def use_text(kind: str, name: str, system: str) -> str:
    """Say what has a number in a phone system: queue “Sales” of “Head office”."""
    label = NumberKind(kind).label
    params = {"kind": label, "name": name, "system": system}
    return (_("%(kind)s “%(name)s” (%(system)s)") if name else _("%(kind)s (%(system)s)")) % params


def _change(field: str, before: str, after: str) -> str:
    label = str(Field(field).label)
    return f"{label} “{before or '–'}” → “{after or '–'}”" if before or after else label
