"""Runs and cells that were read from their files, kept as tables for the next questions.

Files are immutable and named by what they hold, so a table of the same files is never stale: a
question first learns from its own snapshot which files count, and a file more or less is
another table. Windows and filters come after it. What is asked of nothing but such a table is
answered once, for as long as the table stays.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import RLock
from typing import Any

import duckdb

# All tables together; a run takes about 200 bytes.
_MAX_ROWS = 400_000
_EACH = 1_000
# A row of an answer takes as much as so many runs.
_ROWS_OF_AN_ANSWER = 10
_LONGEST_ANSWER = 1_000

Rows = list[tuple[Any, ...]]
# The rows of a query with its parameters.
Ask = Callable[[str, Sequence[Any]], Rows]


@dataclass
class _Table:
    name: str
    rows: int
    readers: int = 0
    answers: dict[str, Rows] = field(default_factory=dict)


# By the query that made it, the least recently used first.
_tables: OrderedDict[str, _Table] = OrderedDict()
_numbers = count()
_lock = RLock()


@contextmanager
def held(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[str]:
    """The name of a table with what a query gives; it stays until the block is left, and longer
    while there is room.

    The query must give the same each time: of files that never change, and without variables.
    """
    with _lock:
        table = _tables.get(sql) or _made(connection, sql)
        _tables.move_to_end(sql)
        table.readers += 1
    try:
        yield table.name
    finally:
        with _lock:
            table.readers -= 1
            _make_room(connection)


def asking(connection: duckdb.DuckDBPyConnection, table: str | None = None) -> Ask:
    """Asks a connection; with a table that is held, about this one and nothing else, and what was
    asked before is known.
    """
    found = next((each for each in [*_tables.values()] if each.name == table), None)

    def ask(sql: str, parameters: Sequence[Any]) -> Rows:
        return connection.execute(sql, list(parameters)).fetchall()

    def ask_once(sql: str, parameters: Sequence[Any]) -> Rows:
        assert found, "it is held"
        name = f"{sql}\0{parameters!r}"
        if (known := found.answers.get(name)) is not None:
            return known
        rows = ask(sql, parameters)
        if len(rows) <= _LONGEST_ANSWER:
            found.answers[name] = rows
            found.rows += _ROWS_OF_AN_ANSWER * (1 + len(rows))
        return rows

    return ask_once if found else ask


def _made(connection: duckdb.DuckDBPyConnection, sql: str) -> _Table:
    name = f"held_{next(_numbers)}"
    ((rows,),) = connection.execute(f"CREATE TABLE {name} AS {sql}").fetchall()
    _tables[sql] = _Table(name, rows)
    return _tables[sql]


def _make_room(connection: duckdb.DuckDBPyConnection) -> None:
    # Also those without rows have a name and a query.
    total = sum(table.rows + _EACH for table in _tables.values())
    for sql, table in list(_tables.items()):
        if total <= _MAX_ROWS:
            return
        if not table.readers:
            connection.execute(f"DROP TABLE {table.name}")
            del _tables[sql]
            total -= table.rows + _EACH
