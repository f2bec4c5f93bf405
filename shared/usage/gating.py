"""Asking a gate: reads both sides from one snapshot, or one of them from a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared import clock
from shared.aws import Bucket
from shared.clock import SECOND_US
from shared.datasets import LabelMeaning, label_meanings
from shared.errors import Fault, Unacceptable
from shared.runs import AMOUNTS
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.baselines import Baseline, Baselines
from shared.usage.definitions import KNOWN_LABELS, definition
from shared.usage.gate import GateQuestion, GateResult, judge_gate
from shared.usage.gate_report import report
from shared.usage.gate_rules import GateRule
from shared.usage.moments import ERROR_RATE, SideMoments, side_moments
from shared.usage.query import UsageQuery
from shared.usage.source import look_up

METRICS = (*AMOUNTS, ERROR_RATE)


@dataclass(frozen=True)
class WantedRule:
    """A rule as it was asked for: a metric or the label of an extra, and one of both limits."""

    metric: str | None = None
    extra: str | None = None
    max_regression_pct: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Gated:
    """A gate's answer, and the baseline that it went by, if any."""

    result: GateResult
    markdown: str
    baseline: Baseline | None = None

    def age_s(self) -> float | None:
        """How old the baseline is."""
        if self.baseline is None:
            return None
        return round((clock.now_us() - self.baseline.current.set_us) / SECOND_US, 3)


def gate_of(
    bucket: Bucket,
    catalog: Catalog,
    candidate: UsageQuery,
    reference: UsageQuery | Baseline,
    by: tuple[str, ...],
    question: GateQuestion,
) -> Gated:
    """The candidate against a baseline, or against other runs by some dimensions."""
    extras = any(rule.extra for rule in question.rules)

    def read(snapshot: Snapshot) -> tuple[SideMoments | None, SideMoments]:
        if isinstance(reference, Baseline):
            return None, side_moments(snapshot, candidate, reference.by, extras=extras)
        look_up(snapshot, reference, candidate)
        before = side_moments(snapshot, reference, by, extras=extras)
        return before, side_moments(snapshot, candidate, by, extras=extras)

    before, after = read_snapshot(UserLog(bucket, catalog, candidate.user_id), read)
    if isinstance(reference, Baseline):
        before = Baselines(bucket, catalog.table, candidate.user_id).figures(reference)
    assert before is not None, "a reference is a baseline or was read"
    result = judge_gate(before, after, question)
    baseline = reference if isinstance(reference, Baseline) else None
    return Gated(result, report(result, _against(baseline)), baseline)


def kept_moments(
    bucket: Bucket, catalog: Catalog, query: UsageQuery, by: tuple[str, ...]
) -> SideMoments:
    """What a baseline of these runs keeps."""
    log = UserLog(bucket, catalog, query.user_id)
    return read_snapshot(log, lambda snapshot: side_moments(snapshot, query, by))


def rules_of(catalog: Catalog, user_id: str, wanted: Sequence[WantedRule]) -> tuple[GateRule, ...]:
    """The rules with what is known of their metrics. Raises Unacceptable (`direction_unknown`)."""
    has_extras = any(rule.extra is not None for rule in wanted)
    meanings = KNOWN_LABELS | (label_meanings(catalog, user_id) if has_extras else {})
    rules = tuple(_rule(rule, meanings) for rule in wanted)
    lost = [
        Fault(f"/rules/{place}", "direction_unknown", _lost(rule))
        for place, rule in enumerate(rules)
        if rule.better is None and rule.most is None
    ]
    if lost:
        raise Unacceptable(lost[0].detail, code="direction_unknown", faults=tuple(lost))
    return rules


def _rule(rule: WantedRule, meanings: dict[str, LabelMeaning]) -> GateRule:
    limits = (rule.max_regression_pct, rule.max)
    if rule.extra is not None:
        known = meanings.get(rule.extra, LabelMeaning())
        better: Literal["higher", "lower"] | None = known.better
        return GateRule(rule.extra, better, *limits, extra=True, unit=known.unit)
    assert rule.metric is not None, "a rule names a metric or an extra"
    meant = definition(rule.metric)
    is_rate = rule.metric == ERROR_RATE
    return GateRule(rule.metric, meant.better, *limits, unit=meant.unit, yes_or_no=is_rate)


def _lost(rule: GateRule) -> str:
    return (
        f"whether {rule.metric[:100]!r} is better higher or lower is not known; say it in an "
        "adapter (extra_fields: better), or limit it by max"
    )


def _against(baseline: Baseline | None) -> str:
    if baseline is None:
        return "against other runs"
    return f"against `{baseline.name}` (version {baseline.current.version})"
