"""Conditions that tools write down with their results, by the names that runs have for them."""

import re
from collections.abc import Mapping
from typing import Any

from shared.runs import MAX_CONDITIONS, condition_values, sift_conditions

# What a model's file, or llama.cpp's name of its type, ends with: Q4_K_M, IQ2_XS, F16, MXFP4.
_QUANT = re.compile(
    r"(?:^|[-._ ])((?:I?Q\d\w*|T?Q\d_\d|B?F16|F32|MXFP4\w*)(?: - (?:Small|Medium|Large))?)\Z",
    re.ASCII | re.IGNORECASE,
)
_SIZES = {" - small": "_S", " - medium": "_M", " - large": "_L"}


def known_conditions(said: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some conditions that are known and that a run can have, the first 16."""
    told = {name: value for name, value in said.items() if value not in (None, "")}
    kept, _ = sift_conditions(told)
    return condition_values(dict(list(kept.items())[:MAX_CONDITIONS]))


def quant_of(*names: Any) -> str | None:
    """The quantisation in the first of some names of a model that ends with one."""
    for name in names:
        text = name.removesuffix(".gguf") if isinstance(name, str) else ""
        found = _QUANT.search(text)
        if found is not None:
            return _short(found[1])
    return None


def _short(quant: str) -> str:
    for words, letter in _SIZES.items():
        if quant.lower().endswith(words):
            quant = quant[: -len(words)] + letter
    return quant.upper()
