"""Parts: how the folded runs of a day grow, by one more Parquet object a flush."""

import msgspec

from shared.runs import Run
from shared.segment_ids import is_named_by_batch
from shared.storage.lake.parquet import parquet_of
from shared.storage.log.object_keys import part_key
from shared.storage.log.records import Checkpoint, DayRecord, Part
from shared.storage.log.user_log import UserLog

# Parts of one day that may wait to be rolled up and merged.
CROWDED_AT_PARTS = 8
PARQUET = "application/vnd.apache.parquet"


def flush_day(log: UserLog, record: DayRecord, runs: list[Run], generation: int) -> DayRecord:
    """The day with another part, of these runs."""
    body = parquet_of(runs)
    key = part_key(log.user_id, record.day, generation)
    log.bucket.put(key, body, PARQUET)
    instants = [run.ts_us for run in runs]
    batches = [run.batch_id for run in runs if run.batch_id] or [""]
    part = Part(
        key=key,
        rows=len(runs),
        bytes=len(body),
        min_us=min(instants),
        max_us=max(instants),
        min_batch=min(batches),
        max_batch=max(batches),
        foreign=not all(is_named_by_batch(run.run_id, run.batch_id) for run in runs),
        conditions=any(run.conditions for run in runs),
    )
    return msgspec.structs.replace(record, parts=(*record.parts, part))


def with_crowded(after: Checkpoint, days: list[DayRecord]) -> Checkpoint:
    """The checkpoint, naming those of the folded days that have many parts to roll up."""
    crowded = {day.day for day in days if len(day.fresh) >= CROWDED_AT_PARTS}
    return msgspec.structs.replace(after, crowded=tuple(sorted({*after.crowded, *crowded})))
