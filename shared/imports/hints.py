"""What to do with a body that cannot be read: what was seen in it, and what to send instead."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from shared.errors import MalformedInput
from shared.imports.moments import OTHER_NAMES, OWN_NAMES
from shared.json_parts import WHAT_TO_DO

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WHAT_TO_DO = WHAT_TO_DO | {
    "trailing characters": "several documents? Send one array, or one object on each line as "
    "application/x-ndjson",
}
_FILES = {
    b"PK\x03\x04": "a workbook of Excel or another ZIP file: export it as CSV UTF-8",
    b"PAR1": "Parquet: write its rows as JSON lines",
    b"SQLite format 3": "an SQLite database: export its rows as CSV or JSON lines",
    b"\x1f\x8b": "gzip: send it with the header Content-Encoding: gzip",
}
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JSON_BEGINS = re.compile(rb"\n[\[{]")
# What pandas writes for a column, and for all rows without their names.
_BY_INDEX = re.compile(rb'\{\s*"0"\s*:')
_NO_OBJECTS = re.compile(rb"\[\s*\[")
_FEWEST_COLUMNS = 2
_MILLISECONDS = frozenset({"msec", "msecs", "millis", "millisec", "milliseconds", "millisecond"})
_SHORTEST_ONE_OFF = 5
MOMENTS = frozenset((*OWN_NAMES, *OTHER_NAMES))
IN_SECONDS = {"latency_s": "latency_ms", "ttft_s": "ttft_ms"}
# Names that are read as they are, however near they are to others; a time in another unit is none.
EXACT = (
    MOMENTS
    | IN_SECONDS.keys()
    | {f"{name}_{unit}" for name in ("latency", "ttft") for unit in ("us", "ns", "m", "min", "h")}
)


def refuse_utf16(body: bytes) -> None:
    """Raises MalformedInput for what Windows calls Unicode."""
    if body.startswith(_UTF16):
        raise MalformedInput(
            "the body is UTF-16, as Windows PowerShell and Excel's Unicode text write it; "
            "save it as UTF-8",
            code="invalid_utf8",
        )


def refuse_files(body: bytes) -> None:
    """Raises MalformedInput for a file whose first bytes say that it is no text."""
    kind = next((kind for start, kind in _FILES.items() if body.startswith(start)), None)
    if kind is not None:
        raise MalformedInput(f"the body is {kind}", code="invalid_utf8")


def with_hint(exc: MalformedInput) -> MalformedInput:
    """The same refusal, with what to do about it where that is known."""
    said = str(exc)
    hint = next((hint for seen, hint in _WHAT_TO_DO.items() if seen in said), None)
    return exc if hint is None else MalformedInput(f"{said} ({hint})", code="malformed_json")


def no_json(text: bytes) -> MalformedInput:
    """Why a body is no JSON that begins with none of its brackets."""
    found = _JSON_BEGINS.search(text)
    if found is None:
        detail = "the body is a JSON array of rows"
        detail += "; JSON lines are application/x-ndjson, CSV is text/csv"
    else:
        lines = text.count(b"\n", 0, found.start()) + 1
        detail = f"there is text before the JSON: remove the first {lines} lines"
    return MalformedInput(detail, code="malformed_json")


def refuse_columns(members: Mapping[str, bytes], known: Iterable[str]) -> None:
    """Raises MalformedInput for columns instead of rows, as pandas writes them by default."""
    columns = [name for name in known if _BY_INDEX.match(members.get(name, b""))]
    split = "columns" in members and _NO_OBJECTS.match(members.get("data", b""))
    if split or len(columns) >= _FEWEST_COLUMNS:
        raise MalformedInput(
            'these are columns, not rows; pandas writes rows with to_json(orient="records")',
            code="malformed_json",
        )


def refuse_header(header: Iterable[str | None], known: frozenset[str]) -> None:
    """Raises MalformedInput for a first line that is a header, but not one of comma CSV."""
    cells = [(cell or "").strip() for cell in header]
    if cells[0].startswith("sep="):
        raise MalformedInput("remove the first line, sep=: it is no header", code="malformed_csv")
    if cells[0].startswith("#"):
        raise MalformedInput(
            "remove the lines before the header: CSV has no comments", code="malformed_csv"
        )
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        columns = ",".join(cells).split(separator)
        is_one = len(cells) == 1 and len(columns) >= _FEWEST_COLUMNS
        if known.isdisjoint(cells) and (is_one or not known.isdisjoint(columns)):
            raise MalformedInput(
                f"the columns are separated by {name}; save it as CSV with commas, and with "
                "points in numbers",
                code="malformed_csv",
            )


def nearly(names: Iterable[str], known: frozenset[str]) -> str:
    """Which of some names would be known if they were written another way, as a sentence."""
    found = [f"{name[:40]!r} for {meant!r}" for name, meant in meant_by(names, known).items()]
    return f"; names are exact: {', '.join(found[:5])}?" if found else ""


def meant_by(names: Iterable[str], known: Iterable[str]) -> Mapping[str, str]:
    """Which names are probably meant for known ones that are not among them.

    `latencyMs`, `latency_msec` and `Latency (ms)` are, for `latency_ms`; `Modell`, for `model`.
    """
    return _meant_by(frozenset(names), frozenset(known))


# The rows of a body have mostly the same members.
@lru_cache(maxsize=256)
def _meant_by(names: frozenset[str], known: frozenset[str]) -> Mapping[str, str]:
    missing = known - names
    if not names.isdisjoint(MOMENTS):
        missing -= {"ts", "time"}
    found = {name: _meant(name, missing) for name in names - known - EXACT}
    return {name: meant for name, meant in sorted(found.items()) if meant is not None}


def _meant(name: str, missing: Collection[str]) -> str | None:
    plain = snake_case(name)
    stem, _, unit = plain.rpartition("_")
    plain = f"{stem}_ms" if unit in _MILLISECONDS else plain
    if plain in missing:
        return plain
    if plain in EXACT:
        return None
    return next((each for each in sorted(missing) if _is_one_off(plain, each)), None)


def _is_one_off(name: str, known: str) -> bool:
    """Whether one letter too much, too few, another one, or two that changed places part them."""
    if len(known) < _SHORTEST_ONE_OFF:
        return False
    both = list(zip(name, known, strict=False))
    same = next((place for place, (one, other) in enumerate(both) if one != other), len(both))
    name, known = name[same:], known[same:]
    swapped = name[:2] == known[:2][::-1] and name[2:] == known[2:]
    return swapped or name[1:] in (known, known[1:]) or name == known[1:]


def snake_case(name: str) -> str:
    """A name as the API would write it: `latencyMs` and `Latency (ms)` are `latency_ms`."""
    return _NO_LETTERS.sub("_", _HUMP.sub("_", name).lower()).strip("_")
