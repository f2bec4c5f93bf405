"""Levels: by what the cells of a rollup are divided, and how rollups are made.

One fully crossed cube has nearly as many cells as there are runs; a few levels that leave
most dimensions out have few: hours and days in all and by each single dimension, and
days by all dimensions together. A level with too many cells is left out.
"""

from collections.abc import Iterable
from typing import NamedTuple

import duckdb

from shared.runs import DIMENSIONS
from shared.storage.lake.rollup_cells import CELL_COLUMNS, Grouping, grouped_cells, merged_cells

HOUR, DAY = "hour", "day"
_MAX_CELLS = {HOUR: 24 * 500, DAY: 5_000}
_KEYS = ("level", "t", *DIMENSIONS, "ok")


# name → DuckDB type, of the rows of a rollup.
ROLLUP_COLUMNS: dict[str, str] = {
    "level": "VARCHAR",
    "t": "TIMESTAMP",
    **dict.fromkeys(DIMENSIONS, "VARCHAR"),
    **CELL_COLUMNS,
}


class Level(NamedTuple):
    """A division: by hours or days, and by some dimensions."""

    grain: str
    dimensions: tuple[str, ...]

    @property
    def name(self) -> str:
        """How rows of the level are marked."""
        crossed = len(self.dimensions) > 1
        return f"{self.grain}:{'all' if crossed else ''.join(self.dimensions) or 'total'}"


_HOURS = tuple(Level(HOUR, dimensions) for dimensions in ((), *((name,) for name in DIMENSIONS)))
_CROSSED = Level(DAY, DIMENSIONS)
# Days but for those by all dimensions are made of hours.
LEVELS = (*_HOURS, *(level._replace(grain=DAY) for level in _HOURS), _CROSSED)


def level_for(grain: str, needed: set[str]) -> Level | None:
    """The level with the fewest cells that still separates these dimensions."""
    fitting = (each for each in LEVELS if each.grain == grain and needed <= {*each.dimensions})
    return min(fitting, key=lambda level: len(level.dimensions), default=None)


def roll(
    connection: duckdb.DuckDBPyConnection, runs: str, older: str | None, known: Iterable[str] = ()
) -> tuple[str, ...]:
    """Make the table `rollup` of a day's runs (a table), and of an older rollup (a table).

    `known` are the names of the levels that the older one has. Returns the names of those
    that the new one has: a level with too many cells is left out, now and later.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW begun AS SELECT *, date_trunc('hour', ts)::TIMESTAMP AS hour, "
        f"date_trunc('day', ts)::TIMESTAMP AS day FROM {runs}"
    )
    levels = [level for level in _few(connection) if older is None or level.name in known]
    names = [level.name for level in levels]
    cells = grouped_cells("begun", _grouping(levels))
    if older:
        listed = ", ".join(f"'{name}'" for name in names)
        both = f"(({cells}) UNION ALL BY NAME SELECT * FROM {older} WHERE level IN ({listed}))"
        cells = merged_cells(both, _KEYS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rollup AS {cells}")
    return (*names, *_add_days(connection, levels))


def _few(connection: duckdb.DuckDBPyConnection) -> list[Level]:
    """The levels that have few enough cells; the total always has."""
    levels = (*_HOURS, _CROSSED)
    counts = [
        f"approx_count_distinct(hash({', '.join([level.grain, *level.dimensions])}))"
        for level in levels
    ]
    (found,) = connection.execute(f"SELECT {', '.join(counts)} FROM begun").fetchall()
    return [
        level
        for level, cells in zip(levels, found, strict=True)
        if cells <= _MAX_CELLS[level.grain] or not level.dimensions
    ]


def _grouping(levels: list[Level]) -> Grouping:
    """All levels at once: each is a set of columns, the others are null."""
    names = [
        f"WHEN grouping({level.dimensions[0]}) = 0 THEN '{level.name}'"
        for level in levels
        if level.grain == HOUR and level.dimensions
    ]
    total = f"ELSE '{_HOURS[0].name}'"
    level = f"CASE WHEN grouping(hour) = 1 THEN '{_CROSSED.name}' {' '.join(names)} {total} END"
    selected = (
        f"{level} AS level, CASE WHEN grouping(hour) = 1 THEN day ELSE hour END AS t, "
        f"{', '.join(DIMENSIONS)}, "
    )
    sets = tuple((level.grain, *level.dimensions) for level in levels)
    return Grouping(("hour", "day", *DIMENSIONS), selected, sets)


def _add_days(connection: duckdb.DuckDBPyConnection, levels: list[Level]) -> list[str]:
    """Add the cells of days, which are those of their hours; the names of their levels."""
    days = (
        f"(SELECT * REPLACE (replace(level, '{HOUR}:', '{DAY}:') AS level, "
        "date_trunc('day', t)::TIMESTAMP AS t) "
        f"FROM rollup WHERE level LIKE '{HOUR}:%')"
    )
    connection.execute(f"INSERT INTO rollup BY NAME {merged_cells(days, _KEYS)}")
    return [level._replace(grain=DAY).name for level in levels if level.grain == HOUR]


def differences(one: str, other: str) -> str:
    """SQL for the cells in which two rollups differ, of the levels that its parameter names."""
    by = ", ".join([*_KEYS, "metric", "bucket"])
    counts = ("n", "prompt_tokens", "completion_tokens")
    apart = [f"sum(side * coalesce({name}, 0)) <> 0" for name in counts]
    apart += [f"min({name}) IS DISTINCT FROM max({name})" for name in ("low", "high")]
    size = "max(abs(total)) * max(abs(total)) / max(n)"
    apart += [
        f"isfinite({difference}) AND abs({difference}) > {tolerance}"
        for difference, tolerance in (
            ("sum(side * total)", f"1e-9 * sqrt(max(n) * (max(m2) + {size}))"),
            ("sum(side * m2)", f"1e-9 * (max(m2) + {size})"),
        )
    ]
    both = f"SELECT 1 AS side, * FROM {one} UNION ALL BY NAME SELECT -1 AS side, * FROM {other}"
    return (
        f"SELECT {by} FROM ({both}) WHERE list_contains(?, level) "
        f"GROUP BY {by} HAVING count(*) <> 2 OR {' OR '.join(apart)}"
    )
