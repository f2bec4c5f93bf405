"""Which segments, and which of their days, one commit covers.

A DynamoDB transaction has at most 100 items: checkpoint and totals, and an item per
dataset, per day and per repeatable segment. A segment whose runs spread over more
days than fit is folded in several commits, earliest days first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shared import ids
from shared.clock import day_of
from shared.runs import Run, RunBlock
from shared.storage.archive import KeptSegment
from shared.storage.salvage import Sift, by_day
from shared.storage.segments import PendingSegment, SegmentName, SegmentUnreadable

MAX_SEGMENTS = 500
MAX_BYTES = 64 * 2**20
MAX_DAYS = 50
MAX_DATASETS_AND_MARKERS = 45


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
        none. It has the same name whenever they are set aside again."""
        segment_id = ids.repeatable_ulid(name.born_us, "set aside", name.file_name)
        alone = replace(name, segment_id=segment_id, repeatable=False, rows=0, runs=runs, offset=0)
        return cls(name, alone.file_name, body)


@dataclass
class Plan:
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


def plan_step(
    live: list[PendingSegment],
    body_of: Callable[[PendingSegment], bytes],
    max_segments: int = MAX_SEGMENTS,
    sift: Sift = by_day,
) -> Plan:
    """The plan for the first of the given segments, in their order.

    A segment that is folded in part comes first: it is the one the checkpoint knows. What
    `sift` says cannot be folded is set aside.
    """
    plan = Plan()
    ordered = sorted(live, key=lambda segment: not segment.rows_folded)
    for segment in ordered[:max_segments]:
        if not _fits(plan, segment) or not _add(plan, segment, body_of(segment), sift):
            break
    return plan


def _add(plan: Plan, segment: PendingSegment, body: bytes, sift: Sift) -> bool:
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


def _fits(plan: Plan, segment: PendingSegment) -> bool:
    if not plan.finished:
        return True
    datasets = plan.rows.keys() | {segment.name.dataset}
    markers = sum(done.name.repeatable for done in [*plan.finished, segment])
    size = sum(done.size for done in plan.finished) + segment.size
    return len(datasets) + markers <= MAX_DATASETS_AND_MARKERS and size <= MAX_BYTES


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


def _take(plan: Plan, segment: PendingSegment, rows: bytes, runs: dict[str, list[Run]]) -> None:
    name = segment.name
    if rows:
        plan.rows.setdefault(name.dataset, []).append(rows)
        known = plan.adapter_versions.get(name.dataset, name.adapter_version)
        plan.adapter_versions[name.dataset] = min(known, name.adapter_version)
    for day, day_runs in runs.items():
        plan.runs.setdefault(day, []).extend(day_runs)


def _take_first_days(
    plan: Plan, segment: PendingSegment, rows: bytes, runs: dict[str, list[Run]]
) -> None:
    days = sorted(runs)
    _take(plan, segment, rows, {day: runs[day] for day in days[:MAX_DAYS]})
    plan.partial_name = segment.name.file_name
    plan.partial_from_day = days[MAX_DAYS]
