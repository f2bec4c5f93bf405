"""What is asked of a dataset's metrics, and the shape of the answer."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from shared.datasets.adapters import Adapter

DEFAULT_POINTS = 500
MAX_POINTS = 5_000
# About what an invocation of 30 s can fetch and read; volumes that it finished stay in scratch
# space, so that the next one goes on from there.
METRICS_MAX_BYTES = 2**30


class MetricsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a dataset in `[from_us, to_us)` (None: open) of any of the devices and models.

    With `split` each series also comes apart by that label.
    """

    user_id: str
    dataset: str
    from_us: int | None = None
    to_us: int | None = None
    devices: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    max_points: int = DEFAULT_POINTS
    split: Literal["device", "model"] | None = None


class SeriesSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a series over all rows; with `n` 0 every other member is None.

    Percentiles interpolate linearly (NumPy's default), `std` is the population's, `last`
    is the value at the latest instant.
    """

    n: int
    mean: float | None = None
    min: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    std: float | None = None
    last: float | None = None


class SeriesGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The points of a series that are of one label, None for none, or of all `others`."""

    key: str | None
    others: bool
    n: int
    points: list[tuple[str, float]]
    downsampled: bool


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One number field over time. A point is an instant (ISO 8601) and the value there."""

    field: str
    label: str
    kind: str
    extra: bool
    unit: str | None
    better: str | None
    points: list[tuple[str, float]]
    downsampled: bool
    summary: SeriesSummary
    groups: list[SeriesGroup] | UnsetType = UNSET


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `from_us` and `to_us` are the first and last instant of the rows.

    `by_device` and `by_model` count the rows by label, most rows first; None stands for
    rows without one.
    """

    rows: int
    from_us: int | None
    to_us: int | None
    x_field: str
    adapter: Adapter | None
    series: list[Series]
    by_device: list[tuple[str | None, int]]
    by_model: list[tuple[str | None, int]]
