"""CSV (RFC 4180) as spreadsheets read it, with a guard against text that they would run.

The same rules twice: for Python values, and as SQL (DuckDB) for lines that are built there.
"""

import re
from collections.abc import Iterable

# White space, and what is as invisible: spreadsheets pass over much of it. Written out, since
# `\s` is another set in each kind of regular expression.
_BLANK = r"[\x00-\x20\x7f-\xa0" + "\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
# A cell that begins so is taken for a formula; see OWASP, "CSV injection". Quotes before it
# count too, so that taking one quote away gives back every text as it was.
_GUARDED = rf"'*([\t\r\n]|{_BLANK}*[=+\-@])"
_IS_GUARDED = re.compile(_GUARDED).match
_NEEDS_QUOTES = frozenset('",\r\n')
LINE_END = "\r\n"
BOM = "\ufeff"


def csv_line(cells: Iterable[str]) -> str:
    """Cells that are CSV already, as one line with its end."""
    # A line without anything in it would be skipped by readers.
    return (",".join(cells) or '""') + LINE_END


def text_cell(text: str, *, guard: bool) -> str:
    """Text as a cell; with `guard`, a leading `'` keeps it from being run as a formula.

    An empty text is `""`, so that it differs from a value that is missing.
    """
    return plain_cell(guarded(text) if guard else text) if text else '""'


def guarded(text: str) -> str:
    """Text with a `'` before it, where a spreadsheet would run it, or might have been guarded."""
    return f"'{text}" if _IS_GUARDED(text) else text


def unguarded(text: str) -> str:
    """The text that was guarded: `unguarded(guarded(text)) == text`, whatever the text."""
    return text[1:] if text.startswith("'") and _IS_GUARDED(text, 1) else text


def plain_cell(value: str) -> str:
    """What is no text to anybody (a number, JSON) as a cell."""
    if _NEEDS_QUOTES.isdisjoint(value):
        return value
    return '"' + value.replace('"', '""') + '"'


def text_cell_sql(column: str, *, guard: bool) -> str:
    """SQL for what `text_cell` makes of a text column; null stays null."""
    text = _guarded_sql(column) if guard else column
    return f"CASE WHEN {column} = '' THEN '\"\"' ELSE {_quoted_sql(column, text)} END"


def _guarded_sql(column: str) -> str:
    pattern = _GUARDED.replace("'", "''")
    return (
        f"CASE WHEN regexp_matches({column}, '^{pattern}') THEN '''' || {column} ELSE {column} END"
    )


def _quoted_sql(column: str, text: str) -> str:
    # A guard has nothing in it that needs quotes, so the bare column decides.
    quotes = " OR ".join(f"contains({column}, chr({ord(char)}))" for char in sorted(_NEEDS_QUOTES))
    return f"CASE WHEN {quotes} THEN '\"' || replace({text}, '\"', '\"\"') || '\"' ELSE {text} END"
