"""What the catalog's items hold, and how they are written and read."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from shared.aws import Item
from shared.ids import user_partition

CHECKPOINT = "CHECKPOINT"
TOTALS = "TOTALS"
BACKLOG = "BACKLOG"
MARKER_PREFIX = "SEGMENT#"
BATCH_PREFIX = "BATCH#"
TOMBSTONE_PREFIX = "EDIT#"
DATASET_PREFIX = "DATASET#"
DAY_PREFIX = "DAY#"
MONTH_PREFIX = "MONTH#"
# The attribute of an item that names the generation of the commit that put it.
COMMITTED = "committed"


class CatalogRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Something the catalog holds; unknown attributes of an item are left alone."""


class Checkpoint(CatalogRecord, frozen=True, kw_only=True):
    """How far a user is folded.

    `last_committed` names the segments of the newest fold; those of older folds are
    deleted. `partial` is the one segment that is folded up to a day, if any. `tombstones`
    is the number of tombstones that are not applied yet, `backfills` names the datasets
    whose rows are being converted, `crowded` the days with many parts that are not
    rolled up. `items` is how many items the commit put apart from this one, `updated_us` when
    it was made. While `restoring` an operator puts an earlier state back: nothing is read or
    committed.
    """

    generation: int = 0
    last_committed: tuple[str, ...] = ()
    partial: str | None = None
    partial_from_day: str = ""
    # Stored under the name that they had first.
    tombstones: int = msgspec.field(default=0, name="edits")
    backfills: tuple[str, ...] = ()
    crowded: tuple[str, ...] = ()
    items: int = 0
    updated_us: int = 0
    restoring: bool = False


class RowColumns(CatalogRecord, frozen=True, kw_only=True):
    """The columns of a stretch of a volume's rows: from where the one before ends to byte `end`.

    A Parquet object; without a key the stretch has none. `made_by` names what made them: what
    others made is not read.
    """

    end: int
    made_by: str
    key: str = ""
    bytes: int = 0


class Volume(CatalogRecord, frozen=True, kw_only=True):
    """A part of a dataset's rows: one object, pinned to the version that was committed.

    `superseded` are the versions before it that readers may still hold. A volume whose
    rows were all taken out has no bytes and no object. `crc` is the CRC-32 of the bytes
    (None: written before it was kept), by which a longer version is known to begin with them.
    `columns` are of its first rows, stretch by stretch: never needed, so dropped when in doubt.
    """

    key: str
    version_id: str
    rows: int
    bytes: int
    superseded: tuple[str, ...] = ()
    crc: int | None = None
    columns: tuple[RowColumns, ...] = ()


class Backfill(CatalogRecord, frozen=True, kw_only=True):
    """How far a dataset's older rows are converted by an adapter.

    The place is a volume, the bytes before it there, and, inside a batch, its id and
    the rows of it that lie before.
    """

    version: int
    adapter: dict[str, Any]
    tenant: str
    status: Literal["running", "done"] = "running"
    volume: int = 0
    offset: int = 0
    batch_id: str = ""
    ordinal: int = 0
    converted: int = 0
    skipped: int = 0

    def document(self) -> dict[str, Any]:
        """The progress as the API shows it."""
        return {"status": self.status, "converted": self.converted, "skipped": self.skipped}


class DatasetRecord(CatalogRecord, frozen=True, kw_only=True):
    """The folded rows of a dataset, in append order over its volumes.

    `epoch` changes whenever rows are taken out, so that old positions are recognised;
    `cuts` are the newest of these: the epoch that began then, the volume, and where the
    rows lay in it.
    `emptied` is the generation in which the dataset was last deleted. `created_us` is 0
    while no row was folded since.
    """

    name: str
    volumes: tuple[Volume, ...] = ()
    created_us: int = 0
    updated_us: int = 0
    epoch: int = 0
    cuts: tuple[tuple[int, int, int, int], ...] = ()
    emptied: int = 0
    backfill: Backfill | None = None

    @property
    def rows(self) -> int:
        """How many rows are folded."""
        return sum(volume.rows for volume in self.volumes)

    @property
    def bytes(self) -> int:
        """How many bytes the folded rows have."""
        return sum(volume.bytes for volume in self.volumes)

    def moved(self, epoch: int, volume: int, offset: int) -> int | None:
        """Where in its volume a place of an earlier epoch is now; None if that is not known."""
        later = [cut for cut in self.cuts if cut[0] > epoch]
        if epoch > self.epoch or len(later) != self.epoch - epoch:
            return None
        for _, number, start, end in later:
            if number == volume and offset > start:
                offset = start + max(0, offset - end)
        return offset

    @property
    def exists(self) -> bool:
        """Whether rows were folded since it was last deleted."""
        return self.created_us > 0


