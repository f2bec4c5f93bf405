"""Which run ids a user has already: what an import must not bring twice.

An id that the server made names its batch (`run_<segment>_<ordinal>`), and parts carry
the range of their batches; so only those are looked into that may hold one of them, and
those with ids that others gave (`Part.foreign`).
"""

import tempfile
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import duckdb
import msgspec

from shared.aws import side_by_side
from shared.segment_ids import batch_id_in
from shared.storage.lake.parquet import connect
from shared.storage.lake.scratch import local_copies
from shared.storage.log.records import Part
from shared.storage.log.segments import PendingSegment, SegmentUnreadable
from shared.storage.log.snapshot import Snapshot
from shared.storage.log.tombstones import Tombstone

# Parts are looked into by so many at a time, so that they need not all fit into scratch space.
_PARTS_AT_ONCE = 128
_BYTES_AT_ONCE = 64 * 2**20


@dataclass(frozen=True)
class SoughtRunIds:
    """The ids that are looked for; runs of the batch `but_batch` do not count."""

    run_ids: frozenset[str]
    but_batch: str

    @cached_property
    def batches(self) -> list[str]:
        """The batches that the ids name, in order."""
        return sorted({batch for run_id in self.run_ids if (batch := batch_id_in(run_id))})

    def may_lie_in(self, part: Part) -> bool:
        """Whether a part can have one of the ids."""
        first = bisect_left(self.batches, part.min_batch)
        return part.foreign or (first < len(self.batches) and self.batches[first] <= part.max_batch)

    def may_be_pending_in(self, segment: PendingSegment) -> bool:
        """Whether a segment can have one of the ids; one with rows brings no ids of others."""
        name = segment.name
        if not name.runs or name.batch_id == self.but_batch:
            return False
        return not name.rows or name.batch_id in self.batches


def existing_run_ids(snapshot: Snapshot, wanted: Collection[str], *, but_batch: str) -> set[str]:
    """Those of the wanted ids that a run has which is there and not taken out.

    Runs of the batch `but_batch` do not count. Reads the days' items, and the objects
    that may have one of the ids, a bounded number at a time.
    """
    if not wanted:
        return set()
    sought = SoughtRunIds(frozenset(wanted), but_batch)
    days = snapshot.days("0000-01-01", "9999-12-31")
    parts = [part for day in days for part in day.parts if sought.may_lie_in(part)]
    segments = [segment for segment in snapshot.pending if sought.may_be_pending_in(segment)]
    snapshot.seal()
    return _in_segments(snapshot, segments, sought) | _in_parts(snapshot, parts, sought)


def _in_segments(
    snapshot: Snapshot, segments: list[PendingSegment], wanted: SoughtRunIds
) -> set[str]:
    found: set[str] = set()
    for ids in side_by_side(partial(_ids_of, snapshot), segments, weight=lambda each: each.size):
        found |= ids & wanted.run_ids
    return found


def _ids_of(snapshot: Snapshot, segment: PendingSegment) -> set[str]:
    body = snapshot.log.bucket.get(segment.name.key, start=segment.name.offset)
    try:
        return {run.run_id for run in segment.runs_of(body)}
    except SegmentUnreadable:
        # The compaction sets it aside.
        return set()


def _in_parts(snapshot: Snapshot, parts: list[Part], wanted: SoughtRunIds) -> set[str]:
    found: set[str] = set()
    if not parts:
        return found
    with connect() as connection:
        _put_wanted(connection, wanted)
        for group in _groups(parts):
            found |= _in_group(connection, snapshot, group, wanted)
    return found


def _put_wanted(connection: duckdb.DuckDBPyConnection, wanted: SoughtRunIds) -> None:
    """Make the table `wanted`. As a parameter a long list takes DuckDB seconds, as a file none."""
    with tempfile.TemporaryDirectory(prefix="wanted-") as folder:
        lines = Path(folder) / "wanted.jsonl"
        rows = [{"run_id": run_id} for run_id in wanted.run_ids]
        lines.write_bytes(msgspec.json.Encoder().encode_lines(rows))
        connection.execute(
            "CREATE TEMP TABLE wanted AS FROM "
            f"read_json('{lines}', format='newline_delimited', columns={{run_id: 'VARCHAR'}})"
        )


def _groups(parts: list[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        full = sum(each.bytes for each in group) + part.bytes > _BYTES_AT_ONCE
        if group and (full or len(group) == _PARTS_AT_ONCE):
            yield group
            group = []
        group.append(part)
    yield group


def _in_group(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    parts: list[Part],
    wanted: SoughtRunIds,
) -> set[str]:
    copies = local_copies(snapshot.log.bucket, {part.key: part.bytes for part in parts})
    paths = {part: copies[part.key] for part in parts}
    sql, parameters = _question(snapshot, paths)
    rows = connection.execute(sql, [*parameters, wanted.but_batch]).fetchall()
    return {run_id for (run_id,) in rows}


def _question(snapshot: Snapshot, paths: dict[Part, Path]) -> tuple[str, list[str]]:
    """SQL for the wanted ids in some parts' runs that are not taken out, and its parameters."""
    sources, parameters = [], []
    for tombstones, files in _by_tombstones(snapshot, paths).items():
        hiding = [tombstone.condition() for tombstone in tombstones]
        kept = " AND ".join(["true", *(f"NOT ({condition})" for condition, _ in hiding)])
        names = ", ".join(f"'{file}'" for file in files)
        sources.append(f"SELECT run_id, batch_id FROM read_parquet([{names}]) WHERE {kept}")
        parameters += [value for _, values in hiding for value in values]
    union = " UNION ALL ".join(sources)
    return (
        "SELECT DISTINCT run_id FROM wanted SEMI JOIN "
        f"(SELECT run_id FROM ({union}) WHERE batch_id IS DISTINCT FROM ?) USING (run_id)",
        parameters,
    )


def _by_tombstones(
    snapshot: Snapshot, paths: dict[Part, Path]
) -> dict[tuple[Tombstone, ...], list[Path]]:
    """The files by the tombstones that concern them: a tombstone mostly concerns many alike."""
    groups: dict[tuple[Tombstone, ...], list[Path]] = {}
    for part, path in paths.items():
        tombstones = tuple(
            tombstone for tombstone in snapshot.tombstones if tombstone.concerns(part)
        )
        groups.setdefault(tombstones, []).append(path)
    return groups
