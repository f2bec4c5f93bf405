"""Two sides of the same kind of question, compared metric by metric."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.aws import Bucket
from shared.datasets import LabelMeaning, label_meanings
from shared.runs import AMOUNTS
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.conditions import Values, differing, rolled_values, values_of_runs
from shared.usage.definitions import KNOWN_LABELS, definition
from shared.usage.figures import figures_of
from shared.usage.queries import ReadOptions
from shared.usage.query import UsageQuery
from shared.usage.source import look_up
from shared.usage.stats import Labels
from shared.usage.verdicts import Better, Judgement, Rule, percent
from shared.usage.welch import Sample


@dataclass(frozen=True)
class Side:
    """The stats of one side, how they were read, and its conditions."""

    stats: dict[str, Any]
    exact: bool
    labels: Labels
    values: dict[str, Values]


@dataclass(frozen=True)
class Comparison:
    """What `GET /usage/compare` answers."""

    a: Side
    b: Side
    metrics: list[dict[str, Any]]
    conditions_diff: list[dict[str, Any]]


@dataclass(frozen=True)
class _Metric:
    """One metric: its distributions on both sides, and how it is to be read."""

    name: str
    a: dict[str, Any]
    b: dict[str, Any]
    unit: str | None
    better: Better
    extra: bool = False
    yes_or_no: bool = False


def compare(
    bucket: Bucket,
    catalog: Catalog,
    a: UsageQuery,
    b: UsageQuery,
    *,
    min_effect_pct: float = 2.0,
    options: ReadOptions = ReadOptions(),
) -> Comparison:
    """Side b against side a (of the same user), both from one snapshot."""

    def read(snapshot: Snapshot) -> tuple[Side, Side]:
        look_up(snapshot, a, b)
        return side(snapshot, a, options), side(snapshot, b, options)

    of_a, of_b = read_snapshot(UserLog(bucket, catalog, a.user_id), read)
    labels = sorted(of_a.stats["extra"].keys() & of_b.stats["extra"].keys())
    meanings = KNOWN_LABELS | (label_meanings(catalog, a.user_id) if labels else {})
    metrics = _defined(of_a.stats, of_b.stats)
    metrics += _extras(of_a.stats, of_b.stats, labels, meanings)
    entries = [_entry(metric, min_effect_pct) for metric in metrics]
    differences = differing(of_a.stats, of_a.values, of_b.stats, of_b.values)
    return Comparison(of_a, of_b, entries, differences)


def side(snapshot: Snapshot, query: UsageQuery, options: ReadOptions) -> Side:
    """What one side has."""
    labels = options.labels
    with figures_of(snapshot, query, exact=options.exact, labels=labels) as (plan, figures):
        stats = figures.stats(())[()]
        total = stats["runs"]
        values = (
            values_of_runs(figures.source.ask, figures.source.table, snapshot, plan, total)
            if plan.exact
            else rolled_values(snapshot, query, total)
        )
    return Side(stats, plan.exact, figures.labels, values)


def _defined(a: dict[str, Any], b: dict[str, Any]) -> list[_Metric]:
    timed = [_metric(name, a[name], b[name]) for name in AMOUNTS]
    return [*timed, _metric("error_rate", _failures(a), _failures(b), yes_or_no=True)]


def _metric(name: str, a: dict[str, Any], b: dict[str, Any], *, yes_or_no: bool = False) -> _Metric:
    known = definition(name)
    return _Metric(name, a, b, known.unit, known.better, yes_or_no=yes_or_no)


def _extras(
    a: dict[str, Any], b: dict[str, Any], labels: Iterable[str], meanings: dict[str, LabelMeaning]
) -> list[_Metric]:
    found = []
    for label in labels:
        meaning = meanings.get(label, LabelMeaning())
        sides = a["extra"][label], b["extra"][label]
        found.append(_Metric(label, *sides, meaning.unit, meaning.better, extra=True))
    return found


def _failures(stats: dict[str, Any]) -> dict[str, Any]:
    """The distribution of failures: each run is 0 or 1."""
    rate = stats["error_rate"]
    std = None if rate is None else (rate * (1 - rate)) ** 0.5
    return {"n": stats["runs"], "mean": rate, "std": std}


def _entry(metric: _Metric, min_effect_pct: float) -> dict[str, Any]:
    a, b = metric.a, metric.b
    head = {
        "metric": metric.name,
        "extra": metric.extra,
        "unit": metric.unit,
        "better": metric.better,
        "a": a["mean"],
        "b": b["mean"],
        "n_a": a["n"],
        "n_b": b["n"],
    }
    if None in (a["mean"], b["mean"]) or not math.isfinite(a["mean"] + b["mean"]):
        # Without a mean, or with one beyond what a float holds, nothing can be said.
        return head | _UNKNOWN
    rule = Rule(metric.better, min_effect_pct, metric.yes_or_no)
    return head | _judged(rule.judge(_sample(a), _sample(b)), a["mean"])


_UNKNOWN = {
    "delta": None,
    "delta_pct": None,
    "ci95": None,
    "p_value": None,
    "verdict": "inconclusive",
    "more_runs": None,
}


def _sample(distribution: dict[str, Any]) -> Sample:
    return Sample.of_population(distribution["n"], distribution["mean"], distribution["std"])


def _judged(judgement: Judgement, mean_a: float) -> dict[str, Any]:
    found, more = judgement.difference, judgement.more_runs
    return {
        "delta": found.delta,
        "delta_pct": percent(found.delta, mean_a),
        "ci95": list(found.ci95) if found.ci95 else None,
        "p_value": found.p_value,
        "verdict": judgement.verdict,
        "more_runs": {"a": more[0], "b": more[1]} if more else None,
    }
