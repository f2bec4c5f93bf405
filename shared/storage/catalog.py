"""The catalog: what is committed, per user, in DynamoDB.

Partition `USER#<user_id>`; sort keys `CHECKPOINT`, `DATASET#<name>#BASE`,
`DAY#<date>`, `SEGMENT#<id>`. A commit is one transaction that moves the
checkpoint's generation by one (`shared.storage.compaction`).
"""

from dataclasses import asdict, dataclass, field

from shared.aws import Item, Table

CHECKPOINT = "CHECKPOINT"
MARKER_PREFIX = "SEGMENT#"
DATASET_PREFIX = "DATASET#"
DAY_PREFIX = "DAY#"


@dataclass(frozen=True)
class Checkpoint:
    """How far a user is folded.

    `last_committed` names the segments of the newest commit; those of older commits
    are deleted. `partial` is the one segment that is folded up to a day, if any.
    """

    generation: int = 0
    last_committed: tuple[str, ...] = ()
    partial: str | None = None
    partial_from_day: str = ""


@dataclass(frozen=True)
class Volume:
    """A part of a dataset's rows: one object, pinned to the version that was committed."""

    key: str
    version_id: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class DatasetRecord:
    """The folded rows of a dataset, in append order over its volumes."""

    name: str
    volumes: tuple[Volume, ...] = ()
    created_us: int = 0
    updated_us: int = 0

    @property
    def rows(self) -> int:
        """How many rows are folded."""
        return sum(volume.rows for volume in self.volumes)

    @property
    def bytes(self) -> int:
        """How many bytes the folded rows have."""
        return sum(volume.bytes for volume in self.volumes)


@dataclass(frozen=True)
class Part:
    """A Parquet object with runs of one day; the instants bound what is in it."""

    key: str
    rows: int
    bytes: int
    min_us: int
    max_us: int


@dataclass(frozen=True)
class DayRecord:
    """The Parquet parts of one UTC day."""

    day: str
    parts: tuple[Part, ...] = field(default=())


@dataclass(frozen=True)
class Catalog:
    """Reads and shapes catalog items; commits are made by the compaction."""

    table: Table

    def checkpoint(self, user_id: str) -> Checkpoint:
        """The user's checkpoint, strongly consistent."""
        item = self.table.get(partition(user_id), CHECKPOINT)
        if item is None:
            return Checkpoint()
        return Checkpoint(
            item["generation"],
            tuple(item["last_committed"]),
            item.get("partial"),
            item.get("partial_from_day", ""),
        )

    def dataset(self, user_id: str, name: str) -> DatasetRecord | None:
        """The folded part of one dataset."""
        item = self.table.get(partition(user_id), dataset_key(name))
        return None if item is None else dataset_record(item)

    def day(self, user_id: str, day: str) -> DayRecord:
        """The parts of one day."""
        item = self.table.get(partition(user_id), DAY_PREFIX + day)
        return DayRecord(day) if item is None else day_record(item)

    def days(self, user_id: str, first: str, last: str) -> list[DayRecord]:
        """The days between two dates, both included, that have runs."""
        between = (DAY_PREFIX + first, DAY_PREFIX + last)
        return [day_record(item) for item in self.table.query(partition(user_id), between=between)]

    def marked(self, user_id: str, segment_ids: list[str]) -> set[str]:
        """Those of the repeatable segments that a commit already covers."""
        if not segment_ids:
            return set()
        # The same id may be listed twice, and DynamoDB refuses to be asked twice.
        names = [MARKER_PREFIX + segment_id for segment_id in dict.fromkeys(segment_ids)]
        keys = [(partition(user_id), name) for name in names]
        return {item["sk"].removeprefix(MARKER_PREFIX) for item in self.table.get_many(keys)}


def partition(user_id: str) -> str:
    """The partition key of everything of a user."""
    return f"USER#{user_id}"


def dataset_key(name: str) -> str:
    """The sort key of a dataset's folded part."""
    return f"{DATASET_PREFIX}{name}#BASE"


def dataset_record(item: Item) -> DatasetRecord:
    """A dataset's folded part from its item."""
    volumes = tuple(Volume(**volume) for volume in item["volumes"])
    return DatasetRecord(item["name"], volumes, item["created_us"], item["updated_us"])


def dataset_item(user_id: str, record: DatasetRecord) -> Item:
    """The item of a dataset's folded part."""
    return {
        "pk": partition(user_id),
        "sk": dataset_key(record.name),
        "name": record.name,
        "volumes": [asdict(volume) for volume in record.volumes],
        "created_us": record.created_us,
        "updated_us": record.updated_us,
    }


def day_record(item: Item) -> DayRecord:
    """A day's parts from its item."""
    parts = tuple(Part(**part) for part in item["parts"])
    return DayRecord(item["sk"].removeprefix(DAY_PREFIX), parts)


def day_item(user_id: str, record: DayRecord) -> Item:
    """The item of a day's parts."""
    return {
        "pk": partition(user_id),
        "sk": DAY_PREFIX + record.day,
        "parts": [asdict(part) for part in record.parts],
    }
