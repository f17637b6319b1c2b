"""An open matter in words, with the evidence for and against each candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field
from syncapp.models import Conflict, Employee
from syncapp.services.matches import MATCH_KINDS
from syncapp.store.items import load_keys
from syncapp.views.display import admin_link, value_of_matter

COMPARED = ("name", "email", "mobile", "extension")


@dataclass(frozen=True, slots=True)
class CandidateView:
    employee: Employee
    agrees: Sequence[str]
    disagrees: Sequence[str]

    @property
    def link(self) -> SafeString:
        return admin_link("syncapp_employee_change", self.employee.pk, self.employee)

    @property
    def evidence(self) -> SafeString:
        """Which match keys speak for it and which against it, each with a word and an icon."""
        fields = dict(Field.choices)
        found = [(key, "check", _("agrees"), "sync-agrees") for key in self.agrees]
        found += [(key, "close", _("disagrees"), "sync-disagrees") for key in self.disagrees]
        return format_html_join(
            "",
            '<div class="sync-evidence {}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}: {}</div>',
            ((tone, icon, fields.get(key, key), word) for key, icon, word, tone in found),
        )

    @property
    def values(self) -> list[tuple[str, str]]:
        """The compared values of the candidate, each with its verdict: agrees, disagrees or ''."""
        return [(getattr(self.employee, name) or "–", self._verdict(name)) for name in COMPARED]

    def _verdict(self, name: str) -> str:
        if name in self.agrees:
            return "agrees"
        return "disagrees" if name in self.disagrees else ""


@dataclass(frozen=True, slots=True)
class MatterView:
    conflict: Conflict
    candidates: Sequence[CandidateView]

    @classmethod
    def of(cls, conflict: Conflict, people: Mapping[int, Employee]) -> Self:
        """`people` holds the employees that are candidates, by id; who is unknown is left out."""
        candidates = [
            CandidateView(people[candidate["employee"]], candidate["agrees"], candidate["disagrees"])
            for candidate in conflict.candidates
            if candidate["employee"] in people
        ]
        return cls(conflict, candidates)

    @property
    def is_match(self) -> bool:
        return self.conflict.kind in MATCH_KINDS

    @property
    def owner_link(self) -> SafeString:
        return admin_link("syncapp_employee_change", self.conflict.owner_id, self.conflict.owner)

    @property
    def ending(self) -> str:
        """Who closed it, and how."""
        who = self.conflict.resolved_by
        if self.conflict.resolution:
            return f"{who}: {self.conflict.get_resolution_display()}"
        return who or _("dissolved by itself")

    @property
    def values(self) -> list[tuple[str, str]]:
        """What was last agreed, ours and theirs, each with its title."""
        conflict = self.conflict
        titles = (_("Last agreed"), _("In the PBX"), _("In the domain"))
        values = (conflict.base, conflict.local, conflict.remote)
        return [(title, value_of_matter(conflict.field, value)) for title, value in zip(titles, values, strict=True)]

    @property
    def open(self) -> bool:
        return self.conflict.closed_at is None

    @property
    def compared(self) -> list[str]:
        fields = dict(Field.choices)
        return [capfirst(str(fields[name])) for name in COMPARED]

    @property
    def entry_values(self) -> list[str]:
        """The entry's compared values as the last run read them."""
        keys = load_keys(self.conflict.record.keys)
        name = keys.name or self.conflict.record.name
        columns = [name, *(", ".join(values) for values in (keys.emails, keys.mobiles, keys.extensions))]
        return [value or "–" for value in columns]
