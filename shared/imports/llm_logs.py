"""Prompts that `llm logs --json` lists, with how long each took.

https://llm.datasette.io/en/stable/logging.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import read
from shared.runs import read_amount, read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"datetime_utc", "duration_ms", "conversation_id"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {
        "ts": members["datetime_utc"],
        "run_id": record_id(members),
        "model": members.get("model"),
        "prompt_tokens": read(members, "input_tokens", read_count),
        "completion_tokens": read(members, "output_tokens", read_count),
        "latency_ms": read(members, "duration_ms", read_amount),
    }


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "datetime_utc", "ts"


FORMAT = Format(
    name="llm",
    title="llm logs --json",
    told_by="datetime_utc, duration_ms and conversation_id",
    sources=(
        Source("datetime_utc", "ts", "ISO 8601, UTC"),
        Source("model", "model"),
        Source("input_tokens", "prompt_tokens", "tokens"),
        Source("output_tokens", "completion_tokens", "tokens"),
        Source("duration_ms", "latency_ms", "ms"),
    ),
    dropped=("prompts, responses, conversations and options",),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
