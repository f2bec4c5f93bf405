"""How much one user has stored: what the operator of a restore compares."""

import msgspec

from shared.storage.log.snapshot import Snapshot


class StoredCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What can be counted without looking into objects: rows by dataset, runs, and how many
    segments are pending. Runs that an open tombstone hides still count.
    """

    rows: dict[str, int]
    runs: int
    pending: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> "StoredCounts":
        """The figures of one user."""
        names = {item["name"] for item in snapshot.dataset_items() if item["sk"].endswith("#BASE")}
        pending = [segment for segment in snapshot.pending if segment.size]
        rows = {name: _rows(snapshot, name) for name in {*names, *_with_rows(snapshot)}}
        parts = [part for day in snapshot.days("0000-01-01", "9999-12-31") for part in day.parts]
        return cls(
            rows={name: rows[name] for name in sorted(rows) if rows[name]},
            runs=sum(part.rows for part in parts) + sum(each.name.runs for each in pending),
            pending=len(pending),
        )


def _with_rows(snapshot: Snapshot) -> set[str]:
    return {segment.name.dataset for segment in snapshot.pending if segment.live_rows}


def _rows(snapshot: Snapshot, dataset: str) -> int:
    record = snapshot.dataset(dataset)
    folded = record.rows - snapshot.hidden(dataset)[0] if record else 0
    return folded + sum(segment.live_rows for segment in snapshot.pending_of(dataset))
