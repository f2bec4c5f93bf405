"""Single requests of AIPerf, `profile_export.jsonl` (https://github.com/ai-dynamo/aiperf).

Its metrics bring their units; the beginning is in nanoseconds since the epoch.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

_TO_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether AIPerf wrote it."""
    about = members.get("metadata")
    return isinstance(about, Mapping) and "metrics" in members and "request_start_ns" in about


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The request as a row. Raises RowRefused."""
    about, metrics = members["metadata"], members["metrics"] or {}
    if about.get("was_cancelled"):
        raise RowRefused("", "incomplete", "the request was cancelled")
    if not isinstance(metrics, Mapping):
        raise RowRefused("metrics", "not_an_object", "metrics maps names to values")
    warmup = about.get("benchmark_phase") == "warmup"
    yield {
        "ts": about["request_start_ns"],
        "run_id": record_id(members),
        "model": about.get("model"),
        "tag": "warmup" if warmup else None,
        "prompt_tokens": _value(metrics, "input_sequence_length", read_count),
        "completion_tokens": _value(metrics, "output_sequence_length", read_count),
        "latency_ms": _ms(metrics, "request_latency"),
        "ttft_ms": _ms(metrics, "time_to_first_token"),
        "ok": members.get("error") is None,
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a request."""
    yield "request_start_ns", "ts"
    if members["metadata"].get("benchmark_phase") == "warmup":
        yield "benchmark_phase", "tag warmup"


def _value(metrics: Mapping[str, Any], name: str, of: Any) -> Any:
    found = metrics.get(name)
    return read(found, "value", of) if isinstance(found, Mapping) else None


def _ms(metrics: Mapping[str, Any], name: str) -> float | None:
    value = _value(metrics, name, read_amount)
    if value is None:
        return None
    unit = metrics[name].get("unit", "ms")
    unit = unit if isinstance(unit, str) else ""
    if unit not in _TO_MS:
        raise RowRefused(f"metrics/{name}", "unit_unknown", f"{name} is in {unit[:40]!r}")
    return float(value * _TO_MS[unit])


FORMAT = Format(
    name="aiperf",
    title="AIPerf profile_export.jsonl",
    told_by="metadata.request_start_ns and metrics",
    sources=(
        Source("metadata.request_start_ns", "ts", "epoch ns"),
        Source("metadata.model", "model"),
        Source("metadata.benchmark_phase: warmup", "tag"),
        Source("metrics.input_sequence_length", "prompt_tokens", "tokens"),
        Source("metrics.output_sequence_length", "completion_tokens", "tokens"),
        Source("metrics.request_latency", "latency_ms", "as its unit says"),
        Source("metrics.time_to_first_token", "ttft_ms", "as its unit says"),
        Source("error", "ok"),
    ),
    dropped=("other metrics", "cancelled requests: refused as incomplete"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
