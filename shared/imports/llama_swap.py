"""What llama-swap lists of its requests at `/api/metrics/activity`, formerly `/api/metrics`.

https://github.com/mostlygeek/llama-swap (internal/store): it counts a request when it ends; -1 is
what it does not know. Of llama.cpp its `input_tokens` are those that were evaluated, of other
servers all of the prompt; which of both it was is not in an entry.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import mapping_in
from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import is_bad_status, is_number, read
from shared.runs import read_amount, read_count

_COUNTS = frozenset({"input_tokens", "output_tokens", "tokens_per_second"})


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"timestamp", "model", "duration_ms"} <= members.keys() and (
        _tokens(members).keys() >= _COUNTS
    )


def _tokens(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the counts are: in newer versions in an object of their own."""
    return mapping_in(members, "tokens") or members


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    tokens = _tokens(members)
    # What it could not count is 0 in both.
    sent, made = (read(tokens, name, read_count) or 0 for name in ("input_tokens", "output_tokens"))
    counted = sent + made > 0
    yield {
        "ts": members["timestamp"],
        "run_id": record_id(members),
        "model": members["model"],
        "prompt_tokens": sent if counted else None,
        "completion_tokens": made if counted else None,
        "latency_ms": read(members, "duration_ms", read_amount),
        "tok_s": _known(tokens.get("tokens_per_second")) if made else None,
        "ok": not _has_failed(members),
        "extra": {
            "prefill_tps": _known(tokens.get("prompt_per_second")),
            "cached_tokens": _known(tokens.get("cache_tokens")),
            "draft_n": _known(tokens.get("draft_tokens")),
            "draft_n_accepted": _known(tokens.get("draft_acc_tokens")),
        },
    }


def _has_failed(members: Mapping[str, Any]) -> bool:
    return is_bad_status(members.get("resp_status_code")) or bool(members.get("error_msg"))


def _known(value: object) -> object:
    return None if is_number(value) and value == -1 else value


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "timestamp", "ts: the end of the request"
    yield "duration_ms", "latency_ms"
    yield "tokens_per_second", "tok_s"
    yield "input_tokens", "prompt_tokens: of llama.cpp without those that were cached"


FORMAT = Format(
    name="llama-swap",
    title="Requests that llama-swap lists at /api/metrics/activity (formerly /api/metrics)",
    told_by="timestamp, model, duration_ms, input_tokens, output_tokens and tokens_per_second",
    sources=(
        Source("timestamp", "ts", "ISO 8601"),
        Source("model", "model"),
        Source("input_tokens", "prompt_tokens", "tokens"),
        Source("output_tokens", "completion_tokens", "tokens"),
        Source("duration_ms", "latency_ms", "ms"),
        Source("tokens_per_second", "tok_s", "tokens/s"),
        Source("prompt_per_second", "extra prefill_tps", "tokens/s"),
        Source("cache_tokens", "extra cached_tokens", "tokens"),
        Source("draft_tokens, draft_acc_tokens", "extra draft_n, draft_n_accepted", "tokens"),
        Source("resp_status_code, error_msg", "ok"),
    ),
    dropped=("its number, and whether it kept the request", "-1, and 0 tokens in all: not known"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
