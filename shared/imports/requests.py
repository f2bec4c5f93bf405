"""Logs of single requests: LiteLLM's spend logs, Langfuse's observations, `llm logs --json`.

LiteLLM (https://docs.litellm.ai/docs/proxy/spend_tracking) and Langfuse
(https://langfuse.com/docs/observability) say when a request began, ended, and when the first
token came; `llm` (https://llm.datasette.io/en/stable/logging.html) says how long it took.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared import clock
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

LITELLM, LANGFUSE, LLM = "litellm", "langfuse", "llm"
_US_PER_MS = 1000
_FAILED = frozenset({"failure", "error"})


def is_litellm(members: Mapping[str, Any]) -> bool:
    """Whether LiteLLM wrote it."""
    return {"startTime", "endTime", "call_type", "request_id"} <= members.keys()


def is_langfuse(members: Mapping[str, Any]) -> bool:
    """Whether it is an observation of Langfuse."""
    return {"traceId", "startTime", "type"} <= members.keys()


def is_llm(members: Mapping[str, Any]) -> bool:
    """Whether `llm logs` wrote it."""
    return {"datetime_utc", "duration_ms", "conversation_id"} <= members.keys()


def litellm_rows(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A request as a row. Raises RowRefused."""
    failed = str(members.get("status")).lower() in _FAILED
    took = read(members, "request_duration_ms", read_amount)
    yield {
        **_times(members),
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": members.get("prompt_tokens"),
        "completion_tokens": members.get("completion_tokens"),
        "latency_ms": _between(members, "startTime", "endTime") if took is None else took,
        "ttft_ms": _between(members, "startTime", "completionStartTime"),
        "ok": not failed,
        "extra": {"spend": members.get("spend")},
    }


def langfuse_rows(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """An observation as a row; what is no generation is no run. Raises RowRefused."""
    if members["type"] != "GENERATION":
        raise RowRefused("type", "nothing_measured", "only a GENERATION is a run")
    usage = members.get("usageDetails") or members.get("usage") or {}
    if not isinstance(usage, Mapping):
        raise RowRefused("usageDetails", "not_an_object", "usageDetails maps kinds to counts")
    yield {
        **_times(members),
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": read(usage, "input", read_count),
        "completion_tokens": read(usage, "output", read_count),
        "latency_ms": _between(members, "startTime", "endTime"),
        "ttft_ms": _between(members, "startTime", "completionStartTime"),
        "ok": members.get("level") != "ERROR",
    }


def llm_rows(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A logged prompt as a row. Raises RowRefused."""
    yield {
        "ts": members["datetime_utc"],
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": read(members, "input_tokens", read_count),
        "completion_tokens": read(members, "output_tokens", read_count),
        "latency_ms": read(members, "duration_ms", read_amount),
    }


def notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a request."""
    if "datetime_utc" in members:
        yield "datetime_utc", "ts"
        return
    yield "startTime", "ts"
    if "request_duration_ms" in members:
        yield "request_duration_ms", "latency_ms"
    elif "endTime" in members:
        yield "endTime", "latency_ms: endTime - startTime"
    if members.get("completionStartTime") is not None:
        yield "completionStartTime", "ttft_ms: completionStartTime - startTime"


def _times(members: Mapping[str, Any]) -> dict[str, Any]:
    return {"ts": members["startTime"]}


def _between(members: Mapping[str, Any], first: str, last: str) -> float | None:
    """Milliseconds from one time to another, None where one is missing or they are turned."""
    if members.get(first) is None or members.get(last) is None:
        return None
    try:
        us = clock.read_time(members[last]) - clock.read_time(members[first])
    except clock.UnreadableTime as exc:
        raise RowRefused(last, "time_unreadable", f"{first} or {last}: {exc}") from exc
    return us / _US_PER_MS if us >= 0 else None
