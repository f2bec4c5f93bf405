"""Which of the listed segments a checkpoint does not cover, and how much of each is folded."""

import msgspec

from shared.storage.log.records import Checkpoint
from shared.storage.log.segments import PendingSegment
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog


def live_segments(
    log: UserLog,
    checkpoint: Checkpoint,
    listed: list[PendingSegment],
    tombstones: tuple[Tombstone, ...],
) -> list[PendingSegment]:
    """Those of the listed segments that the checkpoint does not cover, each id once."""
    covered = set(checkpoint.last_committed)
    fresh = [
        segment
        for segment in listed
        if segment.name.file_name not in covered and not _is_twin_of_partial(segment, checkpoint)
    ]
    repeatable = [segment.name.segment_id for segment in fresh if segment.name.repeatable]
    seen = log.catalog.marked(log.user_id, repeatable)
    live = []
    for segment in fresh:
        if segment.name.segment_id not in seen:
            seen.add(segment.name.segment_id)
            live.append(_with_tombstones(_as_folded(segment, checkpoint), tombstones))
    return live


def _is_twin_of_partial(segment: PendingSegment, checkpoint: Checkpoint) -> bool:
    """Whether the same id was stored again under another name than the one half folded."""
    partial = checkpoint.partial
    return (
        partial is not None
        and partial.startswith(f"{segment.name.segment_id}-")
        and partial != segment.name.file_name
    )


def _as_folded(segment: PendingSegment, checkpoint: Checkpoint) -> PendingSegment:
    if segment.name.file_name != checkpoint.partial:
        return segment
    return msgspec.structs.replace(
        segment, rows_folded=True, runs_from_day=checkpoint.partial_from_day
    )


def _with_tombstones(segment: PendingSegment, tombstones: tuple[Tombstone, ...]) -> PendingSegment:
    naming = tuple(
        tombstone for tombstone in tombstones if segment.name.segment_id in tombstone.segments
    )
    return msgspec.structs.replace(segment, tombstones=naming) if naming else segment
