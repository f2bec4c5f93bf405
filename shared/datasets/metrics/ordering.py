"""Columns of the view `rows` in order of time, as the table `ordered`, a batch at a time.

All series of a batch are answered by the same few statements, whatever their number. The
table's `rowid` is the place of a row: first those with a time, part by part and in order of
time inside a part (of equal instants, in the order of appending), then those without one.
"""

from collections.abc import Iterator, Sequence

import duckdb

# Statements grow with the columns of a batch, the table with its values (128 MiB of doubles).
_MAX_COLUMNS = 64
_MAX_VALUES = 16 * 2**20


def batches(columns: Sequence[str], rows: int) -> Iterator[list[str]]:
    """The columns, each once, as many at a time as are ordered together."""
    names = list(dict.fromkeys(columns))
    together = max(1, min(_MAX_COLUMNS, _MAX_VALUES // max(rows, 1)))
    for first in range(0, len(names), together):
        yield names[first : first + together]


def order(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    part: str = "0",
    parameters: Sequence[str | None] = (),
) -> None:
    """Make the table `ordered` of these columns, with `us` and `part`, the number of a row's
    part (SQL, with its parameters).
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE ordered AS SELECT us, ({part})::UTINYINT AS part, "
        f"{', '.join(columns)} FROM rows ORDER BY us IS NULL, part, us, source, line",
        list(parameters),
    )
