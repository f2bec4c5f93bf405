"""The file of an export: what it is called, what it says it is, and its bytes, piece by piece."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal

import duckdb

from shared import clock
from shared.errors import TooLarge
from shared.runs import PARQUET_COLUMNS
from shared.spreadsheets import BOM, csv_line
from shared.usage.export_lines import CSV_COLUMNS, TEXT_COLUMNS, csv_line_sql, json_line_sql
from shared.usage.query import UsageQuery

ExportFormat = Literal["csv", "jsonl", "parquet"]
CONTENT_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
# What a line has apart from texts and extras, and what an extra has: about the most.
_LINE_BYTES = 200
_EXTRA_BYTES = 40
# Lines that are taken from the database at a time, and bytes from a file.
_FETCHED_LINES = 5_000
_READ_BYTES = 2**20


class ExportTooLarge(TooLarge):
    """The runs cannot be written within the time that a request has."""

    code = "export_too_large"


@dataclass(frozen=True)
class ExportLimits:
    """How much comes in the answer itself, how much one request can write and store with
    time to spare (docs/usage-export.md), and how many runs are sorted at a time.
    """

    inline_bytes: int = int(4.5 * 2**20)
    max_bytes: int = 768 * 2**20
    slice_runs: int = 100_000


@dataclass(frozen=True)
class Export:
    """What is asked for: which runs, and in which form. `guard` and `bom` concern CSV only."""

    query: UsageQuery
    format: ExportFormat = "csv"
    guard: bool = True
    bom: bool = False

    @property
    def file_name(self) -> str:
        """States the window that was pinned, in UTC."""
        first, last = _stamp(self.query.from_us), _stamp(self.query.to_us)
        return f"evalyard-usage_{first}_{last}_UTC.{self.format}"

    @property
    def content_type(self) -> str:
        """What the file says it is."""
        return CONTENT_TYPES[self.format]


def checked_rows(connection: duckdb.DuckDBPyConnection, max_bytes: int) -> int:
    """How many runs there are. Raises ExportTooLarge, rather than begin what cannot end."""
    texts = " + ".join(f"coalesce(sum(strlen({name})), 0)" for name in TEXT_COLUMNS)
    pairs = "coalesce(sum(cardinality(extra)), 0) + coalesce(sum(cardinality(conditions)), 0)"
    sql = f"SELECT count(*), {texts}, {pairs} FROM runs"
    rows, text_bytes, extras = map(int, connection.execute(sql).fetchall()[0])
    estimate = rows * _LINE_BYTES + text_bytes + extras * _EXTRA_BYTES
    if estimate > max_bytes:
        raise ExportTooLarge(
            f"these {rows} runs would be a file of about {estimate // 2**20} MB, and one request "
            f"writes at most {max_bytes // 2**20} MB; export shorter windows one after another "
            "(from and to), or filter",
            limit_bytes=max_bytes,
            rows=rows,
        )
    return rows


@contextmanager
def file_pieces(
    connection: duckdb.DuckDBPyConnection, wanted: Export, slices: list[str]
) -> Iterator[Iterator[bytes]]:
    """The bytes of the file of all runs in the table `runs`, newest last."""
    if wanted.format == "parquet":
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            yield _parquet_pieces(connection, slices, Path(folder))
    elif wanted.format == "jsonl":
        yield _lines(connection, json_line_sql(), slices)
    else:
        header = (BOM if wanted.bom else "") + csv_line(CSV_COLUMNS)
        line = csv_line_sql(connection, guard=wanted.guard)
        yield chain([header.encode()], _lines(connection, line, slices))


def _lines(connection: duckdb.DuckDBPyConnection, line: str, slices: list[str]) -> Iterator[bytes]:
    """Lines in order, sorted slice by slice, so that memory holds one slice."""
    for part in slices:
        found = connection.execute(f"SELECT {line} FROM {part}")
        while lines := found.fetchmany(_FETCHED_LINES):
            yield "".join([line for (line,) in lines]).encode()


def _parquet_pieces(
    connection: duckdb.DuckDBPyConnection, slices: list[str], folder: Path
) -> Iterator[bytes]:
    """Sorted slices are written first, then joined: one sort of everything takes twice the
    memory for a million runs, and ever more for more.
    """
    columns = ", ".join(PARQUET_COLUMNS)
    for number, part in enumerate(slices):
        slice_ = folder / f"{number:06d}.parquet"
        connection.execute(f"COPY (SELECT {columns} FROM {part}) TO '{slice_}' (FORMAT parquet)")
    whole = folder / "whole.parquet"
    names = ", ".join(f"'{slice_}'" for slice_ in sorted(folder.iterdir()))
    connection.execute(
        f"COPY (FROM read_parquet([{names}])) TO '{whole}' (FORMAT parquet, COMPRESSION zstd)"
    )
    with whole.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece


def sorted_slices(
    connection: duckdb.DuckDBPyConnection, query: UsageQuery, rows: int, slice_runs: int
) -> list[str]:
    """SQL after FROM, for all runs in order: a slice after the other, of about so many runs."""
    inner = _inner_edges(connection, rows // slice_runs + 1)
    return [
        f"runs WHERE ts >= make_timestamp({first_us}) AND ts < make_timestamp({end_us}) "
        "ORDER BY ts, run_id"
        for first_us, end_us in pairwise([query.from_us, *inner, query.to_us])
    ]


def _inner_edges(connection: duckdb.DuckDBPyConnection, count: int) -> list[int]:
    """The instants that cut the runs into `count` stretches, fewer where many are equal."""
    if count == 1:
        return []
    shares = ", ".join(str(number / count) for number in range(1, count))
    sql = f"SELECT quantile_disc(epoch_us(ts), [{shares}]) FROM runs"
    ((edges,),) = connection.execute(sql).fetchall()
    return sorted(set(edges))


def _stamp(us: int) -> str:
    return f"{clock.from_us(us):%Y%m%dT%H%M%SZ}"
