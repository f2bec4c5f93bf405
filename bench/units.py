"""How AWS counts what it bills: the sizes of DynamoDB items, request units, chunks of SQS.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from base64 import b64decode
from collections.abc import Mapping
from math import ceil
from typing import Any

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]

_KB = 1_024
_SQS_CHUNK = 64 * _KB
# The length of a list or map, and of each of its elements.
_CONTAINER, _ELEMENT = 3, 1


def item_bytes(item: Item) -> int:
    """The size of an item in DynamoDB's typed form: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None) -> int:
    """Units of writing an item once: the larger of what it was and is, at least 1."""
    return max(1, ceil(max(item_bytes(before or {}), item_bytes(after or {})) / _KB))


def index_write_units(keys: tuple[str, ...], before: Item | None, after: Item | None) -> int:
    """Units of what a write changes in an index that projects only keys.

    `keys` are the index's and the table's. Entering and leaving the index cost a write each,
    moving in it both; an entry that stays as it is costs nothing.
    """
    old, new = _entry(keys, before), _entry(keys, after)
    if old == new:
        return 0
    return sum(write_units(None, entry) for entry in (old, new) if entry is not None)


def read_units(size: int, *, consistent: bool) -> float:
    """Units of reading an item, or of all that one query read; nothing found is a small item."""
    return max(1, ceil(size / (4 * _KB))) * (1.0 if consistent else 0.5)


def sqs_requests(body: str) -> int:
    """Requests that sending or receiving a message is billed as."""
    return max(1, ceil(len(body.encode()) / _SQS_CHUNK))


def _entry(keys: tuple[str, ...], item: Item | None) -> Item | None:
    """An item's entry in an index; None where it has none, as it lacks a key."""
    if item is None or any(key not in item for key in keys):
        return None
    return {key: item[key] for key in keys}


def _value_bytes(value: Attribute) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return _number_bytes(content)
        case "L":
            return _CONTAINER + sum(_ELEMENT + _value_bytes(part) for part in content)
        case "M":
            return _CONTAINER + item_bytes(content) + _ELEMENT * len(content)
        case "SS":
            return sum(len(text.encode()) for text in content)
        case "NULL" | "BOOL":
            return 1
        case "B" if isinstance(content, str):
            # As JSON carries bytes: a client that reads it itself leaves them so.
            return len(b64decode(content))
    return len(content.encode() if isinstance(content, str) else content)


def _number_bytes(text: str) -> int:
    """About one byte for two significant digits, and one more."""
    digits = text.lower().partition("e")[0].replace("-", "").replace(".", "").strip("0")
    return 1 + ceil(len(digits) / 2) + text.startswith("-")
