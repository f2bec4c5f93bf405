"""Ids that follow from a segment's own: of the batch that it is, and of the runs it brings.

The API calls a segment a batch: `bat_<segment_id>`. A run that was sent without an id is
`run_<segment_id>_<ordinal>`, which names its batch.
"""

from shared.ids import ULID_FORM

_BATCH = "bat_"
_RUN = "run"
# A batch id as a regular expression.
BATCH_ID_FORM = f"{_BATCH}{ULID_FORM}"


def batch_id_of(segment_id: str) -> str:
    """The id of the batch that a segment is."""
    return f"{_BATCH}{segment_id}"


def segment_id_of(batch_id: str) -> str:
    """The segment that a batch is."""
    return batch_id.removeprefix(_BATCH)


def run_id_of(segment_id: str, ordinal: int) -> str:
    """The id of a segment's run, by its place among the segment's rows or runs."""
    return f"{run_ids_begin(segment_id)}{ordinal}"


def run_ids_begin(segment_id: str) -> str:
    """What the ids of a segment's runs begin with, before the ordinal."""
    return f"{_RUN}_{segment_id}_"


def is_named_by_batch(run_id: str, batch_id: str | None) -> bool:
    """Whether a run's id is of the form that the server gives to runs of the batch."""
    return run_id.startswith(run_ids_begin(segment_id_of(batch_id or "")))


def batch_id_in(run_id: str) -> str | None:
    """The batch that a run's id names; None for an id of another form."""
    kind, _, rest = run_id.partition("_")
    segment_id, _, ordinal = rest.rpartition("_")
    return batch_id_of(segment_id) if kind == _RUN and segment_id and ordinal else None
