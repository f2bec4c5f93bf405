"""Which segments, and which of their days, one commit covers.

A DynamoDB transaction has at most 100 items: checkpoint and totals, and an item per
dataset, per day and per repeatable segment. A segment whose runs spread over more
days than fit is folded in several commits, earliest days first.

Small segments go before large ones (docs/decisions/0027-work-that-grows-with-the-list.md):
what slows readers down is how many there are. The rows of a dataset keep their order.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import msgspec

from shared import clock, ids
from shared.clock import SECOND_US, day_of
from shared.runs import Run, RunBlock
from shared.storage.lake.salvage import Sift, by_day
from shared.storage.log.archive import KeptSegment
from shared.storage.log.segments import PendingSegment, SegmentName, SegmentUnreadable

MAX_SEGMENTS = 500
MAX_BYTES = 64 * 2**20
MAX_DAYS = 50
MAX_DATASETS_AND_MARKERS = 45
# A commit holds 500 segments of this size.
SMALL_BYTES = MAX_BYTES // MAX_SEGMENTS
# One that waited so long goes before the small ones, or it would wait as long as they come.
PATIENCE_S = 300


class Poison(NamedTuple):
    """What is set aside of a segment: under which name, and its content."""

    segment: SegmentName
    file_name: str
    body: bytes

    @classmethod
    def whole(cls, segment: PendingSegment, body: bytes) -> "Poison":
        """A segment as it is."""
        return cls(segment.name, segment.name.file_name, body)

    @classmethod
    def runs_of(cls, name: SegmentName, runs: int, body: bytes) -> "Poison":
        """Runs of a segment as one of their own, without rows, so that putting it back doubles
        none. It has the same name whenever they are set aside again.
        """
        segment_id = ids.repeatable_ulid(name.born_us, "set aside", name.file_name)
        alone = msgspec.structs.replace(
            name, segment_id=segment_id, repeatable=False, rows=0, runs=runs, offset=0
        )
        return cls(name, alone.file_name, body)


@dataclass
class FlushPlan:
    """What one commit will hold.

    `finished` are the segments that it covers entirely, `kept` what is kept of them; `poison`
    is what cannot be folded of them, to be set aside.
    """

    finished: list[PendingSegment] = field(default_factory=list)
    kept: list[KeptSegment] = field(default_factory=list)
    rows: dict[str, list[bytes]] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    poison: list[Poison] = field(default_factory=list)
    partial_name: str | None = None
    partial_from_day: str = ""
    # The oldest adapter that the writers of a dataset's rows knew.
    adapter_versions: dict[str, int] = field(default_factory=dict)

    def finish(self, segment: PendingSegment, body: bytes) -> None:
        """Cover a segment entirely."""
        self.finished.append(segment)
        self.kept.append(KeptSegment.of(segment, body))

    @property
    def finished_names(self) -> tuple[str, ...]:
        """The finished segments as the checkpoint names them."""
        return tuple(segment.name.file_name for segment in self.finished)


def flush_order(live: Iterable[PendingSegment]) -> list[PendingSegment]:
    """The segments, in order of their ids, as they are folded.

    First the one that is folded in part: it is the one the checkpoint knows. Then those
    that wait for long, then small ones; what follows a large segment of its dataset
    counts as large, too.
    """
    late_us = clock.now_us() - PATIENCE_S * SECOND_US
    large: set[str] = set()
    placed = []
    for segment in live:
        dataset = segment.name.dataset if segment.live_rows else ""
        is_late = segment.name.born_us < late_us
        is_large = not is_late and (segment.size > SMALL_BYTES or dataset in large)
        if is_large and dataset:
            large.add(dataset)
        placed.append(((not segment.rows_folded, not is_late, is_large), segment))
    return [segment for _, segment in sorted(placed, key=itemgetter(0))]


def plan_flush(
    ordered: list[PendingSegment],
    bodies_of: Callable[[list[PendingSegment]], Iterator[bytes]],
    max_segments: int = MAX_SEGMENTS,
    sift: Sift = by_day,
) -> FlushPlan:
    """The plan for the first of the given segments, in their order.

    `bodies_of` gives their bodies, one after the other, as far as they are asked for. What
    `sift` says cannot be folded is set aside.
    """
    plan = FlushPlan()
    candidates = _fitting(ordered[:max_segments])
    for segment, body in zip(candidates, bodies_of(candidates), strict=False):
        if not _add(plan, segment, body, sift):
            break
    return plan


def _add(plan: FlushPlan, segment: PendingSegment, body: bytes, sift: Sift) -> bool:
    """Add a segment to the plan; whether another may follow."""
    try:
        rows = segment.rows_of(body)
    except SegmentUnreadable:
        # Where its rows end is not known, so nothing of it is.
        plan.poison.append(Poison.whole(segment, body))
        plan.finish(segment, body)
        return True
    good, poison = _sifted(segment, body[segment.name.offset :], sift)
    runs = _by_day(good)
    if len(plan.runs.keys() | runs.keys()) > MAX_DAYS:
        if not plan.finished:
            plan.poison += poison
            _take_first_days(plan, segment, rows, runs)
        return False
    plan.poison += poison
    _take(plan, segment, rows, runs)
    plan.finish(segment, body)
    return not segment.rows_folded


def _fitting(ordered: list[PendingSegment]) -> list[PendingSegment]:
    """The first segments that fit into one commit, by their names and sizes; at least
    one.
    """
    datasets: set[str] = set()
    markers, size = 0, 0
    for number, segment in enumerate(ordered):
        datasets.add(segment.name.dataset)
        markers += segment.name.repeatable
        size += segment.size
        full = len(datasets) + markers > MAX_DATASETS_AND_MARKERS or size > MAX_BYTES
        if number and full:
            return ordered[:number]
    return ordered


def _sifted(
    segment: PendingSegment, body: bytes, sift: Sift
) -> tuple[list[Run], tuple[Poison, ...]]:
    """The runs that can be folded, and what is set aside of the others: it costs no row."""
    name = segment.name
    try:
        good, bad = sift(segment.runs_of(body))
    except SegmentUnreadable:
        return [], (Poison.runs_of(name, name.runs, body),)
    if not bad:
        return good, ()
    encoded = RunBlock.of_runs(bad, name.segment_id).encoded()
    return good, (Poison.runs_of(name, len(bad), encoded),)


def _by_day(runs: list[Run]) -> dict[str, list[Run]]:
    days: dict[str, list[Run]] = {}
    for run in runs:
        days.setdefault(day_of(run.ts_us), []).append(run)
    return days


def _take(
    plan: FlushPlan, segment: PendingSegment, rows: bytes, runs: dict[str, list[Run]]
) -> None:
    name = segment.name
    if rows:
        plan.rows.setdefault(name.dataset, []).append(rows)
        known = plan.adapter_versions.get(name.dataset, name.adapter_version)
        plan.adapter_versions[name.dataset] = min(known, name.adapter_version)
    for day, day_runs in runs.items():
        plan.runs.setdefault(day, []).extend(day_runs)


def _take_first_days(
    plan: FlushPlan, segment: PendingSegment, rows: bytes, runs: dict[str, list[Run]]
) -> None:
    days = sorted(runs)
    _take(plan, segment, rows, {day: runs[day] for day in days[:MAX_DAYS]})
    plan.partial_name = segment.name.file_name
    plan.partial_from_day = days[MAX_DAYS]
