"""Answers of LM Studio's own API, `/api/v1/chat`, whole or as a stream of events.

`stats` has its times in seconds; the last event of a stream, `chat.end`, brings the whole answer
(https://lmstudio.ai/docs/developer/rest/chat, …/streaming-events). It says neither when the
answer was made nor how long it took as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import mapping_in, seconds_as_ms
from shared.imports.format import EVENT_STREAM, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.imports.streams import LMSTUDIO_END, is_lmstudio_event
from shared.runs import read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is an answer, or an event of one."""
    return is_lmstudio_event(members) or (
        "model_instance_id" in members and isinstance(members.get("stats"), Mapping)
    )


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as a row. Raises RowRefused."""
    if is_lmstudio_event(members) and members["type"] != LMSTUDIO_END:
        raise RowRefused("", "incomplete", "the stream has no end: its event chat.end is missing")
    answer = _answer(members)
    stats = mapping_in(answer, "stats")
    yield {
        "run_id": record_id(answer),
        "model": answer.get("model_instance_id"),
        "prompt_tokens": read(stats, "input_tokens", read_count),
        "completion_tokens": read(stats, "total_output_tokens", read_count),
        "ttft_ms": seconds_as_ms(stats, "time_to_first_token_seconds"),
        "tok_s": stats.get("tokens_per_second"),
        "extra": {
            "load_ms": seconds_as_ms(stats, "model_load_time_seconds"),
            "reasoning_tokens": read(stats, "reasoning_output_tokens", read_count),
        },
    }


def _answer(members: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping_in(members, "result") if is_lmstudio_event(members) else members


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an answer."""
    if "model_instance_id" in _answer(members):
        yield "model_instance_id", "model"


FORMAT = Format(
    name="lmstudio",
    title="Answers of LM Studio's own API, /api/v1/chat, streamed or not",
    media_types=(JSON, LINES, EVENT_STREAM),
    told_by="model_instance_id with stats, or an event of type chat.end",
    sources=(
        Source("model_instance_id", "model"),
        Source("stats.input_tokens", "prompt_tokens", "tokens"),
        Source("stats.total_output_tokens", "completion_tokens", "tokens"),
        Source("stats.time_to_first_token_seconds", "ttft_ms", "s"),
        Source("stats.tokens_per_second", "tok_s", "tokens/s"),
        Source("stats.model_load_time_seconds", "extra load_ms", "s"),
        Source("stats.reasoning_output_tokens", "extra reasoning_tokens", "tokens"),
    ),
    dropped=("what was said", "events before chat.end", "no time is in an answer"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
