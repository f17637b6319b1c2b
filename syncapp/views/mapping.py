"""The mapping of a server: what each line of it brings in, asked of the directory while it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from syncapp.choices import Field
from syncapp.core.records import Message
from syncapp.directory.mapping import LineFound
from syncapp.exceptions import SyncError
from syncapp.forms.mapping import typed_mappings
from syncapp.models import DirectoryServer
from syncapp.services import probing
from syncapp.services.directory_settings import rule_of, validate_mappings
from syncapp.views.access import allow, may_manage, may_query
from syncapp.views.display import sentence, trouble


@dataclass(frozen=True, slots=True)
class SpecimenRow:
    stands: str
    reads: str
    why: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line, in words; `percent` and figures are None where nobody counted."""

    field: str
    attribute: str
    filled: int | None
    percent: int | None
    readable: int | None
    specimens: Sequence[SpecimenRow]
    trouble: str

    @classmethod
    def of(cls, line: LineFound, people: int) -> Self:
        return cls(
            field=_field_label(line.rule.field.value),
            attribute=line.rule.attribute,
            filled=line.filled,
            percent=round(100 * line.filled / people) if people and line.filled is not None else None,
            readable=line.readable,
            specimens=[SpecimenRow(each.stands, each.reads, _said(each.why)) for each in line.specimens],
            trouble=_said(line.trouble),
        )

    @classmethod
    def refused(cls, field: str, attribute: str, why: str) -> Self:
        return cls(_field_label(field), attribute, None, None, None, (), why)


@require_safe
def mapping_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with a table for the lines as they are typed; the server's own settings as they are saved."""
    allow(may_manage(request) and may_query(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    return render(request, "admin/syncapp/directoryserver/mapping_found.html", _found(server, request.GET))


def _found(server: DirectoryServer, sent: Any) -> Mapping[str, Any]:
    mappings = typed_mappings(sent)
    rules = [rule_of(mapping) for mapping in mappings]
    mistakes = {mistake.position: mistake.message for mistake in validate_mappings(rules, region=server.region)}
    good = [rule for position, rule in enumerate(rules) if position not in mistakes]
    refused = [
        LineRow.refused(mapping.field, mapping.attribute, _said(mistakes[position]))
        for position, mapping in enumerate(mappings)
        if position in mistakes
    ]
    if rules and not good:
        return {"rows": refused}
    try:
        found = probing.look_at_mapping(server, own=good)
    except SyncError as error:
        return {"server": server, **trouble(error)}
    return {
        "rows": [*(LineRow.of(line, found.people) for line in found.lines), *refused],
        "people": found.people,
        "more": found.more,
        "looked": True,
        "usual": not rules,
    }


def _field_label(field: str) -> str:
    return capfirst(str(Field(field).label))


def _said(message: Message | None) -> str:
    return sentence(message.code, message.params) if message else ""
