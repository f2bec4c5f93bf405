"""What is asked of the product's database, statement by statement."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.storage.lake.parquet import connect


@contextmanager
def watched_statements() -> Iterator[list[str]]:
    """The statements of SQL that were run in the block, once it is left; by DuckDB's own log."""
    found: list[str] = []
    with connect() as connection:
        connection.execute("CALL enable_logging('QueryLog')")
        try:
            yield found
        finally:
            connection.execute("CALL disable_logging()")
            logged = connection.execute("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'")
            found += [message for (message,) in logged.fetchall()[:-1]]
            connection.execute("CALL truncate_duckdb_logs()")
