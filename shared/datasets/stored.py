"""Stored rows to runs: what a backfill converts and a preview shows.

A row's run is the very one that its append would have given, so converting again
doubles nothing.
"""

import msgspec

from shared import ids
from shared.datasets.adapters import Adapter
from shared.datasets.conversion import Arrival, every_failure_its_own, run_of_row
from shared.runs import Run
from shared.segment_ids import run_id_of, segment_id_of
from shared.storage import BATCH_MEMBER, META_PREFIX


def run_of_stored(line: bytes, adapter: Adapter, *, ordinal: int, tenant: str) -> Run:
    """The run of a row that is stored already.

    `ordinal` counts the stored rows of the row's segment from 0. Raises RowNotConvertible.
    """
    with every_failure_its_own():
        stored = msgspec.json.decode(line)
        batch_id = stored[BATCH_MEMBER]
        members = {name: stored[name] for name in stored if not name.startswith(META_PREFIX)}
        segment_id = segment_id_of(batch_id)
        arrival = Arrival(
            run_id=run_id_of(segment_id, ordinal),
            tenant=tenant,
            batch_id=batch_id,
            at_us=ids.ulid_time_us(segment_id),
        )
    return run_of_row(members, adapter, arrival)
