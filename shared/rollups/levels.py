"""Levels: by what the cells of a rollup are divided, and how rollups are made.

One fully crossed cube has nearly as many cells as there are runs; a few levels that leave
most dimensions out have few: hours and days in all and by each single dimension, and
days by all dimensions together. A level with too many cells is left out.
"""

from typing import NamedTuple

import duckdb

from shared.rollups.cells import CELL_COLUMNS, cells_of, merged_cells
from shared.runs import DIMENSIONS

HOUR, DAY = "hour", "day"
_MAX_CELLS = {HOUR: 24 * 500, DAY: 5_000}


class Level(NamedTuple):
    """A division: by hours or days, and by some dimensions."""

    grain: str
    dimensions: tuple[str, ...]

    @property
    def name(self) -> str:
        """How rows of the level are marked."""
        crossed = len(self.dimensions) > 1
        return f"{self.grain}:{'all' if crossed else ''.join(self.dimensions) or 'total'}"


_SINGLE = ((), *((name,) for name in DIMENSIONS))
LEVELS = (
    *(Level(HOUR, dimensions) for dimensions in _SINGLE),
    *(Level(DAY, dimensions) for dimensions in (*_SINGLE, DIMENSIONS)),
)


def level_for(grain: str, needed: set[str]) -> Level | None:
    """The level with the fewest cells that still tells these dimensions apart."""
    fitting = (each for each in LEVELS if each.grain == grain and needed <= {*each.dimensions})
    return min(fitting, key=lambda level: len(level.dimensions), default=None)


def roll(
    connection: duckdb.DuckDBPyConnection, runs: str | None, older: str | None, known: set[str]
) -> list[str]:
    """Make the table `rollup` of a day's runs (a table), and of an older rollup (a table).

    `known` are the names of the levels that the older one has. Returns the names of those
    that the new one has: a level with too many cells is left out, now and later.
    """
    columns = {"level": "VARCHAR", "t": "TIMESTAMP", **dict.fromkeys(DIMENSIONS, "VARCHAR")}
    declared = ", ".join(f"{name} {kind}" for name, kind in (columns | CELL_COLUMNS).items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rollup ({declared})")
    made: list[str] = []
    for level in LEVELS:
        if level._replace(grain=HOUR).name in made:
            _add_days(connection, level)
        elif (older and level.name not in known) or not _add_level(connection, level, runs, older):
            continue
        made.append(level.name)
    return made


def _add_days(connection: duckdb.DuckDBPyConnection, level: Level) -> None:
    """Add the cells of days, which are those of their hours."""
    keys = ["t", *level.dimensions, "ok"]
    hours = (
        "(SELECT * REPLACE (date_trunc('day', t)::TIMESTAMP AS t) "
        f"FROM rollup WHERE level = '{level._replace(grain=HOUR).name}')"
    )
    _insert(connection, level, merged_cells(hours, keys))


def _add_level(
    connection: duckdb.DuckDBPyConnection, level: Level, runs: str | None, older: str | None
) -> bool:
    """Add the cells of a level; whether it has few enough."""
    keys = ["t", *level.dimensions]
    tables, cells = [], []
    if runs:
        begun = f"(SELECT *, date_trunc('{level.grain}', ts)::TIMESTAMP AS t FROM {runs})"
        tables.append(begun)
        cells.append(cells_of(begun, keys))
    if older:
        known = f"(SELECT * FROM {older} WHERE level = '{level.name}')"
        tables.append(known)
        cells.append(f"SELECT {', '.join([*keys, *CELL_COLUMNS])} FROM {known}")
    if not _few(connection, level, tables, keys):
        return False
    source = " UNION ALL BY NAME ".join(f"({each})" for each in cells)
    merged = merged_cells(f"({source})", [*keys, "ok"]) if len(cells) > 1 else source
    _insert(connection, level, merged)
    return True


def _insert(connection: duckdb.DuckDBPyConnection, level: Level, cells: str) -> None:
    connection.execute(
        f"INSERT INTO rollup BY NAME SELECT '{level.name}' AS level, * FROM ({cells})"
    )


def _few(
    connection: duckdb.DuckDBPyConnection, level: Level, tables: list[str], keys: list[str]
) -> bool:
    by, most = ", ".join(keys), _MAX_CELLS[level.grain]
    distinct = " UNION ".join(f"SELECT DISTINCT {by} FROM {table}" for table in tables)
    sql = f"SELECT count(*) FROM (SELECT * FROM ({distinct}) LIMIT {most + 1})"
    row = connection.execute(sql).fetchone()
    return row is not None and row[0] <= most


def differences(one: str, other: str) -> str:
    """SQL for the cells in which two rollups differ, of the levels that its parameter names."""
    by = ", ".join(["level", "t", *DIMENSIONS, "ok", "metric", "bucket"])
    counts = ("n", "prompt_tokens", "completion_tokens")
    apart = [f"sum(side * coalesce({name}, 0)) <> 0" for name in counts]
    apart += [f"min({name}) IS DISTINCT FROM max({name})" for name in ("low", "high")]
    size = "max(abs(total)) * max(abs(total)) / max(n)"
    apart += [
        "abs(sum(side * total)) > 1e-9 * sqrt(max(n) * (max(m2) + " + size + "))",
        f"abs(sum(side * m2)) > 1e-9 * (max(m2) + {size})",
    ]
    both = f"SELECT 1 AS side, * FROM {one} UNION ALL BY NAME SELECT -1 AS side, * FROM {other}"
    return (
        f"SELECT {by} FROM ({both}) WHERE list_contains(?, level) "
        f"GROUP BY {by} HAVING count(*) <> 2 OR {' OR '.join(apart)}"
    )
