"""`GET /user/data/metrics`: a dataset's number fields as series with summaries."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from functions.datasets import wiring
from functions.datasets.schemas import Better, SavedAdapter
from shared.datasets import (
    DEFAULT_POINTS,
    MAX_POINTS,
    Metrics,
    MetricsQuery,
    check_dataset_name,
    dataset_metrics,
)
from shared.http import (
    QUESTION_RESPONSES,
    CurrentUser,
    UserRoute,
    Window,
    described,
    inline,
    requested_window,
    too_large_means,
)
from shared.http.schemas import Omitted

router = APIRouter(prefix="/user/data", tags=["Datasets"], route_class=UserRoute)

Labels = Annotated[list[str], Query(description="May be repeated: any of the values.")]


class MetricsWindow(BaseModel):
    """The window asked for; an open end is the rows' first instant, or just after their last."""

    from_: str | None = Field(alias="from")
    to: str | None
    bucket_s: int | None = Field(description="Always null: points are not bucketed by time.")
    partial_last_bucket: bool


class SeriesSummary(BaseModel):
    """Over all rows, also those without a point. Over no rows: `n` is 0, the others are null."""

    n: int
    mean: float | None
    min: float | None
    p50: float | None = Field(description="Percentiles interpolate linearly.")
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    std: float | None = Field(description="Of the population.")
    last: float | None = Field(description="The value at the latest instant.")


class SeriesGroupAnswer(BaseModel):
    """The points of a series that are of one device or model, or of all `others`."""

    key: str | None = Field(description="Null for rows without the label, and for `others`.")
    others: bool
    n: int = Field(description="How many values it has.")
    points: list[tuple[str, float]] = Field(description="Instant and value, in order of time.")
    downsampled: bool


class SeriesAnswer(BaseModel):
    """One number field over time. Booleans count as 1 and 0."""

    field: str = Field(examples=["latency_ms"])
    label: str = Field(examples=["Latency (ms)"])
    kind: Literal["number", "boolean"]
    extra: bool = Field(description="False for the standard metrics.")
    unit: str | None
    better: Better | None
    points: list[tuple[str, float]] = Field(
        description="Instant and value, in order of time.",
        examples=[[["2025-12-03T18:00:00.000Z", 900.0], ["2025-12-03T18:05:00.000Z", 950.0]]],
    )
    downsampled: bool = Field(description="Whether there are fewer points than values.")
    summary: SeriesSummary
    groups: Omitted[list[SeriesGroupAnswer]] = Field(
        description="With `split`: the series by that label, most rows first."
    )


class DeviceRows(BaseModel):
    """How many rows a device has; null counts rows without one."""

    device: str | None
    rows: int


class ModelRows(BaseModel):
    """How many rows a model has; null counts rows without one."""

    model: str | None
    rows: int


class DatasetMetrics(BaseModel):
    """A dataset's metrics."""

    dataset: str
    window: MetricsWindow
    rows: int
    x_field: str
    adapter: SavedAdapter | None
    series: list[SeriesAnswer]
    by_device: list[DeviceRows]
    by_model: list[ModelRows]


@router.get(
    "/metrics",
    summary="Get processed metrics for a dataset",
    response_model=DatasetMetrics,
    responses={
        **described(404, "There is no such dataset (`dataset_not_found`)."),
        **described(413, "The dataset has more than 1 GB (`dataset_too_large`)."),
        **QUESTION_RESPONSES,
    },
)
@too_large_means("ask for fewer max_points, or a narrower window")
async def metrics(
    user: CurrentUser,
    dataset: Annotated[str, Query(description="The dataset's name.")],
    window: Annotated[Window, inline(requested_window)],
    device: Labels = [],  # noqa: B006  FastAPI copies defaults.
    model: Labels = [],  # noqa: B006
    max_points: Annotated[
        int, Query(ge=1, le=MAX_POINTS, description="The most points of a series.")
    ] = DEFAULT_POINTS,
    split: Annotated[
        Literal["device", "model"] | None,
        Query(description="Also gives each series by device or by model."),
    ] = None,
) -> Response:
    """Series, summaries and counts over all rows, or those of a window, of devices, of models.

    With an adapter (enabled or not) the series are the standard metrics and its extra fields of
    kind `number` and `boolean`; without one, the standard names are assumed, and every other number
    field is a series, nested ones by their dotted path (at most 64, those in most rows). A value
    that is no number counts as missing for that series.

    A row whose time is missing, unreadable or implausible (before 2000, or more than 24 hours after
    it arrived) has no point and no part in `last`; it counts everywhere else, but belongs to no
    window. Downsampling keeps the first, the last, the lowest and the highest value, and the local
    peaks; with many series each gets fewer points, at most 70,000 together. `by_device` and
    `by_model` list at most 500 labels, most rows first; a label of more than 256 characters counts
    as missing, as it gives no run.

    With `split=device` or `split=model` each series has `groups` as well: the points of the eight
    labels with most rows, or of seven and of all others together, about `max_points` in all.
    """
    query = MetricsQuery(
        user_id=user.user_id,
        dataset=check_dataset_name(dataset),
        from_us=window.from_us,
        to_us=window.to_us,
        devices=tuple(device),
        models=tuple(model),
        max_points=max_points,
        split=split,
    )
    found = dataset_metrics(wiring.bucket(), wiring.catalog(), query)
    body = msgspec.json.encode(_document(query, found))
    return Response(body, media_type="application/json")


def _document(query: MetricsQuery, found: Metrics) -> dict[str, Any]:
    return {
        "dataset": query.dataset,
        "window": _window(query, found).document(),
        "rows": found.rows,
        "x_field": found.x_field,
        "adapter": found.adapter.document() if found.adapter else None,
        "series": found.series,
        "by_device": [{"device": device, "rows": rows} for device, rows in found.by_device],
        "by_model": [{"model": model, "rows": rows} for model, rows in found.by_model],
    }


def _window(query: MetricsQuery, found: Metrics) -> Window:
    first = found.from_us if query.from_us is None else query.from_us
    last = query.to_us
    if last is None and found.to_us is not None:
        # A window is half-open: asked again by what is echoed, the newest row is in it.
        last = (found.to_us // 1_000 + 1) * 1_000
    return Window(first, last)
