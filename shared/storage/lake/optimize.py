"""Optimizing a day: its parts are rolled up, and small ones merged. Neither moves a total.

A rollup is made of the one before and the parts that came since, so that a day with
many runs costs no more than what is new. Parts are merged by tiers: only with others
about as large, so that a run is rewritten a few times, not once an append.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import msgspec

from shared.observability import logger
from shared.storage.lake.parquet import merged_parts, rollup_of
from shared.storage.lake.parts import PARQUET
from shared.storage.log.commit import Commit
from shared.storage.log.object_keys import part_key, rollup_key
from shared.storage.log.records import DAY_PREFIX, Checkpoint, DayRecord, Part, Rollup
from shared.storage.log.user_log import UserLog

# Parts of a tier before they are merged; each tier's parts are about as many times as large.
FAN_IN = 8
_SMALLEST_TIER_BYTES = 64 * 2**10
# Larger parts stay as they are: reading them is cheap, and rewriting them is not.
MERGE_BELOW_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Optimizer:
    """The optimization of one user's days, a day a commit."""

    log: UserLog

    def step(self, before: Checkpoint, day: str) -> None:
        """Roll up and merge what there is of a day. Raises TransactionLost, ObjectMissing."""
        record = self.log.day(day)
        commit = Commit(self.log, before)
        after = self._optimized(record, commit.generation)
        if after is not record:
            commit.put(DAY_PREFIX + day, after)
        crowded = tuple(each for each in before.crowded if each != day)
        commit.carry_out(msgspec.structs.replace(before, crowded=crowded))

    def drop_rollup(self, day: DayRecord) -> None:
        """Drop a day's rollup, so that it is made again. Raises TransactionLost."""
        before = self.log.checkpoint()
        if self.log.day(day.day) != day:
            return
        commit = Commit(self.log, before)
        commit.put(DAY_PREFIX + day.day, unrolled(day, day.parts))
        commit.carry_out(before)

    def _optimized(self, record: DayRecord, generation: int) -> DayRecord:
        """The day as it should be; as it is when that cannot be made, which must hold up
        nothing else: its runs are read as rows then, and the schedule tries again.
        """
        if not record.fresh:
            return record
        try:
            return self._merged(self._rolled(record, generation), generation)
        except duckdb.Error:
            logger().exception("day_not_tidied", user_id=self.log.user_id, day=record.day)
            return record

    def _rolled(self, record: DayRecord, generation: int) -> DayRecord:
        older = record.rollup
        made = rollup_of(
            self._bodies(record.fresh),
            self.log.bucket.get(older.key) if older else None,
            set(older.levels) if older else set(),
        )
        key = rollup_key(self.log.user_id, f"date={record.day}", generation)
        self.log.bucket.put(key, made.body, PARQUET)
        return DayRecord(
            day=record.day,
            parts=tuple(msgspec.structs.replace(part, rolled=True) for part in record.parts),
            rollup=Rollup(key=key, bytes=len(made.body), levels=made.levels),
        )

    def _merged(self, record: DayRecord, generation: int) -> DayRecord:
        parts = record.parts
        for tier in _tiers(parts):
            if len(tier) >= FAN_IN:
                merged = self._merge(record.day, tier, generation)
                parts = (*(part for part in parts if part not in tier), merged)
        return msgspec.structs.replace(record, parts=parts)

    def _bodies(self, parts: Iterable[Part]) -> list[bytes]:
        return list(self.log.bucket.get_many({part.key: part.bytes for part in parts}))

    def _merge(self, day: str, parts: list[Part], generation: int) -> Part:
        body = merged_parts(self._bodies(parts))
        key = part_key(self.log.user_id, day, generation)
        self.log.bucket.put(key, body, PARQUET)
        return Part(
            key=key,
            rows=sum(part.rows for part in parts),
            bytes=len(body),
            min_us=min(part.min_us for part in parts),
            max_us=max(part.max_us for part in parts),
            min_batch=min(part.min_batch for part in parts),
            max_batch=max(part.max_batch for part in parts),
            foreign=any(part.foreign for part in parts),
            rolled=True,
            conditions=any(part.conditions for part in parts),
        )


def unrolled(day: DayRecord, parts: Iterable[Part]) -> DayRecord:
    """A day of these parts, without a rollup."""
    fresh = tuple(msgspec.structs.replace(part, rolled=False) for part in parts)
    return DayRecord(day=day.day, parts=fresh)


def _tiers(parts: tuple[Part, ...]) -> list[list[Part]]:
    """The parts that are small enough to be merged, by size: each tier eight times the last."""
    tiers: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        if part.bytes < MERGE_BELOW_BYTES:
            steps = (part.bytes // _SMALLEST_TIER_BYTES).bit_length()
            tiers[(steps + 2) // 3].append(part)
    return [tiers[tier] for tier in sorted(tiers)]
