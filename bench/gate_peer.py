"""The peer of `bench.gate`, run by a Python with pandas, pyarrow and SciPy: the same on the export.

`python -m bench.gate_peer gate|changes <folder>` prints seconds and figures as a line of JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bench.gate_question import HALVES, METRICS, MODELS

_SINGLE, _MOST, _LEAST, _FALSE_ALARMS = 500, 1_000, 5, 0.03


def gate(folder: str) -> dict[str, float]:
    """The one-sided p of each series."""
    runs = pd.read_parquet(folder, columns=["ts", "device", "model", "ok", *METRICS[:3]])
    runs = runs[runs.model.isin(MODELS)]
    before, after = (runs[(runs.ts >= start) & (runs.ts < end)] for start, end in HALVES)
    found = {}
    for metric in METRICS:
        one, other = _moments(before, metric), _moments(after, metric)
        for key in one.index:
            x, y = one.loc[key], other.loc[key]
            found[" ".join([*key, metric])] = float(
                stats.ttest_ind_from_stats(
                    *(y["mean"], y["std"], y["count"], x["mean"], x["std"], x["count"]),
                    equal_var=False,
                    alternative="less" if metric == "tok_s" else "greater",
                ).pvalue
            )
    stats.false_discovery_control(list(found.values()))
    return found


def _moments(side: Any, metric: str) -> Any:
    if metric == "error_rate":
        values = (~side.ok).astype(float).groupby([side.device, side.model])
    else:
        good = side[side.ok]
        values = good[metric].groupby([good.device, good.model])
    return values.agg(["mean", "std", "count"])


def changes(folder: str) -> dict[str, float]:
    """The two-sided p of each change of latency, by its series and number."""
    runs = pd.read_parquet(folder, columns=["ts", "device", "model", "ok", "latency_ms"])
    runs = runs[runs.ok & runs.latency_ms.notna()].sort_values("ts")
    series = [
        (key, *_points(some.to_numpy()))
        for key, some in runs.groupby(["device", "model"]).latency_ms
    ]
    long = [one for one in series if len(one[1]) >= 2 * _LEAST]
    return {
        " ".join([*key, str(number)]): p
        for key, values, counts in long
        for number, p in enumerate(_shifts(values, counts, _FALSE_ALARMS / len(long)))
    }


def _points(values: Any) -> tuple[Any, Any]:
    """The newest values each by itself and means of equal numbers of older ones; their sizes."""
    n = len(values)
    if n <= _MOST:
        return values, np.ones(n)
    older = values[: n - _SINGLE]
    size = -(-len(older) // _SINGLE)
    starts = np.arange(len(older) % size, len(older), size)
    starts = np.unique(np.concatenate([[0], starts])) if len(older) % size else starts
    counts = np.diff([*starts, len(older)])
    means = np.add.reduceat(older, starts) / counts
    return np.concatenate([means, values[n - _SINGLE :]]), np.concatenate(
        [counts, np.ones(_SINGLE)]
    )


def _shifts(values: Any, counts: Any, significance: float) -> list[float]:
    raw = values, _worth(values, counts)
    values = _without_spikes(values, counts)
    worth = _worth(values, counts)
    border = _border(counts)
    places = [border] if border else []
    waiting = [(0, border), (border, len(values))]
    while waiting:
        first, last = waiting.pop()
        place = _best_place(values[first:last])
        part = values[first:last], worth[first:last], np.ones(last - first)
        if place and _tested(*part, place)[1] < significance:
            places.append(first + place)
            waiting += [(first, first + place), (first + place, last)]
    places.sort()
    alike = _alike(values, border, places) if places else np.ones(len(values))

    def sides(start: int, end: int) -> tuple[Any, Any]:
        return (*(raw if start < border < end else (values, worth)), alike)

    while places:
        edges = [0, *places, len(values)]
        found = [
            _tested(*(side[start:end] for side in sides(start, end)), place - start)
            for start, place, end in zip(edges, places, edges[2:], strict=False)
        ]
        weakest = max(range(len(found)), key=lambda number: found[number][1])
        if found[weakest][1] < significance:
            return [p for p, _ in found]
        del places[weakest]
    return []


def _border(counts: Any) -> int:
    """Where means end; the oldest may be of a single run."""
    means = np.flatnonzero(counts > 1)
    return int(means[-1]) + 1 if len(means) else 0


def _without_spikes(values: Any, counts: Any) -> Any:
    steps = np.abs(np.diff(values)) / np.sqrt(1 / counts[1:] + 1 / counts[:-1])
    middle = pd.Series(values).rolling(11, center=True, min_periods=1).median().to_numpy()
    reach = 4 * 1.4826 * np.median(steps) / np.sqrt(counts)
    apart = values - middle
    return np.where(np.abs(apart) > reach, middle + np.sign(apart) * reach / 2, values)


def _worth(values: Any, counts: Any) -> Any:
    if not (counts > 1).any():
        return counts
    border = _border(counts)
    means, single = (np.mean(np.diff(of) ** 2 / 2) for of in (values[:border], values[border:]))
    worth = min(single / means, counts.max()) * counts / counts.max()
    return np.where(np.arange(len(counts)) < border, np.maximum(1, worth), 1.0)


def _alike(values: Any, border: int, places: list[int]) -> Any:
    """How many times as much means of these points vary as those of independent ones."""
    steps = np.abs(np.diff(values, prepend=values[0]))
    near = [np.arange(max(1, at - _LEAST + 1), min(len(values), at + _LEAST)) for at in places]
    edges = np.array([border, *(some[np.argmax(steps[some])] for some in near)])
    stretch = (np.arange(len(values))[:, None] >= edges[None, :]).sum(1)
    found = np.ones(len(values))
    for kind in (np.arange(border), np.arange(border, len(values))):
        if len(kind):
            of, part = values[kind], stretch[kind]
            one, three = (
                (np.square(of[far:] - of[:-far])[part[far:] == part[:-far]]) for far in (1, 3)
            )
            if len(one) and len(three):
                root = np.sqrt(max(4 * three.mean() / max(one.mean(), 1e-300) - 3, 1)) - 1
                phi = min(max(root / 2 - 5 / len(kind), 0), 0.95)
                found[kind] = (1 + phi) / (1 - phi)
    return found


def _best_place(values: Any) -> int | None:
    n = len(values)
    if n < 2 * _LEAST:
        return None
    apart = np.abs(values[:, None] - values[None, :])
    before, after = np.tril(apart).sum(1), np.triu(apart).sum(1)
    m = np.arange(_LEAST, n - _LEAST + 1)
    left, right = np.cumsum(before)[m - 1], np.cumsum(after[::-1])[n - m - 1]
    across = before.sum() - left - right
    within = left / (m * (m - 1) / 2) + right / ((n - m) * (n - m - 1) / 2)
    scores = m * (n - m) / n * (2 * across / (m * (n - m)) - within)
    return int(m[np.argmax(scores)])


def _tested(values: Any, worth: Any, alike: Any, place: int) -> tuple[float, float]:
    """The p of the two sides, and that of the best of all places."""
    sides = [(values[:place], worth[:place]), (values[place:], worth[place:])]
    means = [np.average(some, weights=weights) for some, weights in sides]
    rest = sum(
        (weights * (some - mean) ** 2).sum()
        for (some, weights), mean in zip(sides, means, strict=True)
    )
    swelled = [(worth * alike)[:place].sum(), (worth * alike)[place:].sum()]
    shares = [
        times / weights.sum() ** 2 for times, (_, weights) in zip(swelled, sides, strict=True)
    ]
    df = max(1, (1 / alike).sum() - 2)
    error = np.sqrt(rest / (len(values) - 2) * sum(shares))
    p = float(2 * stats.t.sf(abs(means[1] - means[0]) / error, df))
    if p <= 0:
        return 0.0, 0.0
    z = stats.norm.isf(max(p / 2, 1e-300))
    total, first, last = worth.sum(), worth[:_LEAST].sum(), worth[-_LEAST:].sum()
    odds = np.log((total - first) / first) + np.log((total - last) / last)
    places = len(values) - 2 * _LEAST + 1
    return p, float(min(1, p * places, p + z * stats.norm.pdf(z) * odds))


def _timed(ask: Callable[[], dict[str, float]]) -> dict[str, Any]:
    ask()
    started, busy = time.perf_counter(), time.process_time()
    found = ask()
    took, busy = time.perf_counter() - started, time.process_time() - busy
    return {"s": round(took, 3), "CPU s": round(busy, 3), "p": found}


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _question, _folder = sys.argv[1:]
    _ask = {"gate": gate, "changes": changes}[_question]
    print(json.dumps(_timed(lambda: _ask(_folder))))
