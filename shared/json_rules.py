"""What well-formed JSON may not do here: nest too deep, or name a member twice."""

import json
from collections.abc import Iterable
from typing import Any

# Arrays and objects in one another; the value itself is the first level.
MAX_DEPTH = 64


def is_deep(text: bytes, value: Any, levels: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects are nested deeper than allowed; `text` is the value's JSON."""
    if text.count(b"{") + text.count(b"[") <= levels:
        return False
    level = [value]
    for _ in range(levels):
        children = (child for parent in level for child in _children(parent))
        level = [child for child in children if isinstance(child, dict | list)]
    return bool(level)


def repeated_member(text: bytes) -> str | None:
    """A key that stands twice in one object of a JSON text, at any depth; None for none."""
    try:
        # Only the keys matter, so numbers need not be made.
        json.loads(text, object_pairs_hook=_distinct, parse_float=str, parse_int=str)
    except _Repeated as exc:
        return exc.key
    return None


class _Repeated(Exception):
    """A key stands twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _Repeated(key)
        seen.add(key)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
