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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from operator import mul
from statistics import NormalDist, fmean, median
from typing import NamedTuple

from shared.usage.student import two_sided_p

LEAST_RUNS = 5
# A point farther from its neighbours' median than so many spreads is one spike, not a level.
_SPIKE = 4.0
_WINDOW = 5
_NORMAL = NormalDist()
_MAD_TO_STD = 1.4826


class Point(NamedTuple):
    """A value, how many runs it is the mean of, and how many runs that do not depend on each other
    it is worth.
    """

    value: float
    runs: int = 1
    worth: float = 1.0


@dataclass(frozen=True)
class Shift:
    """A shift before the point at `place`: the p of its two sides alone, and, `searched`, of the
    best of all places.
    """

    place: int
    p_value: float
    searched: float


def shifts_of(points: Sequence[Point], significance: float) -> list[Shift]:
    """The shifts of a series, in order; each separates stretches of at least five points.

    On a series without any, one is found with a probability of at most `significance`.
    """
    levelled = _weighed(_without_spikes(points))
    places = sorted(_split(levelled, significance))
    return _confirmed(levelled, _weighed(points), places, significance)


def _split(points: Sequence[Point], significance: float) -> list[int]:
    """The places at which a series may come apart, by its parts' parts.

    Means spread less than single runs, so the energy distance would part the ones from the
    others, and not see a shift among either: each kind is a part of its own from the start.
    """
    border = _where_singles_begin(points)
    found = [border] if border else []
    waiting = [(0, border), (border, len(points))]
    while waiting:
        first, last = waiting.pop()
        place = best_place(points[first:last])
        if place is None:
            continue
        if _searched(points[first:last], place).searched < significance:
            found.append(first + place)
            waiting += [(first, first + place), (first + place, last)]
    return found


def _where_singles_begin(points: Sequence[Point]) -> int:
    """Where means end and single runs begin, or 0 where a side would have too few points."""
    border = next((place for place, point in enumerate(points) if point.runs == 1), 0)
    return border if min(border, len(points) - border) >= LEAST_RUNS else 0


def _confirmed(
    levelled: Sequence[Point], points: Sequence[Point], places: list[int], significance: float
) -> list[Shift]:
    """The places that still separate their neighbours, the weakest taken out first."""
    while True:
        edges = [0, *places, len(points)]
        shifts = [
            replace(
                _searched(_compared(levelled[before:after], points[before:after]), place - before),
                place=place,
            )
            for before, place, after in zip(edges, places, edges[2:], strict=False)
        ]
        weakest = max(shifts, key=lambda shift: shift.searched, default=None)
        if weakest is None or weakest.searched < significance:
            return shifts
        places = [place for place in places if place != weakest.place]


def _compared(levelled: Sequence[Point], points: Sequence[Point]) -> Sequence[Point]:
    """Without spikes; but with them where single runs stand against means, which hold theirs."""
    return points if points[0].runs > 1 and points[-1].runs == 1 else levelled


def best_place(points: Sequence[Point]) -> int | None:
    """Where the energy distance between both sides is greatest; None where there is no room."""
    n = len(points)
    if n < 2 * LEAST_RUNS:
        return None
    before, after = _distances([point.value for point in points])
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


def t_test(left: Sequence[Point], right: Sequence[Point]) -> float:
    """The two-sided p of Student's t-test of two stretches, each point by its worth."""
    (weight_a, mean_a, rest_a), (weight_b, mean_b, rest_b) = map(_moments, (left, right))
    df = len(left) + len(right) - 2
    error = math.sqrt((rest_a + rest_b) / df * (1 / weight_a + 1 / weight_b))
    delta = mean_b - mean_a
    if error <= 1e-12 * max(abs(mean_a), abs(mean_b)):
        return 0.0 if abs(delta) > error else 1.0
    return two_sided_p(delta / error, df)


def _moments(points: Sequence[Point]) -> tuple[float, float, float]:
    """Weight, mean, and weighted squares about the mean."""
    values, worths = [point.value for point in points], [point.worth for point in points]
    weight = math.fsum(worths)
    mean = math.fsum(map(mul, worths, values)) / weight
    rest = math.fsum(map(mul, worths, [(value - mean) ** 2 for value in values]))
    return weight, mean, rest


def _searched(points: Sequence[Point], place: int) -> Shift:
    """The shift at the best of all places: how likely some place looks this good by chance.

    The bound of James, James and Siegmund for the greatest of the standardised differences, a
    stationary process over the log odds of the weight before the place; or, where that is less,
    the sum of the single p.
    """
    p = t_test(points[:place], points[place:])
    places = len(points) - 2 * LEAST_RUNS + 1
    if p <= 0.0:
        return Shift(place, 0.0, 0.0)
    z = -_NORMAL.inv_cdf(max(p / 2, 1e-300))
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    searched = min(1.0, p * places, p + z * density * _log_odds(points))
    return Shift(place, p, searched)


def _log_odds(points: Sequence[Point]) -> float:
    """How far the search went, in log odds of the share of all weight before the place."""
    total = math.fsum(point.worth for point in points)
    first = math.fsum(point.worth for point in points[:LEAST_RUNS])
    last = math.fsum(point.worth for point in points[-LEAST_RUNS:])
    return math.log((total - first) / first) + math.log((total - last) / last)


def _without_spikes(points: Sequence[Point]) -> list[Point]:
    """The points, single ones far from their neighbours' median brought to its edge.

    The spread is that of steps between neighbours, which a shift of the level does not widen; that
    of a mean of k runs is less by the root of k.
    """
    steps = [
        abs(after.value - before.value) / math.sqrt(1 / before.runs + 1 / after.runs)
        for before, after in pairwise(points)
    ]
    if not steps:
        return list(points)
    # Where most steps are none, as those of coarse clocks, their mean says how far others go.
    spread = median(steps) * _MAD_TO_STD or fmean(steps) * math.sqrt(math.pi / 2)
    values = [point.value for point in points]
    reaches = {runs: _SPIKE * spread / math.sqrt(runs) for runs in {point.runs for point in points}}
    found = []
    for place, point in enumerate(points):
        middle = _median(values[max(0, place - _WINDOW) : place + _WINDOW + 1])
        reach = reaches[point.runs]
        if abs(point.value - middle) > reach:
            edge = middle + math.copysign(reach, point.value - middle)
            point = Point(edge, point.runs, point.worth)
        found.append(point)
    return found


def _median(values: list[float]) -> float:
    """As `statistics.median`, which takes four times as long for a few."""
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _weighed(points: Sequence[Point]) -> list[Point]:
    """The points with what means are worth in single runs, by how much less they spread.

    Runs that depend on each other, as those of a phone that is hot for an hour, have means that
    spread more than independent ones would: a mean of k is then worth fewer than k.
    """
    single = _variance([point for point in points if point.runs == 1])
    means = _variance([point for point in points if point.runs > 1])
    if not single or not means:
        return list(points)
    most = max(point.runs for point in points)
    # Of all means but the oldest, which may be of fewer, the number of runs is the same.
    worth = min(single / means, float(most))
    return [
        Point(each.value, each.runs, max(1.0, worth * each.runs / most)) if each.runs > 1 else each
        for each in points
    ]


def _variance(points: Sequence[Point]) -> float | None:
    """Of neighbours' steps, which a shift of the level does not widen; None without any."""
    steps = [(after.value - before.value) ** 2 / 2 for before, after in pairwise(points)]
    return fmean(steps) if steps else None
