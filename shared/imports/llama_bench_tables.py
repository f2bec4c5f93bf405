"""Rows of llama-bench's tables, as Markdown or as CSV, to what its JSON would say of them."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from shared.imports.numbers import number_of

# How llama-bench heads its tables, and what it calls the same in JSON.
_COLUMNS = {
    "model": "model_type",
    "backend": "backends",
    "ngl": "n_gpu_layers",
    "threads": "n_threads",
    "sm": "split_mode",
    "mg": "main_gpu",
    "nkvo": "no_kv_offload",
    "nopo": "no_op_offload",
    "fa": "flash_attn",
    "mmap": "use_mmap",
    "dio": "use_direct_io",
    "embd": "embeddings",
    "ts": "tensor_split",
    "ot": "tensor_buft_overrides",
    "dev": "devices",
}
# They say of a model what its name says, in units of their own.
_NOT_READ = ("size", "params")
_TEST = re.compile(r"(?:pp ?(\d+))?\+?(?:tg ?(\d+))?(?: @ d(\d+))?\Z", re.ASCII)


def is_table_row(names: Collection[str]) -> bool:
    """Whether these are the headers of such a table."""
    return "test" in names and "t/s" in names


def as_result(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row by the names of llama-bench's JSON; without a test it has no numbers."""
    known = {
        _COLUMNS.get(name, name): _value(cell)
        for name, cell in row.items()
        if name not in (*_NOT_READ, "test", "t/s")
    }
    return known | _measured(str(row.get("test")), str(row.get("t/s")))


def _measured(test: str, speed: str) -> dict[str, Any]:
    found = _TEST.match(test)
    if found is None:
        return {}
    mean, _, deviation = speed.partition("±")
    prompt, generated, depth = (int(digits or 0) for digits in found.groups())
    said: dict[str, Any] = {"n_prompt": prompt, "n_gen": generated, "n_depth": depth}
    return said | {"avg_ts": number_of(mean), "stddev_ts": number_of(deviation)}


def _value(cell: Any) -> Any:
    found = number_of(cell) if isinstance(cell, str) else None
    return cell if found is None else found
