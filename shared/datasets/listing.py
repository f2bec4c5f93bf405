"""The list of datasets, with exact counts, and what a dataset may be called."""

import re

import msgspec

from shared.aws import Item
from shared.datasets.adapters import Adapter, adapter_of
from shared.errors import NotFound, Unacceptable
from shared.storage.log import Snapshot, UserLog, dataset_record, read_snapshot

DATASET_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NAME = re.compile(DATASET_NAME)


class DatasetNotFound(NotFound):
    """The caller has no dataset of this name."""

    code = "dataset_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no dataset {name!r}; append_jsonl with this name makes it")


def check_dataset_name(name: str) -> str:
    """The name itself. Raises Unacceptable (`invalid_dataset_name`)."""
    if not _NAME.fullmatch(name):
        raise Unacceptable(
            "a dataset name has 1 to 128 letters, digits, '.', '_' or '-' and begins with a "
            "letter or digit",
            code="invalid_dataset_name",
        )
    return name


class DatasetSummary(msgspec.Struct):
    """A dataset in the list; counts include what is not folded yet."""

    name: str
    rows: int = 0
    bytes: int = 0
    created_us: int = 0
    updated_us: int = 0
    adapter: Adapter | None = None

    def note(self, rows: int, size: int, first_us: int, last_us: int) -> None:
        """Count rows that came between two instants."""
        self.rows += rows
        self.bytes += size
        self.created_us = min(self.created_us or first_us, first_us)
        self.updated_us = max(self.updated_us, last_us)


def list_datasets(log: UserLog) -> list[DatasetSummary]:
    """The user's datasets by name, also those that have only an adapter."""
    return read_snapshot(log, _summaries)


def _summaries(snapshot: Snapshot) -> list[DatasetSummary]:
    found: dict[str, DatasetSummary] = {}
    for item in snapshot.dataset_items():
        _note_item(found.setdefault(item["name"], DatasetSummary(item["name"])), item, snapshot)
    for segment in snapshot.pending:
        name = segment.name
        if segment.live_rows:
            summary = found.setdefault(name.dataset, DatasetSummary(name.dataset))
            summary.note(name.rows, name.offset, name.born_us, name.born_us)
    return [found[name] for name in sorted(found) if found[name].created_us]


def _note_item(summary: DatasetSummary, item: Item, snapshot: Snapshot) -> None:
    if item["sk"].endswith("#ADAPTER"):
        summary.adapter = adapter_of(item)
        summary.note(0, 0, item["created_us"], item["created_us"])
        return
    record = dataset_record(item)
    if record.exists:
        rows, size = snapshot.hidden(record.name)
        summary.note(record.rows - rows, record.bytes - size, record.created_us, record.updated_us)
