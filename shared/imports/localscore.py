"""Results of LocalScore (https://www.localscore.ai): one run for each of its tests.

A test's numbers are means of its repetitions; a result does not say when it was made.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions
from shared.imports.durations import mapping_in
from shared.imports.format import JSON, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

_MEMBERS = frozenset({"accelerator_info", "results_summary", "results"})


def is_localscore(members: Mapping[str, Any]) -> bool:
    """Whether LocalScore wrote it."""
    return members.keys() >= _MEMBERS


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    tests = members["results"]
    if not isinstance(tests, list) or not tests:
        raise RowRefused("results", "not_a_list", "results has at least one test")
    about, model = (mapping_in(members, name) for name in ("accelerator_info", "model_info"))
    same = {
        "model": model.get("name"),
        "device": about.get("name"),
        "conditions": _conditions(members, model, about),
    }
    for number, test in enumerate(tests):
        try:
            yield {"run_id": record_id(members, number), **same, **_test(test)}
        except RowRefused as exc:
            yield exc.inside(f"results/{number}")


def _conditions(
    members: Mapping[str, Any], model: Mapping[str, Any], about: Mapping[str, Any]
) -> dict[str, Any]:
    runtime = mapping_in(members, "runtime_info")
    return known_conditions(
        {
            "runtime": runtime.get("name"),
            "runtime_version": runtime.get("version"),
            "build": runtime.get("commit"),
            "backend": about.get("type"),
            "quant": model.get("quant"),
        }
    )


def _test(test: Any) -> dict[str, Any]:
    if not isinstance(test, Mapping):
        raise RowRefused("", "not_an_object", "a test is an object")
    return {
        "tag": test.get("name"),
        "prompt_tokens": read(test, "n_prompt", read_count),
        "completion_tokens": read(test, "n_gen", read_count),
        "latency_ms": read(test, "avg_time_ms", read_amount),
        "ttft_ms": read(test, "ttft_ms", read_amount),
        "tok_s": read(test, "gen_tps", read_amount),
        "extra": {
            "prefill_tps": read(test, "prompt_tps", read_amount),
            "Power (W)": read(test, "power_watts", read_amount),
        },
    }


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "results", "one run for each test: the mean of its repetitions"
    yield "accelerator_info", "device"
    yield "avg_time_ms", "latency_ms"
    yield "gen_tps", "tok_s"


FORMAT = Format(
    name="localscore",
    title="LocalScore results: one run for each test",
    media_types=(JSON,),
    told_by="accelerator_info, results_summary and results",
    sources=(
        Source("model_info.name", "model"),
        Source("accelerator_info.name", "device"),
        Source("runtime_info.name, version, commit", "conditions runtime, runtime_version, build"),
        Source("accelerator_info.type, model_info.quant", "conditions backend, quant"),
        Source("results.name", "tag"),
        Source("results.n_prompt", "prompt_tokens", "tokens"),
        Source("results.n_gen", "completion_tokens", "tokens"),
        Source("results.avg_time_ms", "latency_ms", "ms"),
        Source("results.ttft_ms", "ttft_ms", "ms"),
        Source("results.gen_tps", "tok_s", "tokens/s"),
        Source("results.prompt_tps", "extra prefill_tps", "tokens/s"),
        Source("results.power_watts", "extra Power (W)", "W"),
    ),
    dropped=("system_info", "results_summary", "no time is in a result"),
    is_record=is_localscore,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
