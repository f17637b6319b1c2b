"""Imports of sheets: what is wrong with a row, and with the sheet as a whole."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    "sheet_unreadable": _("This file cannot be read as a table. Save it as XLSX or as CSV, and choose it again."),
    "sheet_empty": _("The sheet has no row with people. The first row names the columns, the people stand below it."),
    "sheet_too_large": _("The file is larger than %(limit)s MB. Split it, or leave out what is not imported."),
    "sheet_too_many_rows": _("The sheet has more than %(limit)s rows. Split it."),
    "sheet_without_columns": _(
        "No column of the first row is known. Name them as an export does: %(columns)s. All but one may be left out."
    ),
    "sheet_column_twice": _("The column “%(column)s” is there twice. Leave one of them out."),
    "sheet_changed": _(
        "Nothing was imported: somebody changed something here since the preview was made. This is how it would be now."
    ),
    "sheet_unknown_id": _(
        "Nobody here has the id %(id)s. Take ids from an export, leave the cell empty, or write “new” for somebody new."
    ),
    "sheet_somebody_else": _(
        "The id %(id)s is that of %(name)s, and neither name nor e-mail nor extension of this row is. "
        "Was one column sorted without the others? Correct the id, or leave it empty."
    ),
    "sheet_several": _(
        "Several people have the e-mail %(email)s: ids %(ids)s. Write the id of the one who is meant into the column “id”."
    ),
    "sheet_namesake": _(
        "“%(name)s” is here already, with the id %(id)s. Write this id into the column “id” if that is the person, “new” if not."
    ),
    "sheet_row_twice": _("This person stands in row %(row)s already. Leave one of the rows out."),
    "sheet_number_twice": _("Extension %(number)s stands in row %(row)s too. It can belong to one person only."),
    "sheet_archived": _("%(name)s is archived. Take the person back first, or leave the row out."),
    "sheet_may_not_add": _("This would be a new employee, and your account may not add any. Leave the row out."),
    "sheet_imported": ngettext_lazy(
        "Imported from a sheet: %(count)d person.", "Imported from a sheet: %(count)d people.", "count"
    ),
}
