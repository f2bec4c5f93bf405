"""LLM metrics of LiveKit Agents (https://docs.livekit.io/agents/build/metrics/).

Node counts milliseconds in camel case, Python seconds in snake case.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import mapping_in, seconds_as_ms
from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    return members.get("type") == "llm_metrics" and "timestamp" in members


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if members.get("cancelled"):
        raise RowRefused("", "incomplete", "the request was cancelled")
    yield {
        "ts": members["timestamp"],
        "run_id": record_id(members),
        "model": _model(members),
        "tag": members.get("label"),
        "prompt_tokens": _count(members, "promptTokens", "prompt_tokens"),
        "completion_tokens": _count(members, "completionTokens", "completion_tokens"),
        "latency_ms": _ms(members, "durationMs", "duration"),
        "ttft_ms": _ms(members, "ttftMs", "ttft"),
        "extra": {"cached_tokens": _count(members, "promptCachedTokens", "prompt_cached_tokens")},
    }


def _model(members: Mapping[str, Any]) -> Any:
    about = mapping_in(members, "metadata")
    return about.get("modelName", about.get("model_name"))


def _count(members: Mapping[str, Any], *names: str) -> int | None:
    found = (read(members, name, read_count) for name in names)
    return next((count for count in found if count is not None), None)


def _ms(members: Mapping[str, Any], milliseconds: str, seconds: str) -> float | None:
    """A duration; LiveKit says -1 where there was none."""
    if members.get(milliseconds, members.get(seconds)) == -1:
        return None
    said = read(members, milliseconds, read_amount)
    return seconds_as_ms(members, seconds) if said is None else said


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "timestamp", "ts"
    yield "label", "tag"


FORMAT = Format(
    name="livekit",
    title="LLM metrics of LiveKit Agents",
    told_by="type: llm_metrics with timestamp",
    sources=(
        Source("timestamp", "ts", "epoch ms or s"),
        Source("metadata.modelName, else metadata.model_name", "model"),
        Source("label", "tag"),
        Source("promptTokens, else prompt_tokens", "prompt_tokens", "tokens"),
        Source("completionTokens, else completion_tokens", "completion_tokens", "tokens"),
        Source("durationMs (ms), else duration (s)", "latency_ms", "ms or s"),
        Source("ttftMs (ms), else ttft (s)", "ttft_ms", "ms or s"),
        Source("promptCachedTokens, else prompt_cached_tokens", "extra cached_tokens", "tokens"),
    ),
    dropped=("tokensPerSecond: with the first token in it", "cancelled: refused as incomplete"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
