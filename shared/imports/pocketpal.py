"""Benchmarks of PocketPal (https://github.com/a-ghorbani/pocketpal-ai): a prompt and a generation.

Both numbers are means over `config.nr` repetitions, in tokens a second.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions, quant_of
from shared.imports.durations import mapping_in
from shared.imports.format import Format, Source
from shared.imports.identity import record_id
from shared.imports.members import read
from shared.runs import read_amount, read_count


def _is_record(members: Mapping[str, Any]) -> bool:
    return {"ppAvg", "tgAvg", "config"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    config = mapping_in(members, "config")
    prompt, generated, parallel = (read(config, name, read_count) for name in ("pp", "tg", "pl"))
    ts = {"ts": members["timestamp"]} if "timestamp" in members else {}
    same = {**ts, "model": members.get("modelName"), "conditions": _conditions(members)}
    sequences = f" pl{parallel}" if parallel not in (None, 1) else ""
    yield {
        "run_id": record_id(members, 0),
        **same,
        "tag": f"pp{prompt}{sequences}",
        "prompt_tokens": prompt,
        "extra": {
            "prefill_tps": read(members, "ppAvg", read_amount),
            "stddev_ts": read(members, "ppStd", read_amount),
        },
    }
    speed = read(members, "tgAvg", read_amount)
    yield {
        "run_id": record_id(members, 1),
        **same,
        "tag": f"tg{generated}{sequences}",
        "completion_tokens": generated,
        "tok_s": None if sequences else speed,
        "extra": {
            "combined_tps": speed if sequences else None,
            "stddev_ts": read(members, "tgStd", read_amount),
        },
    }


def _conditions(members: Mapping[str, Any]) -> dict[str, Any]:
    settings = mapping_in(members, "initSettings")
    return known_conditions(
        {
            "runtime": "llama.rn",
            "quant": quant_of(members.get("modelName")),
            "context": settings.get("n_ctx", settings.get("n_context")),
            "threads": settings.get("n_threads"),
            "type_k": settings.get("cache_type_k"),
            "type_v": settings.get("cache_type_v"),
            "flash_attn": settings.get("flash_attn"),
        }
    )


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "config", "tag: one run for the prompt, one for the generation, both means"
    if "timestamp" in members:
        yield "timestamp", "ts"


FORMAT = Format(
    name="pocketpal",
    title="PocketPal benchmarks: one run for the prompt, one for the generation",
    told_by="ppAvg, tgAvg and config",
    sources=(
        Source("timestamp", "ts", "ISO 8601"),
        Source("modelName", "model"),
        Source("initSettings", "conditions context, threads, type_k, type_v, flash_attn"),
        Source("modelName where it ends with one", "condition quant"),
        Source("config.pp, config.tg, config.pl", "tag"),
        Source("config.pp", "prompt_tokens", "tokens"),
        Source("config.tg", "completion_tokens", "tokens"),
        Source("tgAvg of one sequence", "tok_s", "tokens/s"),
        Source("tgAvg of several", "extra combined_tps", "tokens/s"),
        Source("ppAvg", "extra prefill_tps", "tokens/s"),
        Source("ppStd, tgStd", "extra stddev_ts", "tokens/s"),
    ),
    dropped=("the model's size and description", "peakMemoryUsage, wallTimeMs: of both together"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
