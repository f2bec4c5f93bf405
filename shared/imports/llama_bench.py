"""llama-bench results (JSON, JSONL, CSV, Markdown): one run for each repetition.

Fields: https://github.com/ggml-org/llama.cpp/tree/master/tools/llama-bench. It leaves
tokenisation and sampling out. A test of prompt processing has a prefill speed and no
decode speed; one of both together (`-pg`) only their combined speed, so neither has
`tok_s`, nor a latency that decode speeds could be computed from.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from shared.imports.format import CSV, JSON, LINES, MARKDOWN, Format, Source
from shared.imports.identity import record_id
from shared.imports.llama_bench_options import conditions_of, device_of, identity_of, tag_of
from shared.imports.llama_bench_tables import as_result, is_table_row
from shared.imports.members import RowRefused, read
from shared.runs import derived_tok_s, read_amount, read_count, read_number

_NS_PER_MS = 1e6
_MAX_SAMPLES = 10_000
# What became of a model file that is split: `-00001-of-00007`.
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\Z", re.ASCII)
_CONFIGURATION = (
    *("n_batch", "n_ubatch", "n_threads", "n_gpu_layers", "n_depth", "n_cpu_moe"),
    *("build_number", "stddev_ts"),
)
NOTES = {
    "samples_ns": "one run for each repetition",
    "avg_ns": "one run: the mean of the repetitions",
    "avg_ts": "one run: the mean speed of the repetitions",
    "test_time": "ts",
    "model_filename": "model, without folders and .gguf",
    "gpu_info": "device; cpu_info where it is empty or n_gpu_layers is 0",
    "n_prompt": "tag, with n_gen and n_depth: the name of the test",
    "backends": "tag and conditions, with all options that differ from the default",
}


class _Sample(NamedTuple):
    ns: float | None
    tokens_per_s: float


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a result of llama-bench."""
    if is_table_row(members):
        return True
    measured = members.keys() & {"avg_ns", "samples_ns", "avg_ts"}
    return {"n_prompt", "n_gen"} <= members.keys() and bool(measured)


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The result's repetitions as rows. Raises RowRefused."""
    if is_table_row(members):
        members = as_result(members)
    prompt = read(members, "n_prompt", read_count) or 0
    generated = read(members, "n_gen", read_count) or 0
    if not prompt + generated:
        raise RowRefused("n_gen", "not_a_run", "neither n_prompt nor n_gen is more than 0")
    identity = identity_of(members)
    same = _same(members, prompt, generated)
    for number, sample in enumerate(_samples(members, prompt + generated)):
        measured = _measured(sample, prompt, generated)
        extra = {**_configuration(members), **measured.pop("extra", {})}
        yield {"run_id": record_id(identity, number), **same, **measured, "extra": extra}


