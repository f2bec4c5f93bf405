"""Answers of compare and definitions, as clients see them."""

from typing import Any, Literal

from pydantic import BaseModel

from functions.usage.schemas import ExtraLabels, Stats, WindowAnswer
from shared.http.schemas import Omitted


class SideAnswer(Stats):
    """One side: its window, its filters, its stats."""

    window: WindowAnswer
    filters: dict[str, Any]
    exact: bool
    extra_labels: Omitted[ExtraLabels]


class MoreRuns(BaseModel):
    """How many more runs each side needs."""

    a: int
    b: int


class MetricComparison(BaseModel):
    """One metric, b against a.

    `a`, `b`: the means; `delta` = b − a; `delta_pct` of |a|, null where a is 0. `ci95` and
    `p_value` are Welch's, null with fewer than 2 values on a side. `extra`: whether `metric` is the
    label of an extra. `better` is null where no direction is known to be good; the verdict is then
    `unchanged` or `inconclusive`. `more_runs`, with `inconclusive`: how many more runs would
    decide.
    """

    metric: str
    extra: bool
    unit: str | None
    better: Literal["higher", "lower"] | None
    a: float | None
    b: float | None
    n_a: int
    n_b: int
    delta: float | None
    delta_pct: float | None
    ci95: tuple[float, float] | None
    p_value: float | None
    verdict: Literal["improved", "regressed", "unchanged", "inconclusive"]
    more_runs: MoreRuns | None


class ConditionDifference(BaseModel):
    """A dimension or condition whose values differ, null among them, or `mean_prompt_tokens` and
    `mean_completion_tokens` that differ by more than 10 %. At most 50 values a side; where there
    are more, `a_count` and `b_count` say how many there are in all.
    """

    field: str
    a: list[str | float | bool | None]
    b: list[str | float | bool | None]
    a_count: Omitted[int]
    b_count: Omitted[int]


class CompareAnswer(BaseModel):
    """Both sides, what changed between them, and under which conditions."""

    a: SideAnswer
    b: SideAnswer
    min_effect_pct: float
    metrics: list[MetricComparison]
    conditions_diff: list[ConditionDifference]


class DefinitionAnswer(BaseModel):
    """What one metric means; `definition_version` grows when the formula changes."""

    metric: str
    name: str
    formula: str
    unit: str | None
    better: Literal["higher", "lower"] | None
    kind: Literal["measured", "derived", "counted"]
    source: str
    definition_version: int


class DefinitionsAnswer(BaseModel):
    """All definitions, on one page."""

    data: list[DefinitionAnswer]
    next_cursor: None
    has_more: Literal[False]
