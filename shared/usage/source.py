"""The runs of a question, as a DuckDB table: Parquet parts plus what is not folded yet.

Parts are immutable, so they are kept in the function's scratch space between
invocations, the least recently used going first when space runs out.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from shared import clock
from shared.clock import day_of
from shared.runs import Run, encode_runs, select_list
from shared.storage import Part, Snapshot
from shared.storage.parquet import connect, json_reader
from shared.usage.question import Question

_CACHE_BYTES = 300 * 2**20


@contextmanager
def runs_table(snapshot: Snapshot, question: Question) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `runs` of exactly the question's runs, `ts` a UTC timestamp."""
    parts = _parts(snapshot, question)
    paths = {part: _fetched(snapshot, part) for part in parts}
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


def _fetched(snapshot: Snapshot, part: Part) -> Path:
    folder = Path(tempfile.gettempdir()) / "evalyard-parts" / snapshot.bucket.name
    path = folder / part.key.replace("/", "~")
    if path.exists():
        path.touch()
        return path
    folder.mkdir(parents=True, exist_ok=True)
    _make_room(folder, part.bytes)
    body = snapshot.part_bytes(part)
    incoming = folder / f".{clock.now_us()}-{path.name}"
    incoming.write_bytes(body)
    return incoming.rename(path)


def _make_room(folder: Path, needed: int) -> None:
    kept = sorted(folder.glob("[!.]*.parquet"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in kept) + needed
    while kept and size > _CACHE_BYTES:
        oldest = kept.pop(0)
        size -= oldest.stat().st_size
        oldest.unlink(missing_ok=True)
