"""The gate: whether a candidate is worse than its baseline, once for all of its series.

Each series is tested by itself (one-sided Welch), all of them together by Benjamini and
Hochberg, so that twenty phones do not cry wolf twenty times as often as one (docs/gate.md).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.runs import PREFIX
from shared.usage.conditions import Values, differing
from shared.usage.gate_rules import GateRule, SeriesTest
from shared.usage.groups import key_document
from shared.usage.moments import GroupMoments, SideMoments
from shared.usage.multiple import q_values
from shared.usage.welch import Sample

GateVerdict = Literal["pass", "fail", "inconclusive", "no_data", "not_comparable"]
# The gravest first.
_GRAVITY: tuple[GateVerdict, ...] = (
    "fail",
    "not_comparable",
    "no_data",
    "inconclusive",
    "pass",
)


@dataclass(frozen=True)
class GateQuestion:
    """What a gate goes by: its rules, how many runs a series of the candidate must have, which
    conditions must be the same, and how many false alarms there may be among all.
    """

    rules: tuple[GateRule, ...]
    min_runs: int = 5
    require_same: tuple[str, ...] = ()
    fdr: float = 0.05


@dataclass(frozen=True)
class GateResult:
    """The verdict, each series, what else differs, and which required conditions are not alike."""

    verdict: GateVerdict
    tests: tuple[SeriesTest, ...]
    conditions_diff: list[dict[str, Any]]
    not_alike: tuple[str, ...]
    fdr: float

    def series(self) -> list[dict[str, Any]]:
        """The series as the API shows them."""
        tested = sum(test.p_value is not None for test in self.tests)
        # What decides alone decides in any company.
        alone = self.fdr / max(1, tested)
        return [test.document(self.fdr, alone) for test in self.tests]

    def counts(self) -> Counter[str]:
        """How many series have each verdict."""
        return Counter(test.verdict(self.fdr) for test in self.tests)


def judge_gate(a: SideMoments, b: SideMoments, question: GateQuestion) -> GateResult:
    """The candidate `b` against `a`, both by the same dimensions."""
    tests = _with_q(list(_tests(a, b, question)))
    not_alike = tuple(name for name in question.require_same if not _alike(name, a, b))
    differences = differing(a.lengths, a.values, b.lengths, b.values)
    verdict = _gravest(tests, question.fdr, comparable=not not_alike)
    return GateResult(verdict, tuple(tests), differences, not_alike, question.fdr)


def _tests(a: SideMoments, b: SideMoments, question: GateQuestion) -> Iterator[SeriesTest]:
    before = {group.key: group for group in a.groups}
    after = {group.key: group for group in b.groups}
    for key in sorted({*before, *after}, key=repr):
        shown = key_document(a.by, key)
        for rule in question.rules:
            left, right = _sample(before.get(key), rule), _sample(after.get(key), rule)
            if left or right:
                yield SeriesTest(shown, rule, left, right, question.min_runs)


def _sample(group: GroupMoments | None, rule: GateRule) -> Sample | None:
    if group is None:
        return None
    found = (group.extras if rule.extra else group.metrics).get(rule.metric)
    return None if found is None else found.sample()


def _with_q(tests: Sequence[SeriesTest]) -> list[SeriesTest]:
    """The tests, each knowing its q among all that could be made."""
    p_values = {place: p for place, test in enumerate(tests) if (p := test.p_value) is not None}
    found = dict(zip(p_values, q_values(list(p_values.values())), strict=True))
    return [
        test.with_q(found[place]) if place in found else test for place, test in enumerate(tests)
    ]


def _alike(name: str, a: SideMoments, b: SideMoments) -> bool:
    """Whether a condition has the same values on both sides, and is known on both."""
    sides = [side.values.get(PREFIX + name) for side in (a, b)]
    return _known(sides[0]) and _known(sides[1]) and sides[0] == sides[1]


def _known(values: Values | None) -> bool:
    return values is not None and values.first != (None,)


def _gravest(tests: Iterable[SeriesTest], fdr: float, *, comparable: bool) -> GateVerdict:
    verdicts = {str(test.verdict(fdr)) for test in tests} - {"new"}
    # Where nothing could be compared, nothing is known.
    verdicts = verdicts or {"no_data"}
    if not comparable:
        verdicts.add("not_comparable")
    return next(verdict for verdict in _GRAVITY if verdict in verdicts)
