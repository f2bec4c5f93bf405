"""llama-batched-bench and llama-sweep-bench (JSON lines): times in seconds.

Fields: https://github.com/ggml-org/llama.cpp/tree/master/tools/batched-bench. `pl` sequences
run at once, so `speed_tg` is their common speed: a run's own is only known for one sequence.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions
from shared.imports.format import Format, Source
from shared.imports.members import read
from shared.runs import read_amount, read_count, read_number

_CONFIGURATION = ("n_kv", "n_batch", "n_ubatch", "n_gpu_layers", "n_threads")


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether one of the two wrote it."""
    return {"pp", "tg", "n_kv", "speed_pp", "speed_tg"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A line as a row; without an id, as two equal lines are two tests. Raises RowRefused."""
    prompt, generated, parallel = (read(members, name, read_count) for name in ("pp", "tg", "pl"))
    decode, speed = (read(members, name, read_amount) for name in ("t_tg", "speed_tg"))
    alone = parallel in (None, 1)
    configuration = {name: read(members, name, read_number) for name in _CONFIGURATION}
    prefill = read(members, "t_pp", read_amount)
    flash = " fa=1" if members.get("flash_attn") in (1, True) else ""
    yield {
        "tag": f"pp{prompt}+tg{generated} pl{parallel or 1}{flash}",
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "tok_s": speed if alone else None,
        "extra": {
            "prefill_ms": None if prefill is None else prefill * 1000,
            "decode_ms": None if decode is None else decode * 1000,
            "prefill_tps": read(members, "speed_pp", read_amount),
            "combined_tps": None if alone else speed,
            "parallel": parallel,
            **configuration,
        },
        "conditions": known_conditions(
            {
                "runtime": "llama.cpp",
                "threads": members.get("n_threads"),
                "context": members.get("n_kv_max"),
                "flash_attn": members.get("flash_attn"),
            }
        ),
    }


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a line."""
    yield "pp", "tag, with tg and pl: the name of the test"
    if members.get("pl") not in (None, 1):
        yield "speed_tg", "extra combined_tps: the speed of all sequences together"


FORMAT = Format(
    name="llama-batched-bench",
    title="llama-batched-bench and llama-sweep-bench",
    told_by="pp, tg, n_kv, speed_pp and speed_tg",
    sources=(
        Source("pp, tg, pl, flash_attn", "tag"),
        Source("pp", "prompt_tokens", "tokens"),
        Source("tg", "completion_tokens", "tokens"),
        Source("speed_tg of one sequence", "tok_s", "tokens/s"),
        Source("speed_tg of several", "extra combined_tps", "tokens/s"),
        Source("t_pp, t_tg", "extra prefill_ms, decode_ms", "s"),
        Source("speed_pp", "extra prefill_tps", "tokens/s"),
        Source("pl", "extra parallel"),
        *(Source(name, f"extra {name}") for name in _CONFIGURATION),
        Source("n_threads, n_kv_max, flash_attn", "conditions threads, context, flash_attn"),
    ),
    dropped=("t, speed: of prompt and generation together", "no time and no model are in a line"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
