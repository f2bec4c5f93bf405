"""The body of an append, read without pydantic: rows stay text until each is judged."""

import re

import msgspec

from shared.errors import Fault, MalformedInput, Unacceptable

_PLACE = re.compile(r"at `\$(.*)`$")
_MISSING = re.compile(r"missing required field `(.*?)`")


class AppendBody(msgspec.Struct):
    """Which rows go to which dataset."""

    dataset: str
    rows: list[msgspec.Raw]


def append_body(body: bytes) -> AppendBody:
    """The body of an append. Raises MalformedInput, Unacceptable."""
    try:
        return msgspec.json.decode(body, type=AppendBody)
    except msgspec.ValidationError as exc:
        fault = _fault(str(exc))
        raise Unacceptable(
            f'the body is {{"dataset": "…", "rows": [{{…}}, …]}}: {exc}',
            code="validation_failed",
            faults=(fault,),
        ) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedInput(f"the body is not JSON: {exc}", code="malformed_json") from exc
    except RecursionError as exc:
        raise MalformedInput("the body is nested too deep", code="malformed_json") from exc


def _fault(message: str) -> Fault:
    """The fault in one of msgspec's messages."""
    missing = _MISSING.search(message)
    if missing:
        return Fault(f"/{missing[1]}", "required", f"{missing[1]} is required")
    place = _PLACE.search(message)
    pointer = place[1].replace(".", "/").replace("[", "/").replace("]", "") if place else ""
    return Fault(pointer, "invalid_type", message)
