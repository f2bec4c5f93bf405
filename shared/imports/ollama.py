"""Answers of Ollama's `/api/generate` and `/api/chat`: the final chunk of each.

Durations are in nanoseconds (https://docs.ollama.com/api/usage). The decode speed is
`eval_count / eval_duration`. Ollama does not say when the first token came: it is
estimated as load plus prompt evaluation. Cached prompt tokens took no time and do not
count in the prefill speed; older versions leave `prompt_eval_count` out when all were cached.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions, quant_of
from shared.imports.format import CSV, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import derived_tok_s, read_amount, read_count

_NS_PER_MS = 1e6
_MEASURED = frozenset(
    {"total_duration", "load_duration", "prompt_eval_count", "eval_count", "eval_duration"}
)
_ANSWERS = frozenset({"response", "message", "thinking"})


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is an answer, or a chunk of one."""
    return isinstance(members.get("done"), bool) and not members.keys().isdisjoint(
        _MEASURED | _ANSWERS
    )


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused for one that has no end."""
    if not members["done"]:
        raise RowRefused("", "incomplete", "the answer has no end: its last chunk has the counts")
    load, prefill, decode = (
        _ms(members, f"{phase}_duration") for phase in ("load", "prompt_eval", "eval")
    )
    total = _ms(members, "total_duration")
    if _is_longer(decode, total):
        decode = None
    prompt = read(members, "prompt_eval_count", read_count)
    cached = read(members, "prompt_eval_cached_count", read_count)
    generated = read(members, "eval_count", read_count)
    ts = {"ts": members["created_at"]} if "created_at" in members else {}
    evaluated = max(0, (prompt or 0) - (cached or 0)) or None
    yield {
        **ts,
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "latency_ms": total,
        "ttft_ms": None if prefill is None else (load or 0.0) + prefill,
        "tok_s": derived_tok_s(generated, decode, None),
        "extra": {
            "load_ms": load,
            "prefill_ms": prefill,
            "decode_ms": decode,
            "prefill_tps": derived_tok_s(evaluated, prefill, None),
            "cached_tokens": cached,
        },
        "conditions": known_conditions(
            {
                "runtime": "ollama",
                "quant": quant_of(members.get("model")),
                "cached_tokens": cached,
            }
        ),
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an answer."""
    if "prompt_eval_duration" in members:
        yield "ttft_ms", "estimated: load_duration + prompt_eval_duration"
    if _is_longer(_ms(members, "eval_duration"), _ms(members, "total_duration")):
        yield "eval_duration", "ignored: longer than total_duration"
    elif {"eval_count", "eval_duration"} <= members.keys():
        yield "tok_s", "eval_count / eval_duration"
    if "created_at" in members:
        yield "created_at", "ts"


def _is_longer(part: float | None, whole: float | None) -> bool:
    return part is not None and whole is not None and part > whole


def _ms(members: Mapping[str, Any], name: str) -> float | None:
    ns = read(members, name, read_amount)
    return None if ns is None else ns / _NS_PER_MS


FORMAT = Format(
    name="ollama",
    title="Answers of Ollama's /api/generate and /api/chat, streamed or not",
    media_types=(JSON, LINES, CSV),
    told_by="done with a duration, a count or an answer",
    sources=(
        Source("created_at", "ts", "ISO 8601"),
        Source("model", "model"),
        Source("prompt_eval_count", "prompt_tokens", "tokens"),
        Source("eval_count", "completion_tokens", "tokens"),
        Source("total_duration", "latency_ms", "ns"),
        Source("load_duration + prompt_eval_duration", "ttft_ms", "ns"),
        Source("eval_count / eval_duration", "tok_s", "tokens/ns"),
        Source("load_duration", "extra load_ms", "ns"),
        Source("prompt_eval_duration", "extra prefill_ms", "ns"),
        Source("eval_duration", "extra decode_ms", "ns"),
        Source("evaluated prompt tokens / prompt_eval_duration", "extra prefill_tps", "tokens/ns"),
        Source("prompt_eval_cached_count", "extra cached_tokens", "tokens"),
        Source("prompt_eval_cached_count", "condition cached_tokens", "tokens"),
        Source("model where it ends with one", "condition quant"),
    ),
    dropped=("what was said", "chunks before the last one", "an eval_duration above the total"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
