"""Tables that a spreadsheet shows as they are."""

import csv
from collections.abc import Iterable, Iterator, Sequence

# What Excel, LibreOffice and others take for the beginning of a formula, also after they have dropped a line end.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return the text so that no spreadsheet computes it: whatever a directory holds, somebody may have written it there."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_cell(text: str) -> str:
    """Return what `safe_cell` made the cell of."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table line by line, with the mark by which Excel knows UTF-8; no cell of a row is a formula."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(head)
    for row in rows:
        yield writer.writerow(map(safe_cell, row))


class _Line:
    """What `csv` writes to: the line is handed back."""

    def write(self, text: str) -> str:
        return text
