"""What a llama-bench result was run for: its device, its options beyond the default, its identity.

Options and defaults: https://github.com/ggml-org/llama.cpp/tree/master/tools/llama-bench.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from shared.imports.conditions import known_conditions, quant_of
from shared.imports.numbers import number_of
from shared.runs import MAX_LABEL_CHARACTERS

# Member, how the command line calls it, and what says nothing: the default of some version.
_OPTIONS: tuple[tuple[str, str, frozenset[object]], ...] = (
    ("n_gpu_layers", "ngl", frozenset({99, -1})),
    ("n_cpu_moe", "ncmoe", frozenset({0})),
    ("devices", "dev", frozenset({"auto", ""})),
    ("split_mode", "sm", frozenset({"layer"})),
    ("main_gpu", "mg", frozenset({0})),
    ("tensor_split", "ts", frozenset({0})),
    ("tensor_buft_overrides", "ot", frozenset({"none", ""})),
    ("flash_attn", "fa", frozenset({0})),
    ("type_k", "ctk", frozenset({"f16"})),
    ("type_v", "ctv", frozenset({"f16"})),
    ("n_batch", "b", frozenset({2048})),
    ("n_ubatch", "ub", frozenset({512})),
    ("no_kv_offload", "nkvo", frozenset({0})),
    ("no_op_offload", "nopo", frozenset({0})),
    ("no_host", "nohost", frozenset({0})),
    ("use_mmap", "mmp", frozenset({1})),
    ("use_direct_io", "dio", frozenset({0})),
    ("embeddings", "embd", frozenset({0})),
    ("cpu_mask", "cpu-mask", frozenset({"0x0"})),
    ("cpu_strict", "cpu-strict", frozenset({0})),
    ("poll", "poll", frozenset({50})),
)
_WORDS: dict[object, object] = {True: 1, False: 0, "true": 1, "false": 0, "True": 1, "False": 0}
# What a result has in every form that llama-bench writes; CSV has no samples.
_SAME = (
    *("build_commit", "cpu_info", "gpu_info", "backends", "model_filename", "model_type"),
    *("n_threads", "n_prompt", "n_gen", "n_depth", "test_time", "avg_ns"),
    *(name for name, _, _ in _OPTIONS),
)
_MARK = 8


def device_of(members: Mapping[str, Any]) -> Any:
    """The GPU, or the CPU where there is none or no layer runs on it; None for neither."""
    gpu, cpu = members.get("gpu_info"), members.get("cpu_info")
    on_cpu = _plain(members.get("n_gpu_layers")) == 0 or members.get("devices") == "none"
    return (cpu if on_cpu else gpu or cpu) or None


def tag_of(test: str, members: Mapping[str, Any]) -> str:
    """The test, the backend, and the options that differ from the default, as flags."""
    backend = members.get("backends")
    words = [test, backend if isinstance(backend, str) else "", *_flags(members)]
    tag = " ".join(word for word in words if word)
    if len(tag) <= MAX_LABEL_CHARACTERS:
        return tag
    mark = hashlib.sha256(tag.encode()).hexdigest()[:_MARK]
    return f"{tag[: MAX_LABEL_CHARACTERS - _MARK - 1]}…{mark}"


def conditions_of(members: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """Under what it ran: build, backend, quantisation, and the options of the tag."""
    number = _plain(members.get("build_number"))
    told = {
        "runtime": "llama.cpp",
        "runtime_version": f"b{number}" if number else None,
        "build": members.get("build_commit") or number,
        "backend": members.get("backends"),
        "quant": quant_of(model, members.get("model_type")),
        "threads": _plain(members.get("n_threads")),
        "type_k": members.get("type_k"),
        "type_v": members.get("type_v"),
    }
    said = ((name, _plain(members.get(name)), usual) for name, _, usual in _OPTIONS)
    odd = {name: value for name, value, usual in said if _is_odd(value, usual)}
    return known_conditions(told | {name: odd[name] for name in odd if name not in told})


def _flags(members: Mapping[str, Any]) -> list[str]:
    said = ((flag, _plain(members.get(name)), usual) for name, flag, usual in _OPTIONS)
    return [f"{flag}={value}" for flag, value, usual in said if _is_odd(value, usual)]


def _is_odd(value: object, usual: frozenset[object]) -> bool:
    return isinstance(value, str | int | float) and value not in usual


def identity_of(members: Mapping[str, Any]) -> dict[str, Any]:
    """What is the same in all forms of one result, so that it counts once."""
    # A table has neither the moment nor the duration; only its numbers distinguish its results.
    names = _SAME if "test_time" in members else (*_SAME, "avg_ts", "stddev_ts", "build_number")
    same = {name: _plain(members.get(name)) for name in names}
    return {name: value for name, value in same.items() if value not in (None, "")}


def _plain(value: object) -> object:
    """A value as it is in JSON and in CSV, where switches are 0 and 1, and all may be text."""
    if isinstance(value, bool | str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, str):
        number = number_of(value)
        return value if number is None else number
    return value
