"""What a run counted, in words: beside the numbers of a run, on cards and in lists."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from syncapp.messages.naming import Naming

# In the order of rule E7, with where to see those people, as a query of the records' list.
COUNTS: dict[str, tuple[Promise, str]] = {
    "read": (gettext_lazy("entries read"), ""),
    "created": (gettext_lazy("employees created"), ""),
    "updated": (gettext_lazy("employees changed"), ""),
    "written_back": (gettext_lazy("changed %(in_it)s"), ""),
    "skipped": (gettext_lazy("without change"), "status__exact=skipped"),
    "conflicts": (pgettext_lazy("count", "conflicts"), "status__exact=conflict"),
    "proposed": (gettext_lazy("proposed matches"), "status__exact=proposed"),
    "failed": (pgettext_lazy("count", "failed"), "status__exact=failed"),
    "waiting": (gettext_lazy("wait %(for_it)s"), "attention=waiting"),
    "disabled": (gettext_lazy("newly disabled"), ""),
    "missing": (gettext_lazy("newly missing"), ""),
    "returned": (pgettext_lazy("count", "returned"), ""),
    "renumbered": (gettext_lazy("with another number"), ""),
    "ignored": (pgettext_lazy("count", "ignored"), "status__exact=ignored"),
    "new_matters": (gettext_lazy("new matters to decide"), ""),
}
# Counts of what a run does to people.
DONE = ("created", "updated", "written_back", "disabled", "missing", "returned", "renumbered", "new_matters")
SECONDS: dict[str, Promise] = {
    "read": gettext_lazy("reading"),
    "plan": gettext_lazy("planning"),
    "apply": gettext_lazy("applying"),
    "write_back": gettext_lazy("writing back"),
    "total": gettext_lazy("in all"),
}


def count_label(name: str, naming: Naming) -> str:
    """A count's name for people, of a run of the endpoint whose sides are called so."""
    return str(COUNTS[name][0]) % naming.words()


@dataclass(frozen=True, slots=True)
class Count:
    label: str
    value: int
    url: str
