"""An open matter in words, with the evidence for and against each candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field, MatterKind, Side
from syncapp.models import Conflict, Employee, SyncRecord
from syncapp.services.matches import MATCH_KINDS, may_move
from syncapp.store.items import load_keys
from syncapp.store.naming import naming_of
from syncapp.views.display import admin_link, breakable_dn, moment, sentence, state_label, value_of_matter

COMPARED = ("name", "email", "mobile", "extension")


@dataclass(frozen=True, slots=True)
class CandidateView:
    """`own`: the entry that the candidate has on this server already, None for nobody known there."""

    employee: Employee
    agrees: Sequence[str]
    disagrees: Sequence[str]
    own: SyncRecord | None = None
    movable: bool = True

    @property
    def refusal(self) -> str:
        """Why the candidate cannot be confirmed, '' where that is possible."""
        if self.own is None or self.movable:
            return ""
        return sentence("match_other_account", {"employee": str(self.employee), "dn": self.own.dn})

    @property
    def archived(self) -> str:
        """Since when, '' for somebody who is not."""
        return moment(self.employee.archived_at) if self.employee.archived_at else ""

    @property
    def own_entry(self) -> list[tuple[str, str]]:
        """His entry, to compare with the new one, each line with its title."""
        own = self.own
        if own is None:
            return []
        since = moment(own.state_since)
        return [
            (_("DN"), breakable_dn(own.dn) if own.dn else "–"),
            (_("Immutable id"), own.anchor),
            (_("State"), format_html("{} {}", state_label(own.state), since)),
            (_("Evidence"), sentence(own.message_code, own.message_params, naming_of(own)) or "–"),
        ]

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


def _another(conflict: Conflict, own: SyncRecord | None) -> SyncRecord | None:
    """None for the entry that the matter itself is about: the record moved there when it was confirmed."""
    return own if own is not None and own.pk != conflict.record_id else None


@dataclass(frozen=True, slots=True)
class MatterView:
    conflict: Conflict
    candidates: Sequence[CandidateView]

    @classmethod
    def of(cls, conflict: Conflict, people: Mapping[int, Employee], own: Mapping[tuple[int, int], SyncRecord]) -> Self:
        """`people` holds the employees that are candidates, by id; who is unknown is left out.

        `own`: their entries, as `matches.own_entries` has them.
        """
        candidates = []
        for candidate in conflict.candidates:
            if candidate["employee"] in people:
                employee = people[candidate["employee"]]
                entry = _another(conflict, own.get((conflict.endpoint_id, employee.pk)))
                movable = entry is not None and may_move(conflict, entry)
                candidates.append(CandidateView(employee, candidate["agrees"], candidate["disagrees"], entry, movable))
        return cls(conflict, candidates)

    @property
    def is_match(self) -> bool:
        return self.conflict.kind in MATCH_KINDS

    @property
    def is_about_accounts(self) -> bool:
        """Whether the record of the confirmed candidate moves from his own entry to this one (rule A7)."""
        return self.is_match and any(candidate.own for candidate in self.candidates)

    @property
    def entry(self) -> list[tuple[str, str]]:
        """The entry that the matter is about, each line with its title."""
        record = self.conflict.record
        lines = [(_("DN"), breakable_dn(record.dn) if record.dn else "–")]
        if self.is_match:
            lines += [(_("Immutable id"), record.anchor), (_("State"), state_label(record.state))]
        return lines

    @property
    def confirmation(self) -> str:
        """What confirming does, '' for a first match, of which the button says enough."""
        if not self.open or all(candidate.refusal for candidate in self.candidates):
            return ""
        if self.conflict.kind == MatterKind.MATCH_REHIRED:
            return _(
                "Confirming takes the employee back from the archive, with the former number if it is free, and ties this entry to him."
            )
        if self.is_about_accounts:
            return _(
                "Confirming ties this entry to the employee in the place of the former one. Number, history and what was agreed stay; values are compared in the next run."
            )
        return ""

    @property
    def owner_link(self) -> SafeString:
        return admin_link("syncapp_employee_change", self.conflict.owner_id, self.conflict.owner)

    @property
    def ending(self) -> str:
        """Who closed it, and how."""
        who = self.conflict.resolved_by
        if self.conflict.resolution:
            return f"{who}: {naming_of(self.conflict).resolution(self.conflict.resolution)}"
        return who or _("dissolved by itself")

    @property
    def values(self) -> list[tuple[str, str]]:
        """What was last agreed, ours and theirs, each with its title."""
        conflict, naming = self.conflict, naming_of(self.conflict)
        titles = (_("Last agreed"), *(capfirst(naming.side(side)) for side in (Side.LOCAL, Side.REMOTE)))
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
