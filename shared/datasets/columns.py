"""Columns of uniform rows to the runs of a segment: what `conversion` does row by row, at once.

Returns None wherever a value is not of the plain kind; then `conversion` decides.
"""

from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from shared import clock
from shared.clock import UnreadableTime
from shared.datasets.adapters import Adapter
from shared.datasets.batch_validation import UniformRows
from shared.datasets.conversion import Arrival
from shared.runs import PREVIEW_CHARACTERS, RunBlock
from shared.segment_ids import segment_id_of

_fifth = itemgetter(4)
_DASH = {"-"}


def block_of(
    rows: UniformRows, adapter: Adapter, first: Arrival
) -> tuple[RunBlock, tuple[int, int]] | None:
    """The runs of all rows and their `span`, if every row surely gives one; `first` is the first
    row's arrival.
    """
    at = rows.at
    found = _times(at(adapter.x_field), first.at_us)
    if found is None:
        return None
    times, span = found
    block = RunBlock(
        count=rows.count,
        segment_id=segment_id_of(first.batch_id),
        device=at(adapter.device_field),
        model=at(adapter.model_field),
        tag=at(adapter.tag_field),
        tenant=first.tenant,
        prompt_tokens=at(adapter.prompt_tokens_field),
        completion_tokens=at(adapter.completion_tokens_field),
        latency_ms=at(adapter.latency_ms_field),
        ttft_ms=at(adapter.ttft_ms_field),
        ok=_ok(at(adapter.ok_field)),
        job_id=at(adapter.job_id_field),
        dataset=adapter.dataset,
        prompt_preview=_previews(at(adapter.prompt_preview_field)),
        batch_id=first.batch_id,
        extra=_extras(rows, adapter),
        **times,
    )
    _set_speeds(block, at(adapter.tok_s_field))
    return block, span


def _times(column: list[Any] | None, now_us: int) -> tuple[dict[str, Any], tuple[int, int]] | None:
    """The column of times, as a member of a block, with the least and the greatest; each exactly
    as `read_row_time` reads it.
    """
    if column is None:
        return None
    found = _moments(column, now_us)
    if found is not None:
        return {"ts": found[0]}, found[1]
    try:
        times = clock.read_row_times(column, now_us)
    except UnreadableTime:
        return None
    return {"ts_us": times}, (min(times), max(times))


def _moments(column: list[Any], now_us: int) -> tuple[list[datetime], tuple[int, int]] | None:
    """Times in ISO 8601. With a dash after the year, no text is an epoch number."""
    try:
        if set(map(_fifth, column)) != _DASH:
            return None
        moments = list(map(datetime.fromisoformat, column))
        earliest, latest = min(moments), max(moments)
        if earliest.tzinfo is None:
            moments = [moment.replace(tzinfo=UTC) for moment in moments]
            earliest, latest = earliest.replace(tzinfo=UTC), latest.replace(tzinfo=UTC)
    except (ValueError, IndexError, TypeError):
        # Not all are such texts, or only some have an offset.
        return None
    first_us, last_us = clock.row_times_us(now_us)
    span = clock.to_us(earliest), clock.to_us(latest)
    return (moments, span) if first_us <= span[0] and span[1] <= last_us else None


def _ok(column: list[bool | None] | None) -> list[bool] | bool:
    return True if column is None else [value is not False for value in column]


def _previews(column: list[str | None] | None) -> list[str | None] | None:
    if column is None:
        return None
    return [value[:PREVIEW_CHARACTERS] if value else value for value in column]


def _set_speeds(block: RunBlock, column: list[float | None] | None) -> None:
    """Speeds that were sent; where one was not, it is derived, which a block does by itself."""
    if column is not None:
        block.tok_s = block.speeds(column)


def _extras(rows: UniformRows, adapter: Adapter) -> dict[str, Any]:
    """Extras that are numbers by label; booleans count as 1 and 0, strings stay in the row."""
    found = {}
    for extra in adapter.extra_fields:
        values = None if extra.kind == "string" else rows.at(extra.field)
        if values is not None:
            found[extra.label] = _numbers(values) if extra.kind == "boolean" else values
    return found


def _numbers(column: list[bool | None]) -> list[float | None]:
    return [None if value is None else float(value) for value in column]
