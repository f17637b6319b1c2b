"""A plan as it is shown: large numbers first, then the people."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy

from syncapp.choices import Happening, ItemOutcome
from syncapp.messages.naming import Naming
from syncapp.models import RunItem
from syncapp.views.display import (
    breakable_dn,
    changes_table,
    outcome_label,
    person_link,
    sentence,
)

FIRST = 20  # so many people of a plan are shown on its own page


class _Kind(NamedTuple):
    counted: str
    happening: Happening
    label: Promise
    icon: str
    rare: bool = True


FREQUENT = 3  # kinds that every run has; the others are shown where there is somebody
KINDS = (
    _Kind("created", Happening.CREATED, gettext_lazy("create"), "person_add", rare=False),
    _Kind("updated", Happening.CHANGED, gettext_lazy("change here"), "edit", rare=False),
    _Kind("written_back", Happening.WRITTEN, gettext_lazy("write %(to_it)s"), "upload", rare=False),
    _Kind("failed", Happening.FAILED, pgettext_lazy("count", "failed"), "error"),
    _Kind("disabled", Happening.DISABLED, gettext_lazy("newly disabled"), "block"),
    _Kind("missing", Happening.MISSING, gettext_lazy("newly missing"), "person_search"),
    _Kind("returned", Happening.RETURNED, pgettext_lazy("count", "returned"), "undo"),
    _Kind("renumbered", Happening.RENUMBERED, gettext_lazy("with another number"), "dialpad"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A large number: how many people something would happen to; `more`: what else there is to say, and where."""

    label: str
    value: int
    icon: str
    url: str = ""
    more: str = ""
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One person of a plan."""

    who: SafeString
    dn: SafeString
    outcome: SafeString
    changes: SafeString
    message: str

    @classmethod
    def of(cls, item: RunItem, naming: Naming) -> Self:
        return cls(
            who=person_link(item),
            dn=breakable_dn(item.dn),
            outcome=outcome_label(item.expected if item.outcome == ItemOutcome.PLANNED else item.outcome),
            changes=changes_table(item.changes, naming, unwritten=item.unwritten),
            message=sentence(item.message_code, item.message_params, naming),
        )
