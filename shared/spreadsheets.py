"""CSV (RFC 4180) as spreadsheets read it, with a guard against text that they would run."""

from collections.abc import Iterable

# A cell that begins so is taken for a formula; see OWASP, "CSV injection".
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NEEDS_QUOTES = frozenset('",\r\n')
LINE_END = "\r\n"


def csv_line(cells: Iterable[str]) -> str:
    """Cells that are CSV already, as one line with its end."""
    # A line without anything in it would be skipped by readers.
    return (",".join(cells) or '""') + LINE_END


def text_cell(text: str, *, guard: bool) -> str:
    """Text as a cell; with `guard`, a leading `'` keeps it from being run as a formula.

    An empty text is `""`, so that it differs from a value that is missing.
    """
    if guard and text.startswith(_FORMULA_STARTS):
        text = f"'{text}"
    return plain_cell(text) if text else '""'


def plain_cell(value: str) -> str:
    """What is no text to anybody (a number, JSON) as a cell."""
    if _NEEDS_QUOTES.isdisjoint(value):
        return value
    return '"' + value.replace('"', '""') + '"'
