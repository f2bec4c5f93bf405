"""Answers of the usage endpoints, as clients see them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from functions.usage.run_schemas import run_schema
from shared.http.schemas import Omitted


class WindowAnswer(BaseModel):
    """The window that was answered, half-open."""

    from_: str = Field(alias="from")
    to: str
    bucket_s: int | None
    partial_last_bucket: bool


class Distribution(BaseModel):
    """A distribution; with `n` 0 every other member is null. Percentiles interpolate linearly."""

    n: int
    mean: float | None
    min: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    std: float | None


class Stats(BaseModel):
    """Distributions and `throughput_tps` are over runs with `ok`, tokens and `extra` over all."""

    runs: int
    ok: int
    errors: int
    error_rate: float | None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None
    extra: dict[str, Distribution]


class ExtraLabels(BaseModel):
    """The window has more extra metrics than the answer lists; `extra=<label>` asks for others."""

    total: int
    shown: int


class SummaryAnswer(Stats):
    """The stats of a window, and of the window before."""

    window: WindowAnswer
    filters: dict[str, Any]
    exact: bool
    devices: int
    models: int
    previous: Stats
    extra_labels: Omitted[ExtraLabels]


_OTHERS = "True with `top`, where this is all other groups together; its `key` is empty."
_GROUPS = "With `others`: how many groups these are."


class SeriesPoint(Stats):
    """The stats of one bucket of one group; `t` is when the bucket begins."""

    t: str
    key: dict[str, str | float | bool | None]
    others: Omitted[bool] = Field(description=_OTHERS)
    groups: Omitted[int] = Field(description=_GROUPS)


class BreakdownEntry(Stats):
    """The stats of one group."""

    key: dict[str, str | float | bool | None]
    others: Omitted[bool] = Field(description=_OTHERS)
    groups: Omitted[int] = Field(description=_GROUPS)


class RunAnswer(BaseModel):
    """One run; `ts` is epoch seconds."""

    model_config = ConfigDict(json_schema_extra=run_schema())


class UsageAnswer(BaseModel):
    """Totals, a series, a breakdown whose runs add up to the total, and the newest runs."""

    window: WindowAnswer
    filters: dict[str, Any]
    group_by: list[str]
    exact: bool
    total: Stats
    series: list[SeriesPoint]
    breakdown: list[BreakdownEntry]
    runs: list[RunAnswer]
    extra_labels: Omitted[ExtraLabels]
