"""Where a series of measurements shifts: E-divisive finds the place, Student's t judges it.

D. S. Matteson and N. A. James, "A nonparametric approach for multiple change point analysis of
multivariate data", Journal of the American Statistical Association 109 (2014): the place that
splits a stretch best is the one with the greatest energy distance between its sides. M. Fleming
et al., "Hunter: using change point detection to hunt for performance regressions", ICPE 2023:
Student's t-test judges it instead of random permutations, so that an answer repeats.

The place is chosen among many, so p is corrected for having looked everywhere: James, James and
Siegmund, "Tests for a change-point", Biometrika 74 (1987).
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice, pairwise
from operator import mul, sub, truediv
from statistics import NormalDist, fmean, median
from typing import NamedTuple

from shared.usage.student import two_sided_p

LEAST_RUNS = 5
# A point farther from its neighbours' median than so many spreads is one spike, not a level.
_SPIKE = 4.0
# Such a point counts as so many: as one of the few next to an end, four would often be a level.
_SPIKE_COUNTS = 2.0
_WINDOW = 5
# A correlation of neighbours above this is taken for this one: such a series hardly has a level.
_MOST_ALIKE = 0.95
# What does not count of it, by the points that show it: by simulations, so much that at most one of
# 20 series has a change where nothing changed and neighbours are correlated by 0.3.
_BY_CHANCE = 5.0
# Points that are looked at for spikes together.
_TOGETHER = 20
# Squares of less, and a thousand of them together, are numbers; those of more may be none.
_LARGE_EXPONENT = 400
_NORMAL = NormalDist()
_MAD_TO_STD = 1.4826


class Points(NamedTuple):
    """A series in order of time: values, and of how many runs each is the mean.

    Older points may be means, all of as many runs but the oldest, which may be of fewer; newer ones
    are single runs.
    """

    values: Sequence[float]
    runs: Sequence[int]

    @property
    def border(self) -> int:
        """Where means end and single runs begin; 0 without means."""
        return next(
            (place for place in range(len(self.runs), 0, -1) if self.runs[place - 1] > 1), 0
        )


class WeighedPoints(NamedTuple):
    """Neighbouring points: values, how many single runs each is worth by its spread, and how many
    times as much a mean of such points varies as one of points that do not depend on each other.
    """

    values: Sequence[float]
    worths: Sequence[float]
    alike: Sequence[float]

    def between(self, first: int, last: int) -> "WeighedPoints":
        """The points from a place to before another."""
        return WeighedPoints(*(column[first:last] for column in self))


@dataclass(frozen=True)
class Shift:
    """A shift before the point at `place`: the p of its two sides alone, and, `searched`, of the
    best of all places.
    """

    place: int
    p_value: float
    searched: float


def shifts_of(points: Points, significance: float) -> list[Shift]:
    """The shifts of a series, in order; each separates stretches of at least five points.

    On a series without any, one is found with a probability of at most `significance`.
    """
    points = _within_reach(points)
    border = points.border
    levels = _without_spikes(points)
    unlike = [1.0] * len(levels)
    levelled = WeighedPoints(levels, _worths(levels, points.runs, border), unlike)
    raw = WeighedPoints(points.values, _worths(points.values, points.runs, border), unlike)
    places = sorted(_split(levelled, border, significance))
    if not places:
        return []
    alike = _alike(levels, border, places)
    return _confirmed(
        levelled._replace(alike=alike), raw._replace(alike=alike), border, places, significance
    )


def _within_reach(points: Points) -> Points:
    """The same in another unit, a power of two, where no float would hold the squares."""
    _, exponent = math.frexp(max(map(abs, points.values), default=0.0))
    if abs(exponent) < _LARGE_EXPONENT:
        return points
    return points._replace(values=[math.ldexp(value, -exponent) for value in points.values])


def _split(levelled: WeighedPoints, border: int, significance: float) -> list[int]:
    """The places at which a series may come apart, by its parts' parts.

    Means spread less than single runs, so the energy distance would part the ones from the
    others, and not see a shift among either: each kind is a part of its own from the start.
    """
    end = len(levelled.values)
    if min(border, end - border) < LEAST_RUNS:
        border = 0
    found = [border] if border else []
    waiting = [(0, border), (border, end)]
    while waiting:
        first, last = waiting.pop()
        part = levelled.between(first, last)
        place = best_place(part.values) if may_shift(part, significance) else None
        if place is not None and _searched(part, place).searched < significance:
            found.append(first + place)
            waiting += [(first, first + place), (first + place, last)]
    return found


def _confirmed(
    levelled: WeighedPoints, raw: WeighedPoints, border: int, places: list[int], significance: float
) -> list[Shift]:
    """The places that still separate their neighbours, the weakest taken out first.

    Compared without spikes; but with them where single runs stand against means, which hold theirs.
    """
    while True:
        edges = [0, *places, len(raw.values)]
        shifts = []
        for before, place, after in zip(edges, places, edges[2:], strict=False):
            points = raw if before < border < after else levelled
            shift = _searched(points.between(before, after), place - before)
            shifts.append(replace(shift, place=place))
        weakest = max(shifts, key=lambda shift: shift.searched, default=None)
        if weakest is None or weakest.searched < significance:
            return shifts
        places = [place for place in places if place != weakest.place]


def best_place(values: Sequence[float]) -> int | None:
    """Where the energy distance between both sides is greatest; None where there is no room."""
    n = len(values)
    if n < 2 * LEAST_RUNS:
        return None
    before, after = _distances(values)
    whole = sum(before)
    best, best_score = None, 0.0
    left = sum(before[:LEAST_RUNS])
    right = whole - sum(after[:LEAST_RUNS])
    for place in range(LEAST_RUNS, n - LEAST_RUNS + 1):
        score = _energy(whole, left, right, place, n - place)
        if score > best_score:
            best, best_score = place, score
        if place < n:
            left += before[place]
            right -= after[place]
    return best


def _energy(whole: float, left: float, right: float, m: int, n: int) -> float:
    """Matteson and James' Q: distances across, less those within, weighted by the sizes."""
    across = whole - left - right
    within = left / (m * (m - 1) / 2) + right / (n * (n - 1) / 2)
    return m * n / (m + n) * (2 * across / (m * n) - within)


