"""DynamoDB's typed attribute values to plain Python values and back.

str, bool, int, float, None, bytes, list, dict and (non-empty) set[str] survive a
round trip; DynamoDB numbers are decimal strings, so a float is written with
`repr` and read back as the same double.
"""

from base64 import b64decode
from typing import Any


def encode(value: object) -> dict[str, Any]:
    """One value as an attribute value. Raises TypeError for kinds that are not stored."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [encode(part) for part in value]}
        case dict():
            return {"M": encode_item(value)}
        case set() | frozenset():
            return {"SS": sorted(value)}
    raise TypeError(f"{type(value).__name__} is not stored in DynamoDB")


def encode_item(item: dict[str, Any]) -> dict[str, Any]:
    """A whole item, name by name."""
    return {name: encode(value) for name, value in item.items()}


def decode(attribute: dict[str, Any]) -> Any:
    """The plain value of an attribute value, also of one as JSON has it."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return _number(value)
        case "NULL":
            return None
        case "L":
            return [decode(part) for part in value]
        case "M":
            return decode_item(value)
        case "SS":
            return set(value)
        case "B":
            return b64decode(value) if isinstance(value, str) else value
    return value


def decode_item(item: dict[str, Any]) -> dict[str, Any]:
    """A whole item as a dict of plain values."""
    # Most are text, which needs no call.
    return {
        name: attribute["S"] if "S" in attribute else decode(attribute)
        for name, attribute in item.items()
    }


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
