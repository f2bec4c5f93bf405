"""Answers of OpenAI-compatible servers: chat, completions and responses, streamed or not.

They count tokens; few say how long it took. LM Studio's `stats`, Groq's `usage` and Cerebras's
`time_info` are in seconds (https://lmstudio.ai/docs/app/api/endpoints/rest,
https://console.groq.com/docs/api-reference, https://inference-docs.cerebras.ai). DeepSeek counts
cached tokens as `prompt_cache_hit_tokens` (https://api-docs.deepseek.com/guides/kv_cache).
What LM Studio's `generation_time` includes is not documented, so it is no latency.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import EVENT_STREAM, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read, word
from shared.imports.streams import is_finished
from shared.runs import read_amount, read_count

_CHUNK = "chat.completion.chunk"
_OBJECTS = frozenset({_CHUNK, "chat.completion", "text_completion", "response"})
_UNFINISHED = frozenset({"in_progress", "queued", "cancelled"})


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is an answer, or a chunk of one."""
    return word(members, "object") in _OBJECTS and not isinstance(members.get("timings"), Mapping)


def _is_passed_over(members: Mapping[str, Any]) -> bool:
    """Whether it is a chunk that names no answer and measured nothing."""
    return members["object"] == _CHUNK and not members.get("id") and not _usage(members)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused."""
    _refuse_unfinished(members)
    usage, stats = _usage(members), _mapping(members, "stats")
    prompt, generated = (_count(usage, *names) for names in (_PROMPT, _GENERATED))
    timed = {**_mapping(members, "time_info"), **usage}
    total, prefill = _ms(timed, "total_time"), _ms(timed, "prompt_time")
    ttft = _ms(stats, "time_to_first_token")
    created = members.get("created", members.get("created_at"))
    yield {
        **({} if created is None else {"ts": created}),
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "latency_ms": total,
        "ttft_ms": prefill if ttft is None else ttft,
        "tok_s": stats.get("tokens_per_second"),
        "ok": members.get("status") != "failed",
        "extra": {
            "cached_tokens": _cached(usage),
            "generation_ms": _ms(stats, "generation_time"),
            "queue_ms": _ms(timed, "queue_time"),
            "decode_ms": _ms(timed, "completion_time"),
        },
    }


_PROMPT = ("prompt_tokens", "input_tokens")
_GENERATED = ("completion_tokens", "output_tokens")


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an answer."""
    for name in ("created", "created_at"):
        if name in members:
            yield name, "ts"
    if "prompt_time" in {**_mapping(members, "time_info"), **_usage(members)}:
        yield "ttft_ms", "estimated: prompt_time"
    if "generation_time" in _mapping(members, "stats"):
        yield "generation_time", "extra generation_ms: what it includes is not documented"


def _refuse_unfinished(members: Mapping[str, Any]) -> None:
    cut = members["object"] == _CHUNK and not (is_finished(members) or _usage(members))
    if cut or word(members, "status") in _UNFINISHED:
        raise RowRefused("", "incomplete", "the answer has no end: nothing says how many tokens")
    if not _usage(members) and members.get("status") != "failed":
        detail = (
            "the answer says neither tokens nor timings; ask the server for usage "
            '(`"stream_options": {"include_usage": true}`)'
        )
        raise RowRefused("", "nothing_measured", detail)


def _usage(members: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(members, "usage") or _mapping(_mapping(members, "x_groq"), "usage")


def _mapping(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = members.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(usage: Mapping[str, Any], *names: str) -> int | None:
    found = (read(usage, name, read_count) for name in names)
    return next((count for count in found if count is not None), None)


def _cached(usage: Mapping[str, Any]) -> int | None:
    details = (_mapping(usage, f"{kind}_tokens_details") for kind in ("prompt", "input"))
    found = next((read(each, "cached_tokens", read_count) for each in details if each), None)
    return read(usage, "prompt_cache_hit_tokens", read_count) if found is None else found


def _ms(members: Mapping[str, Any], name: str) -> float | None:
    seconds = read(members, name, read_amount)
    return None if seconds is None else seconds * 1000


FORMAT = Format(
    name="openai",
    title="Answers of OpenAI-compatible servers (chat, completions, responses; LM Studio, Groq)",
    media_types=(JSON, LINES, EVENT_STREAM),
    told_by="object: chat.completion, chat.completion.chunk, text_completion or response",
    sources=(
        Source("created, else created_at", "ts", "epoch s"),
        Source("model", "model"),
        Source("usage.prompt_tokens, else input_tokens", "prompt_tokens", "tokens"),
        Source("usage.completion_tokens, else output_tokens", "completion_tokens", "tokens"),
        Source("total_time in usage (Groq) or time_info (Cerebras)", "latency_ms", "s"),
        Source("stats.time_to_first_token (LM Studio), else prompt_time", "ttft_ms", "s"),
        Source("stats.tokens_per_second (LM Studio)", "tok_s", "tokens/s"),
        Source("status", "ok"),
        Source(
            "usage.…_tokens_details.cached_tokens, else prompt_cache_hit_tokens",
            "extra cached_tokens",
            "tokens",
        ),
        Source("stats.generation_time (LM Studio)", "extra generation_ms", "s"),
        Source("queue_time, completion_time, there too", "extra queue_ms, decode_ms", "s"),
    ),
    dropped=("what was said", "chunks before the last one of an answer"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    is_passed_over=_is_passed_over,
)
