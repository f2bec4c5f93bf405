"""Lists in pages: the envelope, the limit, and cursors bound to caller and filters.

A cursor is not a secret: it names a place in the caller's own list. What it is
bound to is checked by a digest, so that a cursor of another list is refused.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from shared.errors import MalformedInput

MAX_PAGE = 1_000
PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many to list, at most.")]
Entry = TypeVar("Entry")


def up_to(limit: int, found: Iterable[Entry]) -> tuple[list[Entry], bool]:
    """The first entries of what was found, and whether there are more."""
    entries = list(islice(found, limit + 1))
    return entries[:limit], len(entries) > limit


class Page(BaseModel, Generic[Entry]):
    """A page of a list."""

    data: list[Entry]
    next_cursor: str | None = None
    has_more: bool = False


@dataclass(frozen=True)
class Cursors:
    """Writes and reads cursors of one list, as one caller sees it through one set of filters."""

    scope: tuple[str, ...]

    def write(self, position: Any) -> str:
        """An opaque cursor for a JSON-able position."""
        body = msgspec.json.encode([self._digest(), position])
        return base64.urlsafe_b64encode(body).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> Any:
        """The position of a cursor, or None where there is none. Raises MalformedInput."""
        if cursor is None:
            return None
        digest, position = self._parts(cursor)
        if digest != self._digest():
            raise _mismatch("this cursor belongs to another list or other filters")
        return position

    def _parts(self, cursor: str) -> tuple[str, Any]:
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            digest, position = msgspec.json.decode(base64.urlsafe_b64decode(padded))
        except (ValueError, TypeError, binascii.Error, msgspec.DecodeError) as exc:
            raise _mismatch("this is not a cursor that a list gave out") from exc
        return digest, position

    def _digest(self) -> str:
        return hashlib.sha256("\x00".join(self.scope).encode()).hexdigest()[:16]


def _mismatch(detail: str) -> MalformedInput:
    return MalformedInput(f"{detail}; start again without a cursor", code="cursor_mismatch")
