"""Observations of Langfuse: those of the type GENERATION are runs.

https://langfuse.com/docs/observability
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import between_ms
from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"traceId", "startTime", "type"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if members["type"] != "GENERATION":
        raise RowRefused("type", "nothing_measured", "only a GENERATION is a run")
    usage = members.get("usageDetails") or members.get("usage") or {}
    if not isinstance(usage, Mapping):
        raise RowRefused("usageDetails", "not_an_object", "usageDetails maps kinds to counts")
    yield {
        "ts": members["startTime"],
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": read(usage, "input", read_count),
        "completion_tokens": read(usage, "output", read_count),
        "latency_ms": between_ms(members, "startTime", "endTime"),
        "ttft_ms": between_ms(members, "startTime", "completionStartTime"),
        "ok": members.get("level") != "ERROR",
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "startTime", "ts"
    if "endTime" in members:
        yield "endTime", "latency_ms: endTime - startTime"
    if members.get("completionStartTime") is not None:
        yield "completionStartTime", "ttft_ms: completionStartTime - startTime"


FORMAT = Format(
    name="langfuse",
    title="Langfuse observations",
    told_by="traceId, startTime and type",
    sources=(
        Source("startTime", "ts", "ISO 8601 or epoch"),
        Source("model", "model"),
        Source("usageDetails.input, else usage.input", "prompt_tokens", "tokens"),
        Source("usageDetails.output, else usage.output", "completion_tokens", "tokens"),
        Source("endTime - startTime", "latency_ms", "ms"),
        Source("completionStartTime - startTime", "ttft_ms", "ms"),
        Source("level", "ok"),
    ),
    dropped=("observations that are no GENERATION: refused", "names, parameters, input, output"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
