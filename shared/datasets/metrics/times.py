"""Instants in rows, read as `shared.clock.read_time` reads them, in microseconds.

The usual forms are read by DuckDB. Every other text is handed to `read_time` itself,
once, however many rows have it: so the two cannot disagree on odd forms.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec

from shared import clock
from shared.clock import UnreadableTime

_ISO = (
    r'"\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?'
    r'(Z|[+-](0\d|1[0-4]):[0-5]\d)?"'
)
# Those that are too large for a BIGINT are odd.
_INTEGER = r"\d{1,19}"
_FRACTION = r"\d{1,16}\.\d{1,16}"
_LATEST_US = clock.day_start_us("9999-01-01")
# As JSON, a character takes up to six (`\u0031`), and there are two quotes.
_MAX_CHARACTERS = 6 * clock.MAX_TIME_CHARACTERS + 2
_FETCHED_AT_ONCE = 10_000


def usual_us(text: str) -> str:
    """SQL: the instant in a member's JSON text, of any year, or NULL where it has no usual form."""
    number = f"TRY_CAST({text} AS BIGINT)"
    # DuckDB's cast rounds half to even, as Python does (its `round_even` does not always).
    fraction = f"{text}::DOUBLE"
    return (
        "CASE "
        f"WHEN regexp_full_match({text}, '{_ISO}') "
        f"THEN epoch_us(TRY_CAST({inside_quotes(text)} AS TIMESTAMPTZ)) "
        f"WHEN regexp_full_match({text}, '{_INTEGER}') THEN CASE "
        f"WHEN {number} < 100000000000 THEN {number} * 1000000 "
        f"WHEN {number} < 100000000000000 THEN {number} * 1000 "
        f"WHEN {number} < 100000000000000000 THEN {number} "
        f"ELSE {number} // 1000 END "
        f"WHEN regexp_full_match({text}, '{_FRACTION}') THEN CASE "
        f"WHEN {fraction} < 1e11 THEN ({fraction} * 1e6)::BIGINT "
        f"WHEN {fraction} < 1e14 THEN ({fraction} * 1e3)::BIGINT "
        "END END"
    )


def inside_quotes(text: str) -> str:
    """SQL: a JSON text without its quotes; its escapes stay. A slice would take four times as
    long.
    """
    return f"substring({text}, 2, length({text}) - 2)"


def accepted_us(us: str) -> str:
    """SQL: the instant if it is of a year that `read_time` accepts, or NULL."""
    return f"CASE WHEN {us} >= 0 AND {us} < {_LATEST_US} THEN {us} END"


def odd_text(text: str, us: str) -> str:
    """SQL: the member's text where it gave no accepted instant `us` and may yet be a time."""
    odd = f"({accepted_us(us)}) IS NULL AND length({text}) <= {_MAX_CHARACTERS}"
    return f"CASE WHEN {odd} THEN {text} END"


def read_odd_texts(texts: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Write `{"odd": text, "us": instant}` for every text of a result that is a time.

    Whether there was any text.
    """
    encode = msgspec.json.Encoder().encode_lines
    found = False
    with target.open("wb") as file:
        while rows := texts.fetchmany(_FETCHED_AT_ONCE):
            found = True
            file.write(encode(list(_instants(rows))))
    return found


def _instants(rows: list[tuple[str]]) -> Iterator[dict[str, object]]:
    for (text,) in rows:
        try:
            yield {"odd": text, "us": clock.read_time(msgspec.json.decode(text))}
        except (UnreadableTime, msgspec.DecodeError):
            continue
