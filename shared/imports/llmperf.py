"""Single requests of LLMPerf, `…individual_responses.json` (https://github.com/ray-project/llmperf).

Times are in seconds. A request that failed has zeros, which measured nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.durations import seconds_as_ms
from shared.imports.format import Format, Source
from shared.imports.members import read
from shared.runs import read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"ttft_s", "end_to_end_latency_s", "number_output_tokens"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A request as a row; without an id, as it has neither a time nor a name."""
    if members.get("error_code") is not None:
        yield {"ok": False}
        return
    yield {
        "prompt_tokens": read(members, "number_input_tokens", read_count),
        "completion_tokens": read(members, "number_output_tokens", read_count),
        "latency_ms": seconds_as_ms(members, "end_to_end_latency_s"),
        "ttft_ms": seconds_as_ms(members, "ttft_s"),
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if members.get("error_code") is None:
        yield "end_to_end_latency_s", "latency_ms"
        yield "ttft_s", "ttft_ms"
    else:
        yield "error_code", "ok: false"


FORMAT = Format(
    name="llmperf",
    title="LLMPerf individual responses",
    told_by="ttft_s, end_to_end_latency_s and number_output_tokens",
    sources=(
        Source("number_input_tokens", "prompt_tokens", "tokens"),
        Source("number_output_tokens", "completion_tokens", "tokens"),
        Source("end_to_end_latency_s", "latency_ms", "s"),
        Source("ttft_s", "ttft_ms", "s"),
        Source("error_code", "ok"),
    ),
    dropped=("the speed with the first token in it", "no time and no model are in a record"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
