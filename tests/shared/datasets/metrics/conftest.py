"""Datasets of a few lines, folded or not, and the view that metrics are computed from."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from shared import ids
from shared.aws import Bucket
from shared.datasets import Adapter, Metrics, MetricsQuery, dataset_metrics, save_adapter
from shared.datasets.metrics.gathering import Gathered
from shared.datasets.metrics.mapping import mapping_of
from shared.datasets.metrics.table import rows_view
from shared.storage.assembly import compactor
from shared.storage.log import Catalog, SegmentLog, UserLog


@pytest.fixture(autouse=True)
def scratch_space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cold function: scratch space that nobody has used."""
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@dataclass
class Dataset:
    """The dataset `d` of one user."""

    bucket: Bucket
    catalog: Catalog
    user_id: str = "ada"
    written: int = field(default=0)

    @property
    def log(self) -> UserLog:
        """The user's log."""
        return UserLog(self.bucket, self.catalog, self.user_id)

    def append(self, *rows: dict[str, Any], fold: bool = False) -> str:
        """Store rows as one batch, and fold everything if asked; the batch's id."""
        segment_id = ids.ulid()
        meta = {"_meta_batch_id": f"bat_{segment_id}"}
        lines = [msgspec.json.encode(row | meta) for row in rows]
        SegmentLog(self.bucket).append(
            self.user_id, "d", lines, [], segment_id=segment_id, repeatable=False
        )
        if fold:
            self.fold()
        return meta["_meta_batch_id"]

    def fold(self) -> None:
        """Compact the user."""
        compactor(self.log).drain(lambda: True)

    def save(self, **fields: Any) -> None:
        """Save the dataset's adapter."""
        save_adapter(self.catalog.table, self.user_id, Adapter(dataset="d", **fields))

    def metrics(self, **query: Any) -> Metrics:
        """Ask."""
        asked = MetricsQuery(user_id=self.user_id, dataset="d", **query)
        return dataset_metrics(self.bucket, self.catalog, asked)


@pytest.fixture
def dataset(bucket: Bucket, tables: dict[str, Any]) -> Dataset:
    """An empty dataset."""
    return Dataset(bucket, Catalog(tables["CatalogTable"]))


View = Callable[..., Any]


@pytest.fixture(scope="session")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    """Rows without any AWS; its value is a context manager that opens a connection."""
    folder = tmp_path_factory.mktemp("rows")

    @contextmanager
    def opened(
        lines: list[bytes],
        adapter: Adapter | None = None,
        undone: frozenset[str] = frozenset(),
        **query: Any,
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        pending = folder / ids.ulid()
        pending.write_bytes(b"".join(line + b"\n" for line in lines))
        gathered = Gathered(adapter, (), pending, undone)
        asked = MetricsQuery(user_id="ada", dataset="d", **query)
        with rows_view(Bucket("none"), gathered, mapping_of(adapter), asked) as connection:
            yield connection

    return opened


def series_of(metrics: Metrics, name: str) -> Any:
    """The series of a field."""
    return next(series for series in metrics.series if series.field == name)
