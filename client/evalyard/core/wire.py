"""The steps of an operation, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """One HTTP request. `path` begins with `/`, or is a whole address outside the API.

    To an address outside the API no credential is sent. `sink` takes the body of a 200 piece by
    piece, which is empty in the reply then.
    """

    method: str
    path: str
    params: Params = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sink: Callable[[bytes], object] | None = None


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Lost:
    """No answer came. `sent` is false where the request certainly did not arrive."""

    reason: str
    sent: bool


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


# Requests are sent Reply or Lost, pauses None; which one it is, only the order says.
Steps = Generator[Request | Pause, Any, T]


def query(values: Mapping[str, object]) -> Params:
    """Query parameters of Python values: lists repeat, booleans are 1 or 0, None is left out."""
    return tuple(
        (name, _text(each))
        for name, value in values.items()
        for each in (value if isinstance(value, (list, tuple, set, frozenset)) else [value])
        if each is not None
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    moment = getattr(value, "isoformat", None)
    return str(moment()) if moment is not None else str(value)


def without_nones(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The members of a body that were given."""
    return {name: value for name, value in pairs if value is not None}
