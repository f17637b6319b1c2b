"""Reading an uploaded sheet: XLSX, or CSV as any spreadsheet of any country saves it."""

import csv
import zipfile
from io import BytesIO, StringIO
from typing import Any

from syncapp.services.sheets.columns import Sheet, SheetError

LARGEST = 10 * 1024 * 1024  # bytes
LARGEST_UNPACKED = 200 * 1024 * 1024
MOST_ROWS = 100_000
_ZIP = b"PK\x03\x04"
# What openpyxl and the formats beneath it raise of a file that is not what it seems to be.
_BROKEN = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, SyntaxError, RuntimeError),
    *(zipfile.BadZipFile, csv.Error),
)


def read_sheet(content: bytes) -> Sheet:
    """Return the first table of a file; raise SheetError where there is none."""
    if len(content) > LARGEST:
        raise SheetError("sheet_too_large", limit=LARGEST // 1024 // 1024)
    try:
        table = _read_xlsx(content) if content.startswith(_ZIP) else _read_csv(content)
    except _BROKEN:
        raise SheetError("sheet_unreadable") from None
    while table and not any(table[-1]):  # formatted cells below the people; others stay, for rows are counted
        table.pop()
    if not table or not any(table[0]):
        raise SheetError("sheet_empty")
    if len(table) - 1 > MOST_ROWS:
        raise SheetError("sheet_too_many_rows", limit=MOST_ROWS)
    return Sheet(table[0], table[1:])


def _read_xlsx(content: bytes) -> list[list[str]]:
    from openpyxl import load_workbook  # takes long, and every command would wait for it

    with zipfile.ZipFile(BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
            raise SheetError("sheet_too_large", limit=LARGEST // 1024 // 1024)
    sheet = load_workbook(BytesIO(content), read_only=True, data_only=True).active
    sheet.reset_dimensions()  # some programs write that all of it is the cell A1
    return [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def _text(cell: Any) -> str:
    """Spreadsheets keep digits as numbers, and whole ones sometimes with a fraction of nought."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _read_csv(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251")  # Excel's “CSV” where Windows speaks Russian
    if "\0" in text:
        raise SheetError("sheet_unreadable")
    head = text.partition("\n")[0]
    separator = max(";,\t", key=head.count)
    return list(csv.reader(StringIO(text, newline=""), delimiter=separator))
