"""Sheets: what lists export, and what an import reads. The only place that imports django-import-export."""

from syncapp.resources.exports import EmployeeResource, RecordResource, RunResource, SheetResource, as_csv, as_xlsx
from syncapp.resources.reading import LARGEST, read_sheet

__all__ = [
    "LARGEST",
    "EmployeeResource",
    "RecordResource",
    "RunResource",
    "SheetResource",
    "as_csv",
    "as_xlsx",
    "read_sheet",
]
