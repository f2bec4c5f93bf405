"""The rows of a question as the DuckDB view `rows`: extracted columns, filtered.

Columns: `us`, `device`, `model`, one per number field (`NumberField.column`), `speed`
(tokens per second, derived where no field says it); `source` and `line` are the order of
appending.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from shared import clock
from shared.aws import Bucket
from shared.datasets.metrics.extraction import extract
from shared.datasets.metrics.folded_rows import FoldedRows, extracted
from shared.datasets.metrics.gathering import Gathered
from shared.datasets.metrics.mapping import (
    COMPLETION_TOKENS,
    LATENCY_MS,
    TOK_S,
    TTFT_MS,
    Mapping,
    NumberField,
)
from shared.datasets.metrics.query import MetricsQuery
from shared.datasets.metrics.times import read_odd_texts
from shared.runs import MIN_TOKENS_OF_A_SPEED
from shared.storage.lake import connect_to_ask

# Of the function's 1,769 MB; what Python and fetching need is left free.
_MEMORY_LIMIT = "800MiB"


@contextmanager
def rows_view(
    bucket: Bucket, gathered: Gathered, mapping: Mapping, query: MetricsQuery
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the view `rows`. Raises ObjectMissing."""
    with TemporaryDirectory(prefix="metrics-") as folder, connect_to_ask() as connection:
        connection.execute("SET memory_limit = ?", [_MEMORY_LIMIT])
        folded = FoldedRows(connection, bucket, mapping)
        sources = [source for volume in gathered.volumes for source in folded.sources(volume)]
        pending = Path(folder) / "pending.parquet"
        extract(connection, mapping, gathered.pending, pending)
        _create_extracted(connection, [*sources, extracted(pending)])
        _create_timed(connection, Path(folder) / "instants.jsonl")
        _create_rows(connection, gathered, mapping, query)
        yield connection


def _create_extracted(connection: duckdb.DuckDBPyConnection, sources: list[str]) -> None:
    numbered = [f"SELECT {number} AS source, * FROM ({sql})" for number, sql in enumerate(sources)]
    union = " UNION ALL BY NAME ".join(numbered)
    connection.execute(f"CREATE TEMP VIEW extracted AS {union}")


def _create_timed(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """The view `timed`: what is extracted, with times in no usual form read as well."""
    odd = connection.execute("SELECT DISTINCT odd FROM extracted WHERE odd IS NOT NULL")
    if not read_odd_texts(odd, file):
        connection.execute("CREATE TEMP VIEW timed AS FROM extracted")
        return
    connection.execute(
        f"CREATE TEMP TABLE instants AS FROM read_json('{file}', format='newline_delimited', "
        "columns={odd: 'VARCHAR', us: 'BIGINT'})"
    )
    connection.execute(
        "CREATE TEMP VIEW timed AS SELECT e.* REPLACE (coalesce(e.us, i.us) AS us) "
        "FROM extracted e LEFT JOIN instants i ON e.odd = i.odd"
    )


def _create_rows(
    connection: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    mapping: Mapping,
    query: MetricsQuery,
) -> None:
    conditions = ["true"]
    if gathered.undone:
        _create_names(connection, "undone", gathered.undone)
        conditions.append("(batch IS NULL OR batch NOT IN (FROM undone))")
    if query.devices:
        _create_names(connection, "devices", query.devices)
        conditions.append("device IN (FROM devices)")
    if query.models:
        _create_names(connection, "models", query.models)
        conditions.append("model IN (FROM models)")
    if query.from_us is not None:
        conditions.append(f"us >= {query.from_us}")
    if query.to_us is not None:
        conditions.append(f"us < {query.to_us}")
    connection.execute(
        f"CREATE TEMP VIEW rows AS SELECT *, {_speed(mapping)} AS speed FROM "
        f"(SELECT * REPLACE ({_plausible_us()} AS us), {_derived(mapping)} AS derived FROM timed) "
        f"WHERE {' AND '.join(conditions)}"
    )


def _plausible_us() -> str:
    """SQL: the instant, if a row that arrived when it did may have it; as appends judge it."""
    earliest, ahead = clock.row_times_us(0)
    return f"CASE WHEN us >= {earliest} AND us <= coalesce(arrived, us) + {ahead} THEN us END"


def _create_names(
    connection: duckdb.DuckDBPyConnection, table: str, names: frozenset[str] | tuple[str, ...]
) -> None:
    connection.execute(
        f"CREATE TEMP TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS name", [list(names)]
    )


def _derived(mapping: Mapping) -> str:
    """SQL: tokens per second from tokens and times, perhaps beyond all numbers."""
    by_name = _standard(mapping)
    tokens, latency, ttft = (
        by_name[name].column for name in (COMPLETION_TOKENS, LATENCY_MS, TTFT_MS)
    )
    return (
        f"CASE WHEN {tokens} < 0 OR {ttft} < 0 OR NOT {latency} > 0 THEN NULL "
        f"WHEN {ttft} < {latency} "
        f"THEN ({tokens} - 1) / (({latency} - {ttft}) / 1000) "
        f"ELSE {tokens} / ({latency} / 1000) END"
    )


def _speed(mapping: Mapping) -> str:
    """SQL: tokens per second as `shared.runs.speed_of` has it."""
    by_name = _standard(mapping)
    finite = "CASE WHEN isfinite(derived) THEN derived END"
    said = by_name[TOK_S]
    speed = f"coalesce({said.column}, {finite})" if said.read else finite
    tokens = by_name[COMPLETION_TOKENS].column
    return f"CASE WHEN {tokens} < {MIN_TOKENS_OF_A_SPEED} THEN NULL ELSE {speed} END"


def _standard(mapping: Mapping) -> dict[str, NumberField]:
    return {field.standard: field for field in mapping.fields if field.standard}
