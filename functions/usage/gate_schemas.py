"""Bodies and answers of baselines, the gate and changes, as clients see them."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from functions.usage.comparison_schemas import ConditionDifference, MoreRuns
from functions.usage.parameters import GROUPABLE
from shared.http import Body
from shared.runs import CONDITION_NAME, FILTERS, PREFIX
from shared.usage import METRICS

_LONGEST_S = 10_000_000_000
_MAX_BY = 3
_MAX_VALUES = 1_000

FilterValue = Annotated[str, Field(max_length=1_024)] | bool | int | float
Filters = Annotated[
    dict[str, list[FilterValue] | FilterValue],
    Field(
        json_schema_extra={
            "propertyNames": {"pattern": f"^({'|'.join(FILTERS)}|{PREFIX}{CONDITION_NAME})$"}
        },
        description=f"Any of {', '.join(FILTERS)} and {PREFIX}<name>, each with the values any of "
        "which fits.",
        examples=[{"cond.commit": ["4f2c1d9"]}],
    ),
]
By = Annotated[
    list[str],
    Field(
        max_length=_MAX_BY,
        description=f"By what series are kept apart: up to three of {', '.join(GROUPABLE)}.",
    ),
]
DEFAULT_BY = ("device", "model")


class WindowBody(Body):
    """`last_s`, or `from` and `to` (half-open; without `to`: now)."""

    last_s: float | None = Field(default=None, gt=0, lt=_LONGEST_S)
    from_: str | float | None = Field(default=None, alias="from")
    to: str | float | None = None


class SideBody(Body):
    """Some runs: filters, and a window (the last 24 hours when omitted)."""

    filters: Filters = Field(default_factory=dict)
    window: WindowBody | None = None


class ReferenceBody(SideBody):
    """Other runs to compare with, and by what series are kept apart."""

    by: By | None = Field(default=None, description="device and model if omitted.")


class BaselineBody(Body):
    """Which runs become the baseline, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "filters": {"cond.branch": ["main"]},
                    "window": {"last_s": 604_800},
                    "reason": "release 1.4",
                }
            ]
        }
    )

    filters: Filters = Field(default_factory=dict)
    window: WindowBody
    by: By = Field(default_factory=lambda: list(DEFAULT_BY))
    reason: str = Field(min_length=1, max_length=500)


class BaselineWindow(BaseModel):
    """The window that was resolved when it was set."""

    from_: str = Field(alias="from")
    to: str


class BaselineAnswer(BaseModel):
    """A baseline; `series` is how many groups it keeps figures of."""

    name: str
    version: int
    filters: dict[str, list[str | bool]]
    window: BaselineWindow
    by: list[str]
    runs: int
    series: int
    reason: str
    set_by: str
    set_at: str


class BaselineVersionAnswer(BaseModel):
    """One version of a baseline."""

    version: int
    reason: str
    set_by: str
    set_at: str
    runs: int


class BaselineDetailAnswer(BaselineAnswer):
    """A baseline with its last 50 versions, the newest first."""

    history: list[BaselineVersionAnswer]


class RuleBody(Body):
    """What may not get worse: a metric or the label of an extra, and how far."""

    metric: Literal[METRICS] | None = None  # type: ignore[valid-type]  # The metrics are a table's.
    extra: str | None = Field(default=None, min_length=1, max_length=256)
    max_regression_pct: float | None = Field(
        default=None, ge=0, le=1e6, description="How much worse, in percent of the baseline's mean."
    )
    max: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Above which mean the candidate fails, whatever the baseline is.",
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.metric is None) is (self.extra is None):
            raise PydanticCustomError("rule_unclear", "a rule names a metric or an extra")
        if (self.max_regression_pct is None) is (self.max is None):
            raise PydanticCustomError("rule_unclear", "a rule has max_regression_pct or max")
        return self


class GateBody(Body):
    """The candidate, and what it is held against: a baseline's name or other runs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "baseline": "main",
                    "candidate": {
                        "filters": {"cond.commit": ["4f2c1d9"]},
                        "window": {"last_s": 86_400},
                    },
                    "rules": [
                        {"metric": "tok_s", "max_regression_pct": 5},
                        {"metric": "error_rate", "max": 0.01},
                    ],
                    "require_same": ["quant", "runtime"],
                }
            ]
        }
    )

    baseline: str | None = Field(default=None, max_length=128)
    reference: ReferenceBody | None = None
    by: By | None = Field(default=None, description="The same as `by` of `reference`.")
    candidate: SideBody
    rules: list[RuleBody] = Field(
        default_factory=list,
        max_length=32,
        description="Without any: latency_ms, ttft_ms and tok_s at 5 %.",
    )
    min_runs: int = Field(
        default=5, ge=1, le=1_000_000, description="That each series of the candidate must have."
    )
    require_same: list[Annotated[str, Field(pattern=f"^{CONDITION_NAME}$")]] = Field(
        default_factory=list, max_length=16
    )
    fdr: float = Field(
        default=0.05, gt=0, lt=1, description="The share of false alarms among all alarms."
    )


class GateSeries(BaseModel):
    """One metric of one group, b (the candidate) against a.

    `delta_pct` and `ci95_pct` are in percent of a's mean; p is one-sided. `more_runs`: how many
    more would decide.
    """

    key: dict[str, str | float | bool | None]
    metric: str
    extra: bool
    unit: str | None
    better: Literal["higher", "lower"] | None
    a: float | None
    b: float | None
    delta_pct: float | None
    ci95_pct: tuple[float, float] | None
    p_value: float | None
    q_value: float | None
    tolerance_pct: float | None
    max: float | None
    verdict: Literal["pass", "fail", "inconclusive", "no_data", "new"]
    n_a: int
    n_b: int
    more_runs: MoreRuns | None


class GateBaseline(BaseModel):
    """The baseline that the gate went by."""

    name: str
    version: int
    set_at: str
    age_s: float


class GateAnswer(BaseModel):
    """The verdict for all series together, and each of them."""

    verdict: Literal["pass", "fail", "inconclusive", "no_data", "not_comparable"]
    series: list[GateSeries]
    conditions_diff: list[ConditionDifference]
    not_alike: list[str] = Field(description="Conditions of `require_same` that are not the same.")
    baseline: GateBaseline | None
    markdown: str


class ChangeSide(BaseModel):
    """The runs on one side of a change."""

    n: int
    mean: float


class ChangedCondition(BaseModel):
    """A dimension or condition with other values after the change; those nearest to it first."""

    field: str
    before: list[str | float | bool | None]
    after: list[str | float | bool | None]


class ChangeAnswer(BaseModel):
    """Where a series shifted."""

    at: str
    key: dict[str, str | float | bool | None]
    metric: str
    before: ChangeSide
    after: ChangeSide
    delta_pct: float | None
    p_value: float
    verdict: Literal["improved", "regressed"]
    conditions_changed: list[ChangedCondition]


class ChangesWindow(BaseModel):
    """The window that was answered, half-open."""

    from_: str = Field(alias="from")
    to: str
    bucket_s: int | None
    partial_last_bucket: bool


class ChangesAnswer(BaseModel):
    """The changes of a window, the newest first, at most 200."""

    window: ChangesWindow
    filters: dict[str, Any]
    group_by: list[str]
    metric: str
    changes: list[ChangeAnswer]
