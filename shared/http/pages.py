"""Lists in pages: the envelope, the limit, and cursors bound to caller and filters.

A cursor is not a secret: it names a place in the caller's own list. A digest ties it to
that list, so that a cursor of another one, or an edited one, is refused; and what it
carries has the type and form of the list's own keys, even if a client made it up.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict

from shared.errors import MalformedInput
from shared.http.schemas import all_required

MAX_PAGE = 1_000
PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="The most entries to list.")]
Entry = TypeVar("Entry")
Position = TypeVar("Position")


def up_to(limit: int, found: Iterable[Entry]) -> tuple[list[Entry], bool]:
    """The first entries of what was found, and whether there are more."""
    entries = list(islice(found, limit + 1))
    return entries[:limit], len(entries) > limit


def page_of(entries: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """A page of a list as its document: there is more exactly when there is a next cursor."""
    return {"data": entries, "next_cursor": next_cursor, "has_more": next_cursor is not None}


class Page(BaseModel, Generic[Entry]):
    """A page of a list, as OpenAPI describes it."""

    model_config = ConfigDict(json_schema_extra=all_required)

    data: list[Entry]
    next_cursor: str | None = None
    has_more: bool = False


def key_form(pattern: str) -> Any:
    """The form of a position that is a key: text that fits the whole of a pattern."""
    return Annotated[str, msgspec.Meta(pattern=rf"\A(?:{pattern})\Z")]


class Cursors(msgspec.Struct, Generic[Position], frozen=True):
    """Writes and reads cursors of one list, as one caller sees it through one set of filters.

    `form` is what msgspec takes for a position of this list. Nothing else is handed on:
    a cursor comes from outside, and its checksum is no secret.
    """

    scope: tuple[str, ...]
    form: Any

    def write(self, position: Position) -> str:
        """An opaque cursor for a position."""
        body = msgspec.json.encode([self._digest(position), position])
        return base64.urlsafe_b64encode(body).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> Position | None:
        """The position of a cursor, or None where there is none. Raises MalformedInput."""
        if cursor is None:
            return None
        position = self._position(cursor)
        if self.write(position) != cursor:
            raise _mismatch("this cursor belongs to another list or other filters, or was changed")
        return position

    def _position(self, cursor: str) -> Position:
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            body = base64.urlsafe_b64decode(padded)
            _, raw = msgspec.json.decode(body, type=tuple[str, msgspec.Raw])
            position = msgspec.json.decode(raw, type=self.form)
        except (ValueError, RecursionError) as exc:
            raise _mismatch("this is not a cursor that a list gave out") from exc
        return cast(Position, position)

    def _digest(self, position: Position) -> str:
        """What ties a position to the list, the caller and the filters; no secret, a checksum."""
        parts = ["\x00".join(self.scope).encode(), msgspec.json.encode(position)]
        return hashlib.sha256(b"\x00".join(parts)).hexdigest()[:16]


def _mismatch(detail: str) -> MalformedInput:
    return MalformedInput(f"{detail}; start again without a cursor", code="cursor_mismatch")