class Part(CatalogRecord, frozen=True, kw_only=True):
    """A Parquet object with runs of one day; instants and batch ids bound what is in it.

    `foreign` when an id of a run in it does not follow from the run's batch: a
    client gave it, so only reading the part shows whether an id is in it. `rolled` when
    its runs are in the day's rollup. `conditions` when a run in it has any.
    """

    key: str
    rows: int
    bytes: int
    min_us: int
    max_us: int
    min_batch: str = ""
    max_batch: str = "~"
    foreign: bool = True
    rolled: bool = False
    conditions: bool = False

    @property
    def generation(self) -> int:
        """The commit that brought it."""
        return int(self.key.rpartition("/")[2].partition("-")[0])

    def may_hold(self, batch_id: str) -> bool:
        """Whether runs of a batch can be in it."""
        return self.min_batch <= batch_id <= self.max_batch


class Rollup(CatalogRecord, frozen=True, kw_only=True):
    """What the rolled parts of a day add up to, in the levels of `lake.rollup_levels`."""

    key: str
    bytes: int
    levels: tuple[str, ...]


class DayRecord(CatalogRecord, frozen=True, kw_only=True):
    """The Parquet parts of one UTC day, and the rollup of those that are rolled up."""

    day: str
    parts: tuple[Part, ...] = ()
    rollup: Rollup | None = None

    @property
    def fresh(self) -> tuple[Part, ...]:
        """The parts that the rollup does not cover."""
        return tuple(part for part in self.parts if not part.rolled)


class MonthRecord(CatalogRecord, frozen=True, kw_only=True):
    """The cells by days of many rollups of a month in one object.

    `days` names the rollup that each day's cells come from; they hold while the day's
    record names the same.
    """

    month: str
    key: str
    bytes: int
    days: dict[str, str]


class BatchRecord(CatalogRecord, frozen=True, kw_only=True):
    """What a folded append, import or job brought, so that it can be taken back.

    Written before the commit of `generation`, so it proves nothing by itself.
    """

    batch_id: str
    dataset: str
    rows: int
    bytes: int
    generation: int


class Totals(CatalogRecord, frozen=True, kw_only=True):
    """What a user has folded altogether, and on one day (UTC) and the day before it."""

    datasets: int = 0
    bytes: int = 0
    rows_by_day: dict[str, int] = {}


class Garbage(CatalogRecord, frozen=True, kw_only=True):
    """What a tombstone left behind: deleted, and kept in the bucket's history until it expires.

    Versions of `key` below `version_id` (and itself, when `inclusive`); all versions
    when no version is named.
    """

    key: str
    version_id: str = ""
    inclusive: bool = False


def garbage_of_columns(
    volumes: Iterable[Volume], kept: tuple[RowColumns, ...] = ()
) -> list[Garbage]:
    """The columns of these volumes, as something to be deleted; but for those that are kept."""
    every = (columns for volume in volumes for columns in volume.columns)
    return [Garbage(key=each.key) for each in every if each.key and each not in kept]


def partition(user_id: str) -> str:
    """The partition key of everything of a user."""
    return user_partition(user_id)


def dataset_key(name: str) -> str:
    """The sort key of a dataset's folded part."""
    return f"{DATASET_PREFIX}{name}#BASE"


def dataset_record(item: Mapping[str, Any]) -> DatasetRecord:
    """A dataset's folded part from its item."""
    return msgspec.convert(item, DatasetRecord)


def totals_key() -> str:
    """The sort key of what a user has altogether."""
    return TOTALS


def totals_record(item: Mapping[str, Any]) -> Totals:
    """What a user has altogether, from its item."""
    return msgspec.convert(item, Totals)


def item_of(user_id: str, sort_key: str, record: CatalogRecord) -> Item:
    """The item that holds a record under a sort key of a user."""
    return {"pk": partition(user_id), "sk": sort_key, **msgspec.to_builtins(record)}