def _notes(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a result."""
    if is_table_row(members):
        members = as_result(members)
    measured = next(
        name for name in ("samples_ns", "avg_ns", "avg_ts", "") if name in members or not name
    )
    for name, treated_as in NOTES.items():
        if name in members and (name == measured or name not in ("samples_ns", "avg_ns", "avg_ts")):
            yield name, treated_as


def _same(members: Mapping[str, Any], prompt: int, generated: int) -> dict[str, Any]:
    """What all repetitions of a result share."""
    model = members.get("model_filename")
    if isinstance(model, str):
        model = _SPLIT.sub("", _file_name(model).removesuffix(".gguf"))
    test = "+".join(
        f"{kind}{tokens}" for kind, tokens in (("pp", prompt), ("tg", generated)) if tokens
    )
    depth = read(members, "n_depth", read_count)
    ts = {"ts": members["test_time"]} if "test_time" in members else {}
    return {
        **ts,
        "model": model or members.get("model_type"),
        "device": device_of(members),
        "tag": tag_of(f"{test} @ d{depth}" if depth else test, members),
        "prompt_tokens": prompt or None,
        "conditions": conditions_of(members, model),
    }


def _file_name(path: str) -> str:
    """What follows the last slash or backslash."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def _measured(sample: _Sample, prompt: int, generated: int) -> dict[str, Any]:
    # A table has the speed only: the mean of speeds is not that of the times.
    ms = None if sample.ns is None else sample.ns / _NS_PER_MS
    if not generated:
        return {"extra": {"prefill_tps": sample.tokens_per_s, "prefill_ms": ms}}
    if not prompt:
        return {"completion_tokens": generated, "latency_ms": ms, "tok_s": sample.tokens_per_s}
    extra = {"combined_tps": sample.tokens_per_s, "combined_ms": ms, "n_gen": generated}
    return {"extra": extra}


def _configuration(members: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: read(members, name, read_number) for name in _CONFIGURATION}
    return {name: value for name, value in found.items() if value is not None}


def _samples(members: Mapping[str, Any], tokens: int) -> Iterator[_Sample]:
    if members.keys().isdisjoint(("samples_ns", "avg_ns")):
        yield _Sample(None, _speed(members))
        return
    times, speeds = (_list(members.get(name)) for name in ("samples_ns", "samples_ts"))
    if times is None:
        times, speeds = [members.get("avg_ns")], [members.get("avg_ts")]
    if not isinstance(times, list) or not times or len(times) > _MAX_SAMPLES:
        raise RowRefused("samples_ns", "not_a_list", f"samples_ns has 1 to {_MAX_SAMPLES} times")
    if speeds is None:
        speeds = [None] * len(times)
    if not isinstance(speeds, list) or len(speeds) != len(times):
        raise RowRefused("samples_ts", "not_a_list", "samples_ts is as long as samples_ns")
    for ns, speed in zip(times, speeds, strict=True):
        yield _sample({"samples_ns": ns, "samples_ts": speed}, tokens)


def _speed(members: Mapping[str, Any]) -> float:
    speed = read(members, "avg_ts", read_amount)
    if speed is None:
        raise RowRefused("avg_ts", "not_a_number", "avg_ts must be a number")
    return speed


def _list(value: object) -> object:
    """A list, also one that a table holds as text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _sample(pair: dict[str, Any], tokens: int) -> _Sample:
    ns = read(pair, "samples_ns", read_amount)
    speed = read(pair, "samples_ts", read_amount)
    if speed is None:
        speed = derived_tok_s(tokens, None if ns is None else ns / _NS_PER_MS, None)
    if not ns or speed is None:
        raise RowRefused("samples_ns", "out_of_range", "a repetition takes more than no time")
    return _Sample(ns, speed)


FORMAT = Format(
    name="llama-bench",
    title="llama-bench results",
    media_types=(JSON, LINES, CSV, MARKDOWN),
    told_by="n_prompt and n_gen with avg_ns or samples_ns; a table with the columns test and t/s",
    sources=(
        Source("test_time", "ts", "ISO 8601"),
        Source("model_filename without folders, part and .gguf, else model_type", "model"),
        Source("gpu_info; cpu_info where it is empty or n_gpu_layers is 0", "device"),
        Source("n_prompt, n_gen, n_depth, backends, options beyond the default", "tag"),
        Source("build_commit, else build_number", "condition build"),
        Source("build_number", "condition runtime_version"),
        Source(
            "backends, n_threads, type_k, type_v", "conditions backend, threads, type_k, type_v"
        ),
        Source("model_filename, else model_type", "condition quant"),
        Source("options beyond the default", "conditions by their names"),
        Source("n_prompt", "prompt_tokens", "tokens"),
        Source("n_gen", "completion_tokens", "tokens"),
        Source("samples_ns, else avg_ns, of a generation", "latency_ms", "ns"),
        Source("samples_ts, else avg_ts, of a generation", "tok_s", "tokens/s"),
        Source("samples_ns and samples_ts of a prompt", "extra prefill_ms, prefill_tps", "ns"),
        Source("samples_ns and samples_ts of both", "extra combined_ms, combined_tps", "ns"),
        *(Source(name, f"extra {name}") for name in _CONFIGURATION),
    ),
    dropped=("model_size, model_n_params", "stddev_ns; a table's size and params"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
