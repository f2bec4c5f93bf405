"""Seats: a user's calls at once, counted exactly, and the record of each open call.

`USER#<user> / SEAT#<n>` is there while a call is under way. It is limit, lease and record in one
item: written only where there is none, so that no more calls run than there are seats; what a
function that died left behind is due at `until`, when upkeep settles it. Nothing of the prompt is
in it.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Item, Table, TransactionLost, Update
from shared.gateway.errors import ParallelLimit
from shared.ids import user_partition

_PREFIX: Final = "SEAT#"
# The index of what upkeep must look at: one partition, ordered by time.
DUE_INDEX: Final = "due"
_DUE_IN: Final = "seats"
_KEPT_S: Final = 7 * 86_400
_RETRY_AFTER_S: Final = 2


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """An open call. `device` is the one that began to work on it, if any did; `asked` the one that
    has it now, as try `attempt`. `cancelled`: whether its user wants no other to have it.
    """

    sk: str
    user_id: str
    ask_id: str
    started_us: int
    until_s: int
    model: str
    tenant: str
    tag: str | None = None
    device: str | None = None
    asked: str | None = None
    attempt: int = 0
    cancelled: bool = False


def seat_of(item: Item) -> Seat:
    """What is kept of a call. Raises ValidationError for what is none."""
    return msgspec.convert(item, Seat, strict=False)


@dataclass(frozen=True)
class Seats:
    """The seats of all users; each has `each_user` of them."""

    table: Table
    each_user: int

    def take(self, wanted: Seat) -> Seat:
        """A seat of the user, which is theirs alone until it is freed. Raises ParallelLimit.

        Which one is tried first follows from the call: that of few calls at once is free, so that
        one write takes it. Only where it is not, is the table asked which are.
        """
        likely, *others = self._in_order(wanted)
        if self._put(likely):
            return likely
        held = self._held(wanted.user_id)
        for seat in (likely, *others):
            # Its own call has a seat where the answer to the write was lost.
            if held.get(seat.sk) == seat.ask_id or (seat.sk not in held and self._put(seat)):
                return seat
        raise ParallelLimit(
            f"{self.each_user} calls of yours are under way, which is as many as may be",
            retry_after_s=_RETRY_AFTER_S,
            ahead=0,
        )

    def note(self, seat: Seat, said: Mapping[str, str | int]) -> None:
        """What became of the call: `asked` and `attempt`, as who cancels it says so to the device
        that has it, and `cancelled`, should that one not hear it; `device`, as it failed there if
        nothing more is heard of it. Raises ConditionFailed.
        """
        key = (user_partition(seat.user_id), seat.sk)
        self.table.update(Update(*key, set=dict(said), only_if={"ask_id": seat.ask_id}))

    def find(self, user_id: str, ask_id: str) -> Seat | None:
        """The seat of a user's call, while it is under way."""
        found = self.table.query(user_partition(user_id), prefix=_PREFIX)
        return next((seat_of(item) for item in found if item["ask_id"] == ask_id), None)

    def free(self, seat: Seat) -> None:
        """The call is over. Again, or when another call has the seat by now, changes nothing."""
        gone = self.table.transaction()
        gone.delete(user_partition(seat.user_id), seat.sk, only_if={"ask_id": seat.ask_id})
        try:
            gone.commit()
        except TransactionLost as exc:
            if exc.only_crossed:
                raise

    def abandoned(self) -> Iterator[Item]:
        """What is kept of calls that must be over by now, as those of functions that died."""
        until = f"{clock.now_s():012d}"
        found = self.table.query(
            _DUE_IN,
            index=DUE_INDEX,
            key_names=("due_in", "due_at"),
            between=("0", until),
        )
        for key in found:
            item = self.table.get(key["pk"], key["sk"])
            if item is not None and item["until_s"] <= clock.now_s():
                yield item

    def _in_order(self, wanted: Seat) -> list[Seat]:
        """All seats, beginning anywhere: two calls at once seldom try the same one first."""
        first = zlib.crc32(wanted.ask_id.encode())
        numbers = ((first + number) % self.each_user for number in range(self.each_user))
        return [msgspec.structs.replace(wanted, sk=f"{_PREFIX}{each:02d}") for each in numbers]

    def _held(self, user_id: str) -> dict[str, str]:
        """The user's seats that are taken, and by which call."""
        found = self.table.query(user_partition(user_id), prefix=_PREFIX)
        return {item["sk"]: item["ask_id"] for item in found}

    def _put(self, seat: Seat) -> bool:
        item: Item = {
            "pk": user_partition(seat.user_id),
            **{name: value for name, value in msgspec.structs.asdict(seat).items() if value},
            "due_in": _DUE_IN,
            "due_at": f"{seat.until_s:012d}",
            "expires_at": seat.until_s + _KEPT_S,
        }
        try:
            self.table.put(item, only_new=True)
        except ConditionFailed:
            return False
        return True
