"""What configuring did, and what is wrong with a file, in the reader's language."""

import json
from collections.abc import Iterator
from typing import Any

from syncapp.fields import Secret
from syncapp.messages import render
from syncapp.services.configure.changes import Change, SectionReport
from syncapp.services.configure.mistakes import PlacedMistake


def report_lines(report: SectionReport) -> Iterator[str]:
    """Yield a line for the section and one for each changed key or caution, indented."""
    code = "section_created" if report.created else "section_updated" if report.changes else "section_unchanged"
    yield render(code, {"section": report.kind, "name": report.name})
    for change in report.changes:
        yield f"    {change.key}: {_change(change)}"
    for caution in report.cautions:
        yield f"    ! {render(caution.code, caution.params)}"


def mistake_line(mistake: PlacedMistake) -> str:
    text = render(mistake.message.code, mistake.message.params)
    return f"{mistake.place}: {text}" if mistake.place else text


def _change(change: Change) -> str:
    if isinstance(change.after, Secret):
        return render("password_set" if change.after else "password_taken_away")
    if change.before is None:
        return _value(change.after)
    return f"{_value(change.before)} -> {_value(change.after)}"


def _value(value: Any) -> str:
    return render("value_none") if value is None else json.dumps(value, ensure_ascii=False)
