"""What ExecuTorch's LLM runner prints after `PyTorchObserver`, without that word.

Members: https://github.com/pytorch/executorch/blob/main/extension/llm/runner/stats.h. Times
are milliseconds since the epoch, on the device's clock; a first token is counted from the
beginning of the inference, without the load of the model.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import JSON, LINES, TEXT, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import derived_tok_s, read_amount, read_count

_MOMENTS = frozenset(
    {"model_load_start_ms", "model_load_end_ms", "inference_start_ms", "inference_end_ms"}
    | {"prompt_eval_end_ms", "first_token_ms"}
)
# Fewer could be a column of anybody's table.
_FEWEST_MOMENTS = 2


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether ExecuTorch wrote it."""
    return len(_MOMENTS & members.keys()) >= _FEWEST_MOMENTS


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The inference as a row. Raises RowRefused."""
    if members.get("inference_start_ms") is None:
        raise RowRefused("inference_start_ms", "time_missing", "inference_start_ms is missing")
    generated = read(members, "generated_tokens", read_count)
    latency = _between(members, "inference_start_ms", "inference_end_ms")
    ttft = _between(members, "inference_start_ms", "first_token_ms")
    yield {
        "ts": members["inference_start_ms"],
        "run_id": record_id(members),
        "prompt_tokens": read(members, "prompt_tokens", read_count),
        "completion_tokens": generated,
        "latency_ms": latency,
        "ttft_ms": ttft,
        "tok_s": derived_tok_s(generated, latency, ttft),
        "extra": {
            "load_ms": _between(members, "model_load_start_ms", "model_load_end_ms"),
            "prefill_ms": _between(members, "inference_start_ms", "prompt_eval_end_ms"),
        },
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of an inference."""
    yield "inference_start_ms", "ts"
    yield "inference_end_ms", "latency_ms: inference_end_ms - inference_start_ms"
    if "first_token_ms" in members:
        yield "first_token_ms", "ttft_ms: first_token_ms - inference_start_ms"


def _between(members: Mapping[str, Any], first: str, last: str) -> float | None:
    begun, ended = (read(members, name, read_amount) for name in (first, last))
    if begun is None or ended is None:
        return None
    if ended < begun:
        raise RowRefused(last, "out_of_range", f"{last} is before {first}")
    return ended - begun


FORMAT = Format(
    name="executorch",
    title="PyTorchObserver lines of ExecuTorch's LLM runner",
    media_types=(TEXT, JSON, LINES),
    told_by="two of inference_start_ms, inference_end_ms, first_token_ms, and the like",
    sources=(
        Source("inference_start_ms", "ts", "epoch ms"),
        Source("prompt_tokens", "prompt_tokens", "tokens"),
        Source("generated_tokens", "completion_tokens", "tokens"),
        Source("inference_end_ms - inference_start_ms", "latency_ms", "ms"),
        Source("first_token_ms - inference_start_ms", "ttft_ms", "ms"),
        Source("model_load_end_ms - model_load_start_ms", "extra load_ms", "ms"),
        Source("prompt_eval_end_ms - inference_start_ms", "extra prefill_ms", "ms"),
    ),
    dropped=("aggregate_sampling_time_ms", "other lines of the log"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
