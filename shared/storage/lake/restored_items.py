"""Makes the catalog's items of one user what they were, with the versions that have the bytes now.

Each dataset's item names the newest version of its volume: an older one would expire, so it is
copied above the others first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from shared.aws import Item
from shared.storage.lake.past import Found, Past
from shared.storage.log.catalog import Catalog
from shared.storage.log.records import CHECKPOINT, DatasetRecord, Volume, item_of, partition
from shared.storage.log.user_log import UserLog

_FLUSHED_AT = 500
# S3 copies parts of at least 5 MiB.
_COPY_FROM_BYTES = 5 * 2**20
# Whose turn it is now has nothing to do with the past.
_LEASES = "LEASE#"


@dataclass(frozen=True)
class RestoredItems:
    """The items of now in `log`, and what they were in `past`."""

    log: UserLog
    past: Past

    def put(self) -> tuple[int, int]:
        """Make the user's items what they were, but for the checkpoint; how many were put and
        how many deleted.
        """
        records = self._records()
        then = (
            {**item, **records.get(item["sk"], {})}
            for item in self.past.log.catalog.table.query(partition(self.log.user_id))
        )
        now = self.log.catalog.table.query(partition(self.log.user_id))
        put, deleted = _Puts(self.log.catalog), 0
        for old, new in _differences(_lasting(now), _lasting(then)):
            if new is not None:
                put.add(new)
            elif old is not None:
                self.log.catalog.table.delete(old["pk"], old["sk"])
                deleted += 1
        put.flush()
        return put.count, deleted

    def _records(self) -> dict[str, Item]:
        """The items of datasets of then, naming versions that are the newest now: a version that
        is not would expire.
        """
        found = {(each.volume.key, each.volume.version_id): each for each in self.past.volumes}
        records = {}
        for sort_key, record in self.past.catalog.datasets.items():
            # Columns are not put back: folds make others.
            there = self.log.dataset(record.name) or record
            volumes = tuple(
                self._current(found[volume.key, volume.version_id], there)
                if volume.version_id
                else volume
                for volume in map(_without_columns, record.volumes)
            )
            after = msgspec.structs.replace(record, volumes=volumes)
            records[sort_key] = item_of(self.log.user_id, sort_key, after)
        return records

    def _current(self, found: Found, there: DatasetRecord) -> Volume:
        volume = _without_columns(found.volume)
        if found.current:
            return msgspec.structs.replace(volume, version_id=found.source)
        copied = self._copied_before(volume, there)
        version_id = copied or self._copy(found)
        return msgspec.structs.replace(volume, version_id=version_id, superseded=())

    def _copied_before(self, volume: Volume, there: DatasetRecord) -> str:
        """The version of the same bytes that is the newest already, as the catalog names it."""
        if volume.crc is None:
            return ""
        same = [
            each.version_id
            for each in there.volumes
            if (each.key, each.bytes, each.crc) == (volume.key, volume.bytes, volume.crc)
        ]
        latest = self.log.bucket.latest(volume.key)
        return latest.version_id if latest and latest.version_id in same else ""

    def _copy(self, found: Found) -> str:
        volume, source = found.volume, found.source
        if volume.bytes < _COPY_FROM_BYTES:
            body = self.log.bucket.get(volume.key, version_id=source, end=volume.bytes)
            return self.log.bucket.put(volume.key, body, "application/x-ndjson").version_id
        cut = self.log.bucket.put_cut(volume.key, source, found.size, volume.bytes, found.size)
        return cut.version_id


def _without_columns(volume: Volume) -> Volume:
    return msgspec.structs.replace(volume, columns=())


@dataclass
class _Puts:
    """Items that are put many at a time."""

    catalog: Catalog
    count: int = 0

    def __post_init__(self) -> None:
        self._waiting: list[Item] = []

    def add(self, item: Item) -> None:
        self._waiting.append(item)
        self.count += 1
        if len(self._waiting) == _FLUSHED_AT:
            self.flush()

    def flush(self) -> None:
        self.catalog.table.put_many(self._waiting)
        self._waiting = []


def _lasting(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if item["sk"] != CHECKPOINT and not item["sk"].startswith(_LEASES):
            yield item


def _differences(
    now: Iterator[Item], then: Iterator[Item]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Pairs of an item now and then that are not the same, both in order of their sort keys;
    None where there is no such item.
    """
    old, new = next(now, None), next(then, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old["sk"] < new["sk"]):
            yield old, None
            old = next(now, None)
        elif old is None or new["sk"] < old["sk"]:
            yield None, new
            new = next(then, None)
        else:
            if old != new:
                yield old, new
            old, new = next(now, None), next(then, None)
