"""The runs of a question, as a DuckDB table: Parquet parts plus what is not folded yet.

Parts are immutable, so they are kept in the function's scratch space between
invocations (`shared.storage.scratch`).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from shared.clock import day_of
from shared.runs import Run, encode_runs, select_list
from shared.storage import Part, Snapshot
from shared.storage.parquet import connect, json_reader
from shared.storage.scratch import Scratch
from shared.usage.question import Question

_CACHE_BYTES = 300 * 2**20


@contextmanager
def runs_table(snapshot: Snapshot, question: Question) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `runs` of exactly the question's runs, `ts` a UTC timestamp."""
    scratch = Scratch("evalyard-parts", _CACHE_BYTES)
    paths = {part: _fetched(scratch, snapshot, part) for part in _parts(snapshot, question)}
    pending = [run for run in snapshot.pending_runs() if _within(run, question)]
    with tempfile.TemporaryDirectory(prefix="pending-") as folder, connect() as connection:
        condition, parameters = question.filters.condition()
        union, hiding = _union(snapshot, paths, pending, Path(folder))
        connection.execute(
            f"CREATE TEMP TABLE runs AS FROM ({union}) "
            f"WHERE ts >= make_timestamp(?) AND ts < make_timestamp(?) AND {condition}",
            [*hiding, question.from_us, question.to_us, *parameters],
        )
        yield connection


def look_up(snapshot: Snapshot, *questions: Question) -> None:
    """Read from the catalog what several questions need, before objects are read for one."""
    for question in questions:
        _parts(snapshot, question)


def _parts(snapshot: Snapshot, question: Question) -> list[Part]:
    if question.to_us <= question.from_us:
        return []
    first, last = day_of(max(question.from_us, 0)), day_of(max(question.to_us - 1, 0))
    return [
        part
        for day in snapshot.days(first, last)
        for part in day.parts
        if part.max_us >= question.from_us and part.min_us < question.to_us
    ]


def _within(run: Run, question: Question) -> bool:
    return question.from_us <= run.ts_us < question.to_us


def _union(
    snapshot: Snapshot, paths: dict[Part, Path], pending: list[Run], scratch: Path
) -> tuple[str, list[str]]:
    """SQL that gives all runs which are not taken out, and its parameters."""
    lines = scratch / "pending.jsonl"
    lines.write_bytes(encode_runs(pending))
    sources = [f"SELECT {select_list()} FROM {json_reader(lines)}"]
    edited = [part for part in paths if any(edit.concerns(part) for edit in snapshot.edits)]
    whole = [path for part, path in paths.items() if part not in edited]
    if whole:
        names = ", ".join(f"'{path}'" for path in whole)
        sources.append(f"SELECT * FROM read_parquet([{names}], union_by_name = true)")
    parameters: list[str] = []
    for part in edited:
        hidden = [edit.condition() for edit in snapshot.edits if edit.concerns(part)]
        kept = " AND ".join(f"NOT ({condition})" for condition, _ in hidden)
        sources.append(f"SELECT * FROM read_parquet('{paths[part]}') WHERE {kept}")
        parameters += [value for _, values in hidden for value in values]
    return " UNION ALL BY NAME ".join(sources), parameters


def _fetched(scratch: Scratch, snapshot: Snapshot, part: Part) -> Path:
    return scratch.obtain(
        f"{snapshot.bucket.name}/{part.key}",
        part.bytes,
        lambda path: path.write_bytes(snapshot.part_bytes(part)),
    )
