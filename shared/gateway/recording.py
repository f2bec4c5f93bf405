"""What a call leaves in usage: exactly one run, or none where no device began, or where it was
cancelled before its first text.

The segment's name follows from the call's id and beginning, and is written only if there is none:
the second to write it, the call itself or upkeep after it died, changes nothing.
"""

import sys
from typing import Final

import msgspec

from shared import ids
from shared.gateway.ask import Answered
from shared.gateway.messages import Up
from shared.gateway.phases import Marks
from shared.gateway.seats import Seat
from shared.runs import MAX_TOKENS, Run, joined_conditions, sift_conditions, speed_of
from shared.segment_ids import batch_id_of, run_id_of
from shared.storage.log import SegmentLog

GATEWAY_TTFT: Final = "Gateway TTFT (ms)"
GATEWAY_OVERHEAD: Final = "Gateway overhead (ms)"
CANCELLED: Final = "Cancelled"
_COUNTS: Final = frozenset({"prompt_tokens", "completion_tokens"})
_NO_METRICS: Final = dict.fromkeys(
    ("prompt_tokens", "completion_tokens", "latency_ms", "ttft_ms", "tok_s")
)


def leaves_a_run(how: str, device: str | None, *, spoken: bool) -> bool:
    """Whether a call that ended so counts."""
    return device is not None and (how != "cancelled" or spoken)


def run_id(seat: Seat) -> str:
    """The id of the call's run, known before it is written."""
    return run_id_of(_segment_id(seat), 0)


def run_of(seat: Seat, answered: Answered, marks: Marks, preview: str | None) -> Run:
    """The run of a call that a device began. Only one that the model finished, or that was
    cancelled, has figures: half an answer measures nothing.
    """
    cancelled = answered.how == "cancelled"
    known = _NO_METRICS | (answered.metrics if answered.ok or cancelled else {})
    latency_ms = None if cancelled else known["latency_ms"]
    completion = _count(known["completion_tokens"])
    return msgspec.structs.replace(
        _base_run(seat, answered.device, ok=answered.ok or cancelled),
        prompt_tokens=_count(known["prompt_tokens"]),
        completion_tokens=completion,
        latency_ms=latency_ms,
        ttft_ms=known["ttft_ms"],
        tok_s=None
        if cancelled
        else speed_of(known["tok_s"], completion, latency_ms, known["ttft_ms"]),
        prompt_preview=preview,
        conditions=answered.conditions,
        extra=_extra(answered, marks) | ({CANCELLED: 1.0} if cancelled else {}),
    )


def conditions_of(frame: Up) -> dict[str, str]:
    """Under what a device says that it answered, as runs keep it: the good ones of what it says."""
    return joined_conditions({}, sift_conditions(frame.conditions)[0])[0]


def metrics_of(frame: Up) -> dict[str, float | None]:
    """What a device says that it measured, as a job's result may have it; what no run can have
    counts as not measured.
    """
    said = frame.metrics or {}
    return {name: value if _is_measured(name, value) else None for name, value in said.items()}


def _is_measured(name: str, value: float | None) -> bool:
    most = MAX_TOKENS if name in _COUNTS else sys.float_info.max
    return value is not None and 0 <= value <= most


def abandoned_run(seat: Seat) -> Run:
    """The run of a call whose function died after a device began."""
    return _base_run(seat, seat.device, ok=False)


def record(segments: SegmentLog, seat: Seat, run: Run) -> None:
    """Write the run; again changes nothing. Raises Unavailable."""
    segments.append(seat.user_id, "", [], [run], segment_id=_segment_id(seat), repeatable=True)


def _base_run(seat: Seat, device: str | None, *, ok: bool) -> Run:
    segment = _segment_id(seat)
    return Run(
        run_id=run_id_of(segment, 0),
        ts_us=seat.started_us,
        device=device,
        model=seat.model,
        tag=seat.tag,
        tenant=seat.tenant,
        ok=ok,
        source_kind="gateway",
        batch_id=batch_id_of(segment),
    )


def _segment_id(seat: Seat) -> str:
    return ids.repeatable_ulid(seat.started_us, seat.ask_id)


def _extra(answered: Answered, marks: Marks) -> dict[str, float]:
    found = {GATEWAY_OVERHEAD: answered.phases.gateway_ms + answered.phases.network_ms}
    if marks.first_heard is not None:
        found[GATEWAY_TTFT] = (marks.first_heard - marks.arrived) * 1000
    return {label: round(value, 3) for label, value in found.items()}


def _count(value: float | None) -> int | None:
    return None if value is None else round(value)
