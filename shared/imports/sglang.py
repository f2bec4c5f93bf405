"""Answers of SGLang's own `/generate`, streamed or not: `meta_info` says what was measured.

`e2e_latency` is in seconds, moments in seconds since the epoch
(https://docs.sglang.io/docs/basic_usage/native_api). `decode_throughput` counts from when the
server handed results over, which in an answer that is not streamed is once, so it is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import between_ms, mapping_in, seconds_as_ms
from shared.imports.format import EVENT_STREAM, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read, word
from shared.runs import read_count

_COUNTS = frozenset({"prompt_tokens", "completion_tokens"})
_CONTENT = frozenset({"text", "output_ids"})
# What the moment at which the prompt was read is called, by version.
_PREFILLED = ("prefill_finished_ts", "prefill_finished_time")


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is an answer, or a chunk of one."""
    counted = not _COUNTS.isdisjoint(mapping_in(members, "meta_info"))
    return counted and not _CONTENT.isdisjoint(members)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused."""
    about = members["meta_info"]
    received = about.get("request_received_ts")
    yield {
        **({} if received is None else {"ts": received}),
        "run_id": record_id(about),
        "prompt_tokens": read(about, "prompt_tokens", read_count),
        "completion_tokens": read(about, "completion_tokens", read_count),
        "latency_ms": seconds_as_ms(about, "e2e_latency"),
        "ttft_ms": _ttft(about),
        "ok": not _has_failed(about),
        "extra": {
            "cached_tokens": read(about, "cached_tokens", read_count),
            "queue_ms": seconds_as_ms(about, "queue_time"),
        },
    }


def _ttft(about: Mapping[str, Any]) -> float | None:
    name = next((name for name in _PREFILLED if about.get(name) is not None), _PREFILLED[0])
    return between_ms(about, "request_received_ts", name)


def _has_failed(about: Mapping[str, Any]) -> bool:
    """Whether the server gave up. Raises RowRefused for an answer that has no end, or that its
    reader did not want any more.
    """
    reason = about.get("finish_reason")
    if "finish_reason" in about and reason is None:
        raise RowRefused("", "incomplete", "the stream has no end: finish_reason is null")
    if not isinstance(reason, Mapping) or word(reason, "type") != "abort":
        return False
    if reason.get("status_code") is None:
        raise RowRefused("", "incomplete", "the request was aborted")
    return True


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an answer."""
    about = members["meta_info"]
    if about.get("request_received_ts") is not None:
        yield "request_received_ts", "ts"
    if about.get("e2e_latency") is not None:
        yield "e2e_latency", "latency_ms"
    if any(about.get(name) is not None for name in _PREFILLED):
        yield "ttft_ms", "estimated: the end of the prefill - request_received_ts"
    if about.get("decode_throughput") is not None:
        yield "decode_throughput", "ignored: it counts from when results were handed over"


FORMAT = Format(
    name="sglang",
    title="Answers of SGLang's /generate, streamed or not",
    media_types=(JSON, LINES, EVENT_STREAM),
    told_by="meta_info with prompt_tokens or completion_tokens, and text or output_ids",
    sources=(
        Source("meta_info.request_received_ts", "ts", "epoch s"),
        Source("meta_info.prompt_tokens", "prompt_tokens", "tokens"),
        Source("meta_info.completion_tokens", "completion_tokens", "tokens"),
        Source("meta_info.e2e_latency", "latency_ms", "s"),
        Source("meta_info.prefill_finished_ts - request_received_ts", "ttft_ms", "s"),
        Source("meta_info.finish_reason: abort with a status_code", "ok: false"),
        Source("meta_info.cached_tokens", "extra cached_tokens", "tokens"),
        Source("meta_info.queue_time", "extra queue_ms", "s"),
    ),
    dropped=("what was said", "decode_throughput", "no model is in an answer"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
