"""Places in a dataset between two rows, as cursors carry them.

Folded rows never move while others append and fold, so a place is a volume and the
bytes before it there. Pending rows will move behind the folded ones, in an order that
is not known yet, so a cursor behind the folded rows also names the batches beyond it
that were passed; a reader who comes back knows its rows by their batch.
"""

from typing import Annotated, Self

import msgspec
from msgspec import Meta

from shared.errors import MalformedInput, Unavailable
from shared.segment_ids import BATCH_ID_FORM

# The last ten characters of a batch id are fifty random bits.
_ID_CHARACTERS = 10
# A cursor must fit into a URL.
MAX_PASSED = 400

# A place comes back from outside, so its type says what each part may be.
Count = Annotated[int, Meta(ge=0, le=2**53)]
ShortId = Annotated[str, Meta(pattern=rf"\A[0-9A-Z]{{{_ID_CHARACTERS}}}\Z")]
ShortIds = Annotated[str, Meta(pattern=rf"\A([0-9A-Z]{{{_ID_CHARACTERS}}}){{0,{MAX_PASSED}}}\Z")]
BatchId = Annotated[str, Meta(pattern=rf"\A({BATCH_ID_FORM})?\Z")]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place in a dataset of an epoch.

    Read upwards: rows before `offset` of `volume` were passed. Read downwards: rows
    behind it were, but for those that were pending at the first page, up to the batch
    `newest`. `passed` names batches beyond the place that were passed, `partly` those of
    which only some rows were.
    """

    epoch: Count = 0
    volume: Count = 0
    offset: Count = 0
    passed: ShortIds = ""
    partly: Annotated[dict[ShortId, Count], Meta(max_length=MAX_PASSED)] = {}
    newest: BatchId = ""

    def at(self, volume: int, offset: int) -> Self:
        """The same but for where it is in the folded rows."""
        return msgspec.structs.replace(self, volume=volume, offset=offset)


class Passed:
    """The batches beyond a place whose rows were passed, wholly or in part."""

    def __init__(self, cursor: Cursor) -> None:
        step = _ID_CHARACTERS
        self._whole = {cursor.passed[at : at + step] for at in range(0, len(cursor.passed), step)}
        self._partly = dict(cursor.partly)
        self._behind: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._whole or self._partly)

    def __len__(self) -> int:
        return len(self._whole) + len(self._partly)

    def rows_of(self, batch_id: str) -> int | None:
        """How many rows of a batch were passed; None for all."""
        short = batch_id[-_ID_CHARACTERS:]
        return None if short in self._whole else self._partly.get(short, 0)

    def add(self, batch_id: str, rows: int | None = None) -> None:
        """So many rows of a batch were passed, or all."""
        short = batch_id[-_ID_CHARACTERS:]
        self._partly.pop(short, None)
        if rows is None:
            self._whole.add(short)
        elif rows:
            self._partly[short] = rows

    def leave_behind(self, batch_id: str) -> None:
        """The place went beyond rows of the batch, so it need not be remembered."""
        self._behind.add(batch_id[-_ID_CHARACTERS:])

    def at(self, cursor: Cursor) -> Cursor:
        """The place with these batches. Raises Unavailable when they are too many."""
        whole = sorted(self._whole - self._behind)
        partly = {each: rows for each, rows in self._partly.items() if each not in self._behind}
        if len(whole) + len(partly) > MAX_PASSED:
            raise Unavailable(
                "very many rows are still being folded; ask again",
                code="storage_busy",
                retry_after_s=2,
            )
        return msgspec.structs.replace(cursor, passed="".join(whole), partly=partly)


def mismatch(detail: str) -> MalformedInput:
    """What is wrong with a cursor."""
    return MalformedInput(f"{detail}; start again without a cursor", code="cursor_mismatch")
