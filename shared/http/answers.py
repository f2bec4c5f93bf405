"""What fits an answer: Lambda passes on 6,291,556 bytes of the answer as one JSON string.

In that string quotes and backslashes are escaped, and so are other letters than ASCII's (by
the runtimes before Python 3.12; later ones write them as UTF-8, which is never longer); a
body that is no text is base64.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

MAX_ANSWER_BYTES = 6_291_556
# Content types that travel as text; Mangum sends everything else as base64.
TEXT_TYPES = [
    "text/",
    "application/json",
    "application/problem+json",
    "application/javascript",
    "application/x-ndjson",
    "image/svg+xml",
]
# Headers, status and the names of members have room in addition.
_ROOM_FOR_BODY = MAX_ANSWER_BYTES - 16 * 2**10
_FRAME = json.dumps({"statusCode": 200, "body": "", "headers": {}, "isBase64Encoded": False})
# `\u0000`, which is more than base64 makes of it.
_LONGEST_ESCAPE = 6

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def fits_an_answer(body: bytes, *, binary: bool = False) -> bool:
    """Whether a body, UTF-8 unless `binary`, can be an answer's."""
    return share_of_answer(body, binary=binary) <= 1


def share_of_answer(body: bytes, *, binary: bool = False) -> float:
    """How much of the room that an answer's body has a body takes; above 1 it does not fit."""
    size = _base64_bytes(body) if binary else _text_bytes(body)
    return size / _ROOM_FOR_BODY


def first_that_fit(documents: Sequence[Mapping[str, Any]]) -> int:
    """How many of the first entries of a list fit one answer together; at least one."""
    size = 0
    for count, document in enumerate(documents):
        size += _text_bytes(msgspec.json.encode(document)) + 1
        if size > _ROOM_FOR_BODY:
            return max(1, count)
    return len(documents)


def most_answer_bytes(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> int:
    """What `answer_bytes` is at most, without looking at a letter."""
    named = sum(len(name) + len(value) + 2 for name, value in headers)
    return _LONGEST_ESCAPE * (len(body) + named + len(_FRAME))


def answer_bytes(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> int:
    """The bytes of a whole answer as its function hands it over, at most."""
    named = {name.decode().lower(): value.decode("latin-1") for name, value in headers}
    frame = len(_FRAME) + len(json.dumps(named))
    text = any(kind in named.get("content-type", "") for kind in TEXT_TYPES)
    return frame + (_text_bytes(body) if text else _base64_bytes(body))


def too_large_means(advice: str) -> Callable[[Endpoint], Endpoint]:
    """Say what a caller can do when the endpoint's answer is too large."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__advice__ = advice  # type: ignore[attr-defined]  # Functions take attributes; this one is read back in this module only.
        return endpoint

    return mark


def advice_of(endpoint: object) -> str:
    """What to do when an endpoint's answer is too large."""
    return str(
        getattr(endpoint, "__advice__", "ask for less: a smaller limit, or narrower filters")
    )


def _text_bytes(body: bytes) -> int:
    try:
        return len(json.dumps(body.decode()))
    except UnicodeDecodeError:
        return _base64_bytes(body)


def _base64_bytes(body: bytes) -> int:
    return (len(body) + 2) // 3 * 4 + 2
