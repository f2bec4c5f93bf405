"""The points that are shown of each series: all, or few that keep its ends and its peaks.

Where a part of a series has more values than it may have points, they are cut into stretches of
equally many, of which each gives its lowest and its highest; the part's first and its last are
there too. Below four points the highest goes first, then the lowest, then the last.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from shared import clock

Points = list[tuple[str, float]]


class Shown(NamedTuple):
    """What is shown of a part of a series: points, of how many values, and the last value."""

    points: Points
    n: int
    last: float

    @property
    def downsampled(self) -> bool:
        """Whether there are fewer points than values."""
        return len(self.points) < self.n


class _Part(NamedTuple):
    """A part of a series: how many values the parts before it have, and how many it has."""

    start: int
    n: int


class _Stretch(NamedTuple):
    """The places of a stretch's first, last, lowest and highest value."""

    first: int
    last: int
    low: int
    high: int


_Parts = dict[int, _Part]
_Stretches = dict[str, dict[int, list[_Stretch]]]
_TIMED = "us IS NOT NULL"


def shown_points(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], room: int
) -> dict[str, dict[int, Shown]]:
    """By column and part of the table `ordered`: at most `room` points of each part that has
    values with a time.
    """
    rows, parts = _parts(connection, columns)
    full = [column for column in columns if rows and parts[column] == rows]
    rest = [column for column in columns if parts[column] and parts[column] != rows]
    stretches = _of_full(connection, full, rows, room) | _of_rest(connection, rest, parts, room)
    kept = {
        (column, part): _kept(found, parts[column][part].n, room)
        for column, by_part in stretches.items()
        for part, found in by_part.items()
    }
    lasts = {key: stretches[key[0]][key[1]][-1].last for key in kept}
    values = _values(connection, columns, {*lasts.values()}.union(*kept.values()))
    shown: dict[str, dict[int, Shown]] = defaultdict(dict)
    for (column, part), places in kept.items():
        series, last = values[column], lasts[column, part]
        points = [series[place] for place in sorted(places)]
        shown[column][part] = Shown(points, parts[column][part].n, series[last][1])
    return shown


def _parts(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str]
) -> tuple[_Parts, dict[str, _Parts]]:
    """The parts of the rows that have a time, and of each column's values among them."""
    counts = ", ".join(["count(*)", *(f"count({column})" for column in columns)])
    found = connection.execute(
        f"SELECT part, {counts} FROM ordered WHERE {_TIMED} GROUP BY part ORDER BY part"
    ).fetchall()
    rows, *each = (
        _running({row[0]: row[number] for row in found}) for number in range(1, len(columns) + 2)
    )
    return rows, dict(zip(columns, each, strict=True))


def _running(counts: Mapping[int, int]) -> _Parts:
    parts, start = {}, 0
    for part, n in counts.items():
        if n:
            parts[part] = _Part(start, n)
            start += n
    return parts


def _of_full(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], rows: _Parts, room: int
) -> _Stretches:
    """The stretches of columns that have a value in each row with a time: the same for all."""
    if not columns:
        return {}
    ends = ", ".join(f"arg_min(rowid, {name}), arg_max(rowid, {name})" for name in columns)
    found = connection.execute(
        f"SELECT part, min(rowid), max(rowid), {ends} FROM ordered WHERE {_TIMED} "
        f"GROUP BY part, {_stretch('rowid', rows, room)} ORDER BY 2"
    ).fetchall()
    return {
        column: _by_part(
            (part, _Stretch(first, last, *ends[2 * n : 2 * n + 2]))
            for part, first, last, *ends in found
        )
        for n, column in enumerate(columns)
    }


def _of_rest(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    parts: Mapping[str, _Parts],
    room: int,
) -> _Stretches:
    """The stretches of columns that lack values, each counted by itself."""
    if not columns:
        return {}
    selects = [
        f"SELECT {number} AS number, part, min(place) AS first, max(place), "
        f"arg_min(place, v), arg_max(place, v) FROM (SELECT part, rowid AS place, {column} AS v, "
        "row_number() OVER () - 1 AS ordinal FROM ordered "
        f"WHERE {column} IS NOT NULL AND {_TIMED}) "
        f"GROUP BY part, {_stretch('ordinal', parts[column], room)}"
        for number, column in enumerate(columns)
    ]
    found = connection.execute(f"{' UNION ALL '.join(selects)} ORDER BY number, first").fetchall()
    of_column: dict[int, list[tuple[int, _Stretch]]] = defaultdict(list)
    for number, part, *places in found:
        of_column[number].append((part, _Stretch(*places)))
    return {column: _by_part(of_column[number]) for number, column in enumerate(columns)}


def _stretch(place: str, parts: _Parts, room: int) -> str:
    """SQL: the number of a value's stretch in its part; one stretch a value where all fit."""
    numbers = {
        part: f"({place} - {start}) * {n if n <= room else max((room - 2) // 2, 1)} // {n}"
        for part, (start, n) in parts.items()
    }
    if len(numbers) == 1:
        return next(iter(numbers.values()))
    cases = " ".join(f"WHEN {part} THEN {number}" for part, number in numbers.items())
    return f"CASE part {cases} END"


def _by_part(found: Iterable[tuple[int, _Stretch]]) -> dict[int, list[_Stretch]]:
    stretches: dict[int, list[_Stretch]] = defaultdict(list)
    for part, stretch in found:
        stretches[part].append(stretch)
    return stretches


def _kept(stretches: list[_Stretch], n: int, room: int) -> set[int]:
    """The places of a part of `n` values that are shown."""
    last = stretches[-1]
    if room < 4 and n > room:
        return {*(last.high, last.low, last.last)[:room]}
    peaks = {place for stretch in stretches for place in (stretch.low, stretch.high)}
    return peaks | {stretches[0].first, last.last}


def _values(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], places: set[int]
) -> dict[str, dict[int, tuple[str, Any]]]:
    """By column and place, the points at these places."""
    if not places:
        return {}
    # As literals they are filters of the scan: a tenth of what a join takes.
    listed = ", ".join(map(str, sorted(places)))
    found = connection.execute(
        f"SELECT rowid, us, {', '.join(columns)} FROM ordered WHERE rowid IN ({listed})"
    ).fetchall()
    instants = {place: clock.iso(us) for place, us, *_ in found}
    return {
        column: {row[0]: (instants[row[0]], row[n]) for row in found}
        for n, column in enumerate(columns, 2)
    }
