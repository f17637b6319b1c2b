"""Cells that a spreadsheet shows as they are."""

# What Excel, LibreOffice and others take for the beginning of a formula, also after they have dropped a line end.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return the text so that no spreadsheet computes it: whatever a directory holds, somebody may have written it there."""
    return f"'{text}" if text.startswith(_FORMULA) else text
