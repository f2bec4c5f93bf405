"""Messages of Anthropic's API: tokens only (https://docs.anthropic.com/en/api/messages).

`input_tokens` are those that were neither read from nor written to the cache.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import EVENT_STREAM, JSON, LINES, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_count

_CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a message."""
    return members.get("type") == "message" and isinstance(members.get("usage"), Mapping)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The message as a row. Raises RowRefused."""
    if "stop_reason" in members and members["stop_reason"] is None:
        raise RowRefused("", "incomplete", "the message has no end: stop_reason is null")
    usage = members["usage"]
    read_from_cache, written = (read(usage, name, read_count) for name in _CACHED)
    sent = read(usage, "input_tokens", read_count)
    yield {
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": None if sent is None else sent + (read_from_cache or 0) + (written or 0),
        "completion_tokens": read(usage, "output_tokens", read_count),
        "extra": {"cached_tokens": read_from_cache},
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a message."""
    if any(members["usage"].get(name) for name in _CACHED):
        yield "prompt_tokens", "input_tokens with those of the cache"


FORMAT = Format(
    name="anthropic",
    title="Messages of Anthropic's API, streamed or not",
    media_types=(JSON, LINES, EVENT_STREAM),
    told_by="type: message with usage",
    sources=(
        Source("model", "model"),
        Source("usage.input_tokens with those of the cache", "prompt_tokens", "tokens"),
        Source("usage.output_tokens", "completion_tokens", "tokens"),
        Source("usage.cache_read_input_tokens", "extra cached_tokens", "tokens"),
    ),
    dropped=("what was said", "no time is in a message: it is that of the import"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
