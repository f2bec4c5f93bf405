"""What is read to answer a question: rows, rollups, or both. The one place that decides.

Up to two million runs come from the rows. Above that, whole days and hours come from
rollups wherever one keeps the wanted dimensions apart and no bucket begins inside; the
ragged ends, what is not rolled up yet and what is being taken out come from rows.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.clock import DAY_US, day_of, day_start_us
from shared.storage.lake import DAY, HOUR, level_for
from shared.storage.log import DayRecord, MonthRecord, Part, Snapshot
from shared.usage.query import UsageQuery

EXACT_UP_TO = 2_000_000
_HOUR_US = DAY_US // 24

Range = tuple[int, int]


@dataclass(frozen=True)
class RowsOf:
    """The runs of a part, without those in some ranges of time, which rollups cover."""

    part: Part
    without: tuple[Range, ...] = ()


@dataclass(frozen=True)
class CellsOf:
    """The cells of a level, of these hours or days, in one object.

    `alone` when the object may hold cells of other days that are read elsewhere.
    """

    key: str
    bytes: int
    level: str
    times: tuple[int, ...]
    alone: bool = False


@dataclass(frozen=True)
class QueryPlan:
    """What to read; `runs` is how many runs the window has at most."""

    rows: tuple[RowsOf, ...]
    cells: tuple[CellsOf, ...]
    runs: int

    @property
    def exact(self) -> bool:
        """Whether everything comes from rows."""
        return not self.cells


def plan_reading(
    snapshot: Snapshot,
    query: UsageQuery,
    needed: Iterable[str] = (),
    edges: Sequence[int] = (),
    *,
    exact: bool | None = None,
) -> QueryPlan:
    """What to read for a question by some dimensions, in buckets that begin at `edges`.

    `exact` decides between rows and rollups; without it the number of runs does.
    """
    days = days_of(snapshot, query)
    parts = [part for day in days for part in day.parts if _overlaps(part, query)]
    runs = sum(part.rows for part in parts)
    runs += sum(segment.name.runs for segment in snapshot.pending)
    if runs <= EXACT_UP_TO if exact is None else exact:
        return QueryPlan(tuple(map(RowsOf, parts)), (), runs)
    planning = _Planning(snapshot, query, {*needed, *query.filters.dimensions}, edges)
    for day in days:
        planning.add(day)
    return QueryPlan(tuple(planning.rows), tuple(planning.gathered()), runs)


def has_none(snapshot: Snapshot, query: UsageQuery) -> bool:
    """Whether there are certainly no runs in the window: no part has any there, and none is
    pending.
    """
    if plan_reading(snapshot, query, exact=True).rows:
        return False
    return not any(query.from_us <= run.ts_us < query.to_us for run in snapshot.pending_runs())


def days_of(snapshot: Snapshot, query: UsageQuery) -> list[DayRecord]:
    """The folded days that the question's window touches."""
    if query.to_us <= query.from_us:
        return []
    return snapshot.days(day_of(max(query.from_us, 0)), day_of(max(query.to_us - 1, 0)))


class _Planning:
    """A plan as it grows, day by day."""

    def __init__(
        self, snapshot: Snapshot, query: UsageQuery, needed: set[str], edges: Sequence[int]
    ) -> None:
        self.snapshot, self.query, self.edges = snapshot, query, edges
        self.rows: list[RowsOf] = []
        self.by_days: dict[str, CellsOf] = {}
        self.by_hours: list[CellsOf] = []
        self.levels = {grain: level_for(grain, needed) for grain in (DAY, HOUR)}

    def add(self, day: DayRecord) -> None:
        """Read a day from its rollup as far as it goes, and the rest from rows."""
        covered = self._covered(day)
        for part in day.parts:
            without = covered if part.rolled else ()
            if _overlaps(part, self.query) and not _within(part, without):
                self.rows.append(RowsOf(part, without))

    def _covered(self, day: DayRecord) -> tuple[Range, ...]:
        """The ranges of the day that its rollup covers, which are noted."""
        rollup, tombstones = day.rollup, self.snapshot.tombstones
        if rollup is None or any(
            tombstone.concerns(part)
            for tombstone in tombstones
            for part in day.parts
            if part.rolled
        ):
            return ()
        start = day_start_us(day.day)
        for grain, length in ((DAY, DAY_US), (HOUR, _HOUR_US)):
            level = self.levels[grain]
            times = self._whole(start, length)
            if level and level.name in rollup.levels and times:
                cells = CellsOf(rollup.key, rollup.bytes, level.name, tuple(times))
                if grain == DAY:
                    self.by_days[day.day] = cells
                else:
                    self.by_hours.append(cells)
                return tuple(_joined(times, length))
        return ()

    def _whole(self, start: int, length: int) -> list[int]:
        """The days or hours of a day that are in the window with no bucket beginning inside."""
        return [
            begin
            for begin in range(start, start + DAY_US, length)
            if begin >= self.query.from_us
            and begin + length <= self.query.to_us
            and not self._split(begin, begin + length)
        ]

    def _split(self, begin: int, end: int) -> bool:
        place = bisect_right(self.edges, begin)
        return place < len(self.edges) and self.edges[place] < end

    def gathered(self) -> list[CellsOf]:
        """The cells to read, those by days from gathered months where these hold."""
        found = list(self.by_hours)
        rest = dict(self.by_days)
        if rest:
            for month in self.snapshot.months(min(rest)[:7], max(rest)[:7]):
                held = {
                    day: cells for day, cells in rest.items() if month.days.get(day) == cells.key
                }
                if held:
                    found.append(_of_month(month, list(held.values())))
                    rest = {day: cells for day, cells in rest.items() if day not in held}
        return [*found, *rest.values()]


def _of_month(month: MonthRecord, cells: list[CellsOf]) -> CellsOf:
    times = tuple(time for each in cells for time in each.times)
    return CellsOf(month.key, month.bytes, cells[0].level, times, alone=True)


def time_ranges(level: str, times: Iterable[int]) -> list[Range]:
    """The ranges that hours or days of a level cover."""
    return _joined(sorted(times), DAY_US if level.startswith(f"{DAY}:") else _HOUR_US)


def _overlaps(part: Part, query: UsageQuery) -> bool:
    return part.max_us >= query.from_us and part.min_us < query.to_us


def _within(part: Part, ranges: tuple[Range, ...]) -> bool:
    return any(start <= part.min_us and part.max_us < end for start, end in ranges)


def _joined(times: list[int], length: int) -> list[Range]:
    """The ranges that adjoining times of a length cover."""
    ranges: list[Range] = []
    for time in times:
        start = ranges.pop()[0] if ranges and ranges[-1][1] == time else time
        ranges.append((start, time + length))
    return ranges
