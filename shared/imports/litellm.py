"""LiteLLM's spend logs: when a request began, ended, and when its first token came.

https://docs.litellm.ai/docs/proxy/spend_tracking
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import between_ms
from shared.imports.format import CSV, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import read
from shared.runs import read_amount

_FAILED = frozenset({"failure", "error"})


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"startTime", "endTime", "call_type", "request_id"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    failed = str(members.get("status")).lower() in _FAILED
    took = read(members, "request_duration_ms", read_amount)
    yield {
        "ts": members["startTime"],
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": members.get("prompt_tokens"),
        "completion_tokens": members.get("completion_tokens"),
        "latency_ms": between_ms(members, "startTime", "endTime") if took is None else took,
        "ttft_ms": between_ms(members, "startTime", "completionStartTime"),
        "ok": not failed,
        "extra": {"spend": members.get("spend")},
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "startTime", "ts"
    if "request_duration_ms" in members:
        yield "request_duration_ms", "latency_ms"
    else:
        yield "endTime", "latency_ms: endTime - startTime"
    if members.get("completionStartTime") is not None:
        yield "completionStartTime", "ttft_ms: completionStartTime - startTime"


FORMAT = Format(
    name="litellm",
    title="LiteLLM spend logs",
    media_types=(JSON, LINES, CSV),
    told_by="startTime, endTime, call_type and request_id",
    sources=(
        Source("startTime", "ts", "ISO 8601 or epoch"),
        Source("model", "model"),
        Source("prompt_tokens", "prompt_tokens", "tokens"),
        Source("completion_tokens", "completion_tokens", "tokens"),
        Source("request_duration_ms, else endTime - startTime", "latency_ms", "ms"),
        Source("completionStartTime - startTime", "ttft_ms", "ms"),
        Source("status", "ok"),
        Source("spend", "extra spend", "dollars"),
    ),
    dropped=("users, keys, teams, metadata, messages and caches",),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
