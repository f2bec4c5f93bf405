"""Answers of the llama.cpp server with `timings`, of its own API and its OpenAI-like one.

`prompt_n` counts evaluated prompt tokens, `cache_n` those that were cached. What the
request waited for a slot is not in the timings, so latency and first token are without it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions, quant_of
from shared.imports.format import EVENT_STREAM, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.imports.streams import is_finished
from shared.runs import MIN_TOKENS_OF_A_SPEED, read_amount, read_count

_FIELDS = frozenset({"prompt_n", "prompt_ms", "predicted_n", "predicted_ms"})
_NATIVE = frozenset({"tokens_predicted", "tokens_evaluated", "id_slot", "tokens"})


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is an answer, or a chunk of one."""
    timings = members.get("timings")
    if isinstance(timings, Mapping):
        return not timings.keys().isdisjoint(_FIELDS)
    return _is_native_chunk(members)


def _is_passed_over(members: Mapping[str, Any]) -> bool:
    """Whether it is a chunk before the final one; one with an id was joined with the others."""
    if members.get("object") == "chat.completion.chunk":
        return not members.get("id") and not is_finished(members)
    return _is_native_chunk(members)


def _is_native_chunk(members: Mapping[str, Any]) -> bool:
    return (
        members.get("stop") is False
        and "content" in members
        and not members.keys().isdisjoint(_NATIVE)
    )


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused."""
    if members.get("object") == "chat.completion.chunk" and not is_finished(members):
        raise RowRefused("", "incomplete", "the stream has no end: no chunk has a finish_reason")
    timings = members["timings"]
    evaluated, cached, generated = (
        read(timings, name, read_count) for name in ("prompt_n", "cache_n", "predicted_n")
    )
    prefill, decode = (read(timings, name, read_amount) for name in ("prompt_ms", "predicted_ms"))
    if _is_untimed(timings):
        decode = None
    ts = {"ts": members["created"]} if "created" in members else {}
    both = prefill is not None and decode is not None
    yield {
        **ts,
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": None if evaluated is None else evaluated + (cached or 0),
        "completion_tokens": generated,
        "latency_ms": (prefill or 0.0) + (decode or 0.0) if both else None,
        # What generated nothing had no first token.
        "ttft_ms": None if generated == 0 else prefill,
        "tok_s": None if _is_untimed(timings) else timings.get("predicted_per_second"),
        "extra": {
            "prefill_ms": prefill,
            "decode_ms": decode,
            "prefill_tps": timings.get("prompt_per_second"),
            "cached_tokens": cached,
            "draft_n": timings.get("draft_n"),
            "draft_n_accepted": timings.get("draft_n_accepted"),
        },
        "conditions": known_conditions(
            {
                "runtime": "llama.cpp",
                "build": members.get("system_fingerprint"),
                "quant": quant_of(members.get("model")),
                "cached_tokens": cached,
            }
        ),
    }


def _is_untimed(timings: Mapping[str, Any]) -> bool:
    """Whether several tokens took no time, as some versions say of speculative decoding
    (https://github.com/ggml-org/llama.cpp/pull/17808).
    """
    several = (read(timings, "predicted_n", read_count) or 0) >= MIN_TOKENS_OF_A_SPEED
    return several and timings.get("predicted_ms") == 0


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an answer."""
    timings = members["timings"]
    if _is_untimed(timings):
        yield "predicted_ms", "ignored: several tokens do not take no time"
    if {"prompt_ms", "predicted_ms"} <= timings.keys():
        yield "latency_ms", "prompt_ms + predicted_ms: without the time in the server's queue"
    if "prompt_ms" in timings:
        yield "ttft_ms", "estimated: prompt_ms"
    if "predicted_per_second" in timings:
        yield "tok_s", "predicted_per_second"
    if "created" in members:
        yield "created", "ts"


FORMAT = Format(
    name="llama.cpp",
    title="Answers of the llama.cpp server, streamed or not",
    media_types=(JSON, LINES, EVENT_STREAM),
    told_by="timings with prompt_n, prompt_ms, predicted_n or predicted_ms",
    sources=(
        Source("created", "ts", "epoch s"),
        Source("model", "model"),
        Source("timings.prompt_n + cache_n", "prompt_tokens", "tokens"),
        Source("timings.predicted_n", "completion_tokens", "tokens"),
        Source("timings.prompt_ms + predicted_ms", "latency_ms", "ms"),
        Source("timings.prompt_ms", "ttft_ms", "ms"),
        Source("timings.predicted_per_second", "tok_s", "tokens/s"),
        Source("timings.prompt_ms", "extra prefill_ms", "ms"),
        Source("timings.predicted_ms", "extra decode_ms", "ms"),
        Source("timings.prompt_per_second", "extra prefill_tps", "tokens/s"),
        Source("timings.cache_n", "extra cached_tokens", "tokens"),
        Source("system_fingerprint", "condition build"),
        Source("model where it ends with one", "condition quant"),
        Source("timings.cache_n", "condition cached_tokens", "tokens"),
        Source("timings.draft_n, draft_n_accepted", "extra draft_n, draft_n_accepted", "tokens"),
    ),
    dropped=("what was said", "chunks before the last one of an answer"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    is_passed_over=_is_passed_over,
)