def _distances(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """For each value the sums of its distances to all before and to all after it."""
    in_order = sorted(values)
    # Distances do not depend on where zero is; from the middle, sums lose the fewest digits.
    middle = in_order[len(values) // 2]
    values, in_order = ([value - middle for value in some] for some in (values, in_order))
    below = [0.0, *accumulate(in_order)]
    before, after = [], []
    seen: list[float] = []
    total = 0.0
    for number, value in enumerate(values):
        place = bisect_right(seen, value)
        # Copying and adding up a thousand floats at once is quicker than a tree of sums in Python.
        lower = sum(seen[:place]) if 2 * place < number else total - sum(seen[place:])
        before.append(value * (2 * place - number) - 2 * lower + total)
        everywhere = bisect_right(in_order, value)
        of_all = value * (2 * everywhere - len(values)) - 2 * below[everywhere] + below[-1]
        after.append(of_all - before[-1])
        seen.insert(place, value)
        total += value
    return before, after


def t_test(left: WeighedPoints, right: WeighedPoints) -> float:
    """The two-sided p of Student's t-test of two stretches, each point by its worth.

    Where points are alike, a mean of them varies more, and they count as that many fewer.
    """
    (share_a, mean_a, rest_a), (share_b, mean_b, rest_b) = map(_moments, (left, right))
    spread = (rest_a + rest_b) / (len(left.values) + len(right.values) - 2)
    error = math.sqrt(spread * (share_a + share_b))
    df = max(1.0, math.fsum(1 / times for side in (left, right) for times in side.alike) - 2)
    delta = mean_b - mean_a
    if error <= 1e-12 * max(abs(mean_a), abs(mean_b)):
        return 0.0 if abs(delta) > error else 1.0
    return two_sided_p(delta / error, df)


def _moments(points: WeighedPoints) -> tuple[float, float, float]:
    """What share of a run's variance their mean has, that mean, and weighted squares about it."""
    values, worths, alike = points
    weight = math.fsum(worths)
    mean = math.fsum(map(mul, worths, values)) / weight
    rest = math.fsum(map(mul, worths, [(value - mean) ** 2 for value in values]))
    return math.fsum(map(mul, worths, alike)) / weight**2, mean, rest


def _searched(points: WeighedPoints, place: int) -> Shift:
    """The shift at the best of all places: how likely some place looks this good by chance."""
    p = t_test(points.between(0, place), points.between(place, len(points.values)))
    return Shift(place, p, _of_all_places(p, points))


def _of_all_places(p: float, points: WeighedPoints) -> float:
    """How likely the best of all places has a p as small as this one.

    The bound of James, James and Siegmund for the greatest of the standardised differences, a
    stationary process over the log odds of the weight before the place; or, where that is less,
    the sum of the single p.
    """
    places = len(points.values) - 2 * LEAST_RUNS + 1
    if p <= 0.0:
        return 0.0
    z = -_NORMAL.inv_cdf(max(p / 2, 1e-300))
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return min(1.0, p * places, p + z * density * _log_odds(points.worths))


def _log_odds(worths: Sequence[float]) -> float:
    """How far the search went, in log odds of the share of all weight before the place."""
    total = math.fsum(worths)
    first, last = math.fsum(worths[:LEAST_RUNS]), math.fsum(worths[-LEAST_RUNS:])
    return math.log((total - first) / first) + math.log((total - last) / last)


def may_shift(points: WeighedPoints, significance: float) -> bool:
    """Whether any place at all would be a shift: the greatest t of all places bounds that of the
    place with the greatest energy distance, and takes a tenth of the time to find.
    """
    values, worths, _ = points
    n = len(values)
    if n < 2 * LEAST_RUNS:
        return False
    total = sum(worths)
    middle = sum(map(mul, worths, values)) / total
    apart = [value - middle for value in values]
    weighed = list(map(mul, worths, apart))
    whole = sum(map(mul, weighed, apart))
    sides = islice(
        zip(accumulate(weighed), accumulate(worths), strict=True), LEAST_RUNS - 1, n - LEAST_RUNS
    )
    # The squares between both sides; with those within them they are the whole.
    between = total * max(side * side / (weight * (total - weight)) for side, weight in sides)
    within = whole - between
    if within <= 1e-9 * whole or within <= 1e-18 * n * total * max(map(abs, values)) ** 2:
        # Too little is left to count with.
        return True
    p = two_sided_p(math.sqrt(between / within * (n - 2)), n - 2)
    return _of_all_places(p, points) < significance * 1.001


def _without_spikes(points: Points) -> list[float]:
    """The values, single ones far from their neighbours' median brought near to it.

    The spread is that of steps between neighbours, which a shift of the level does not widen; that
    of a mean of k runs is less by the root of k.
    """
    values, runs = points
    sizes = list(pairwise(runs))
    roots = {pair: math.sqrt(1 / pair[0] + 1 / pair[1]) for pair in set(sizes)}
    steps = list(
        map(truediv, map(abs, map(sub, values[1:], values)), map(roots.__getitem__, sizes))
    )
    if not steps:
        return list(values)
    # Where most steps are none, as those of coarse clocks, their mean says how far others go.
    spread = median(steps) * _MAD_TO_STD or fmean(steps) * math.sqrt(math.pi / 2)
    by_size = {size: _SPIKE * spread / math.sqrt(size) for size in set(runs)}
    reaches = [by_size[size] for size in runs]
    found = list(values)
    for place in _perhaps_spikes(values, reaches):
        middle = _median(values[max(0, place - _WINDOW) : place + _WINDOW + 1])
        if abs(values[place] - middle) > reaches[place]:
            near = reaches[place] * _SPIKE_COUNTS / _SPIKE
            found[place] = middle + math.copysign(near, values[place] - middle)
    return found


def _perhaps_spikes(values: Sequence[float], reaches: Sequence[float]) -> Iterator[int]:
    """The places that may be too far from their neighbours' median: of some points together, those
    that are too far from the least or the greatest that these medians can be.
    """
    for first in range(0, len(values), _TOGETHER):
        last = min(first + _TOGETHER, len(values))
        if first < _WINDOW or last + _WINDOW > len(values):
            # Medians of fewer neighbours.
            yield from range(first, last)
            continue
        around = sorted(values[first - _WINDOW : last + _WINDOW])
        least, most = around[_WINDOW], around[-1 - _WINDOW]
        reach = min(reaches[first:last])
        if around[-1] - least > reach or most - around[0] > reach:
            for place, value in enumerate(values[first:last], first):
                if value - least > reach or most - value > reach:
                    yield place


def _median(values: Sequence[float]) -> float:
    """As `statistics.median`, which takes four times as long for a few."""
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _worths(values: Sequence[float], runs: Sequence[int], border: int) -> list[float]:
    """What points are worth in single runs: means, those before the border, by how much less they
    spread.

    Runs that depend on each other, as those of a phone that is hot for an hour, have means that
    spread more than independent ones would: a mean of k is then worth fewer than k.
    """
    means, single = _variance(values[:border]), _variance(values[border:])
    if not single or not means:
        return [1.0] * len(values)
    most = max(runs)
    # Of all means but the oldest, which may be of fewer, the number of runs is the same.
    worth = min(single / means, float(most))
    older = [max(1.0, worth * size / most) for size in runs[:border]]
    return older + [1.0] * (len(values) - border)


def _alike(values: Sequence[float], border: int, places: Sequence[int]) -> list[float]:
    """How many times as much a mean of points varies as one of points that do not depend on each
    other: means and single runs each by themselves.

    (1 + φ) / (1 - φ), where neighbours are correlated by φ and those k apart by its k-th power (a
    first-order autoregression): steps over three points then have 1 + φ + φ² times the variance of
    steps over one. No step is taken over what may be a shift, so that none widens them: the widest
    step next to each place, since a shift of fewer than five points is placed next to it.
    """
    edges = sorted({0, border, len(values), *(_widest_step(values, place) for place in places)})
    return [
        times
        for first, last in ((0, border), (border, len(values)))
        for times in [_swelling(values, [e for e in edges if first <= e <= last])] * (last - first)
    ]


def _swelling(values: Sequence[float], edges: Sequence[int]) -> float:
    """How many times as much a mean of points varies, by the stretches between the edges."""
    one, three = _steps(values, edges, 1), _steps(values, edges, 3)
    if not one or not three:
        return 1.0
    ratio = fmean(step * step for step in three) / max(fmean(step * step for step in one), 1e-300)
    correlation = (math.sqrt(max(4 * ratio - 3, 1.0)) - 1) / 2
    # Few points seem correlated by chance.
    correlation -= _BY_CHANCE / (edges[-1] - edges[0])
    correlation = min(max(correlation, 0.0), _MOST_ALIKE)
    return (1 + correlation) / (1 - correlation)


def _widest_step(values: Sequence[float], place: int) -> int:
    """Before which point near a place the greatest step is."""
    near = range(max(1, place - LEAST_RUNS + 1), min(len(values), place + LEAST_RUNS))
    return max(near, key=lambda point: abs(values[point] - values[point - 1]))


def _steps(values: Sequence[float], edges: Sequence[int], far: int) -> list[float]:
    """The steps over so many points within stretches."""
    return [
        step
        for first, last in pairwise(edges)
        for step in map(sub, values[first + far : last], values[first:last])
    ]


def _variance(values: Sequence[float]) -> float | None:
    """Of neighbours' steps, which a shift of the level does not widen; None without any."""
    steps = list(map(sub, values[1:], values))
    return math.fsum(map(mul, steps, steps)) / 2 / len(steps) if steps else None
