"""Segments: what one append, import or job leaves behind, in one immutable object.

`segments/<user_id>/<segment_id>-<a|r><adapter>-<rows>-<runs>-<offset>-<dataset>.jsonl`:
the dataset rows first, the runs from byte `offset` on (`shared.runs.RunBlock`). The
key says all that a listing needs; `r` marks a segment whose id its writer can repeat,
so that a compaction must remember it by a marker; `adapter` is the version of the
adapter that its writer knew (0: none), so that a backfill finds rows that were
converted by an older one.
"""

import re

import msgspec

from shared import ids
from shared.clock import LATEST, day_of, to_us
from shared.runs import Run, decode_runs
from shared.segment_ids import batch_id_of
from shared.storage.log.object_keys import SEGMENTS_PREFIX
from shared.storage.log.tombstones import Tombstone

_SUFFIX = ".jsonl"
_ULID = re.compile(ids.ULID_FORM)
_LATEST_US = to_us(LATEST)


class SegmentName(msgspec.Struct, frozen=True, order=True):
    """What a segment's key says. `offset` is where the runs start, in bytes."""

    user_id: str
    segment_id: str
    repeatable: bool
    rows: int
    runs: int
    offset: int
    dataset: str
    adapter_version: int = 0

    @property
    def key(self) -> str:
        """The object's key."""
        return f"{SEGMENTS_PREFIX}{self.user_id}/{self.file_name}"

    @property
    def file_name(self) -> str:
        """The last part of the key: how the catalog remembers a segment."""
        kind = f"{'r' if self.repeatable else 'a'}{self.adapter_version}"
        counts = f"{self.rows}-{self.runs}-{self.offset}"
        return f"{self.segment_id}-{kind}-{counts}-{self.dataset}{_SUFFIX}"

    @property
    def batch_id(self) -> str:
        """How the API calls what the segment brought."""
        return batch_id_of(self.segment_id)

    @property
    def born_us(self) -> int:
        """When the segment was written, by its id."""
        return ids.ulid_time_us(self.segment_id)

    @classmethod
    def parse(cls, key: str) -> "SegmentName":
        """The name behind a key. Raises ValueError for a key that is no segment's, also for one
        that would be written in another way: nothing would be found under its name.
        """
        folder, _, file_name = key.removeprefix(SEGMENTS_PREFIX).partition("/")
        segment_id, kind, rows, runs, offset, dataset = file_name.removesuffix(_SUFFIX).split(
            "-", 5
        )
        if (
            not key.startswith(SEGMENTS_PREFIX)
            or not key.endswith(_SUFFIX)
            or kind[:1] not in ("a", "r")
        ):
            raise ValueError(f"not a segment key: {key}")
        name = cls(
            folder,
            segment_id,
            kind.startswith("r"),
            int(rows),
            int(runs),
            int(offset),
            dataset,
            int(kind[1:]),
        )
        if name.key != key or not _ULID.fullmatch(segment_id) or name.born_us >= _LATEST_US:
            raise ValueError(f"not a segment key: {key}")
        return name


class SegmentUnreadable(ValueError):
    """A segment whose content is not what its key says."""


class PendingSegment(msgspec.Struct, frozen=True):
    """A segment that no commit covers yet, or only in part, and when it was stored.

    A segment whose runs spread over very many days is folded in steps: then its rows
    are folded already, and its runs of days before `runs_from_day` too. `tombstones` take
    its rows, and perhaps its runs, out.
    """

    name: SegmentName
    size: int
    rows_folded: bool = False
    runs_from_day: str = ""
    tombstones: tuple[Tombstone, ...] = ()
    stored_s: float = 0.0

    @property
    def live_rows(self) -> int:
        """The number of rows that readers find here."""
        return 0 if self.rows_folded or self.tombstones else self.name.rows

    def rows_of(self, body: bytes) -> bytes:
        """The dataset rows that are not folded yet, as JSON lines. Raises SegmentUnreadable."""
        rows = body[: self.name.offset]
        if len(rows) != self.name.offset or rows.count(b"\n") != self.name.rows:
            raise SegmentUnreadable(f"{self.name.key} does not hold the rows it names")
        return rows if self.live_rows else b""

    def runs_of(self, runs_body: bytes) -> list[Run]:
        """The runs that are not folded yet, of the body from the offset on.

        Raises SegmentUnreadable.
        """
        runs = self._decoded(runs_body)
        if self.runs_from_day:
            runs = [run for run in runs if _day_of(run) >= self.runs_from_day]
        if self.tombstones:
            runs = [
                run
                for run in runs
                if not any(tombstone.hides(run) for tombstone in self.tombstones)
            ]
        return runs

    def _decoded(self, runs_body: bytes) -> list[Run]:
        try:
            runs = decode_runs(runs_body)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise SegmentUnreadable(f"{self.name.key} does not hold runs") from exc
        if len(runs) != self.name.runs:
            raise SegmentUnreadable(f"{self.name.key} does not hold the runs it names")
        return runs


def _day_of(run: Run) -> str:
    """The day of a run; the last of all days for one that has none."""
    try:
        return day_of(run.ts_us)
    except (ValueError, OverflowError):
        return "~"
