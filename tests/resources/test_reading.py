"""Uploaded files as tables."""

import zipfile
from io import BytesIO

import openpyxl
import pytest

from syncapp.resources import LARGEST, read_sheet
from syncapp.services.sheets.columns import SheetError

HEAD, ROW = ["id", "ФИО", "Мобильный"], ["", "Анна; Петрова", "+79161234567"]


def xlsx(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


FILES = {
    "xlsx": xlsx(HEAD, [None, "Анна; Петрова", "+79161234567"]),
    "csv": "id,ФИО,Мобильный\r\n,Анна; Петрова,+79161234567\r\n".encode(),
    "csv_with_mark": "\ufeffid,ФИО,Мобильный\n,Анна; Петрова,+79161234567\n".encode(),
    "csv_of_russian_excel": 'id;ФИО;Мобильный\r\n;"Анна; Петрова";+79161234567\r\n'.encode("cp1251"),
    "tabs": "id\tФИО\tМобильный\n\tАнна; Петрова\t+79161234567\n".encode(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_read_sheet_reads_what_spreadsheets_save(content: bytes) -> None:
    sheet = read_sheet(content)

    assert (list(sheet.head), [list(row) for row in sheet.rows]) == (HEAD, [ROW])


def test_numbers_of_a_spreadsheet_are_read_as_their_digits() -> None:
    sheet = read_sheet(xlsx(["extension", "mobile"], [215, 79161234567.0]))

    assert [list(row) for row in sheet.rows] == [["215", "79161234567"]]


def test_rows_keep_their_number_and_formatted_ones_below_do_not_count() -> None:
    sheet = read_sheet(xlsx(["name"], [""], ["Anna", "a remark"], [""], [""]))

    assert [list(row) for row in sheet.rows] == [[""], ["Anna", "a remark"]]


def test_workbook_that_says_it_has_one_cell_is_read_as_a_whole() -> None:
    lying = BytesIO()
    with zipfile.ZipFile(BytesIO(FILES["xlsx"])) as source, zipfile.ZipFile(lying, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'ref="A1:C2"', b'ref="A1"'))

    assert [list(row) for row in read_sheet(lying.getvalue()).rows] == [ROW]


BAD = {
    "nothing": (b"", "sheet_empty"),
    "empty_workbook": (xlsx(), "sheet_empty"),
    "half_a_workbook": (FILES["xlsx"][:400], "sheet_unreadable"),
    "binary": (b"\x7fELF\0\0\0\x98", "sheet_unreadable"),
    "too_large": (b"a" * (LARGEST + 1), "sheet_too_large"),
    "too_many_rows": (b"a\n" * 100_002, "sheet_too_many_rows"),
}


@pytest.mark.parametrize(("content", "code"), BAD.values(), ids=BAD)
def test_read_sheet_says_what_is_no_sheet(content: bytes, code: str) -> None:
    with pytest.raises(SheetError) as raised:
        read_sheet(content)

    assert raised.value.code == code
