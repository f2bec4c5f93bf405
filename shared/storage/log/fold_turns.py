"""Whose turn it is to fold a user: one process at a time, and one fold for what comes within a
minute.

The item `LEASE#FOLD` says until when a fold holds the turn, and for when the next is planned. Both
only save work: each commit is fenced by the checkpoint's generation. A plan names no segments. A
fold takes the plan away before it lists what is pending, so what was written before a plan was seen
is in the fold that was planned. The item is made by a fold that found something: events that name a
user who was erased write nothing.
"""

from contextlib import suppress

import msgspec

from shared import clock, ids
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US
from shared.errors import DependencyFailed
from shared.storage.log.records import partition

SORT_KEY = "LEASE#FOLD"
# Longer than a function that folds may run.
LEASE_S = 150
# A planned fold that is later than that was lost.
_LATE_S = 60
_KEPT_S = 86_400


class FoldTurn(msgspec.Struct, frozen=True):
    """The turn to fold one user, as one process sees it."""

    table: Table
    user_id: str
    owner: str = msgspec.field(default_factory=ids.ulid)

    def is_planned(self) -> bool:
        """Whether a fold is still to come that will find what is written by now."""
        planned_us = int((self._item() or {}).get("planned_us", 0))
        return planned_us > clock.now_us() - _LATE_S * SECOND_US

    def plan(self, in_s: int) -> None:
        """Say that a fold is to come, whose message is in the queue; nothing is said of a user who
        was never folded.
        """
        now = clock.now_us()
        with suppress(ConditionFailed):
            self._update(set={"planned_us": now + in_s * SECOND_US, **_kept(now)}, must_exist=True)

    def take(self) -> bool:
        """Whether the turn is this process's now; with it goes the plan. False while another
        has it. No turn is needed for a user who was never folded.
        """
        now = clock.now_us()
        try:
            self._update(
                set={"owner": self.owner, "until_us": now + LEASE_S * SECOND_US, **_kept(now)},
                remove=("planned_us",),
                must_exist=True,
                extra_condition="until_us < :now",
                values={":now": now},
            )
        except ConditionFailed:
            return self._item() is None
        return True

    def give_back(self, folded: int) -> None:
        """Let others have it, and a plan be made if something was folded. A failure only lets them
        wait until it has run out.
        """
        now = clock.now_us()
        with suppress(ConditionFailed, DependencyFailed):
            if folded:
                self._update(
                    set={"until_us": 0, **_kept(now)},
                    extra_condition="attribute_not_exists(#owner) OR #owner = :owner",
                    names={"#owner": "owner"},
                    values={":owner": self.owner},
                )
            else:
                self._update(set={"until_us": 0}, only_if={"owner": self.owner})

    def _item(self) -> Item | None:
        return self.table.get(partition(self.user_id), SORT_KEY)

    def _update(self, **how: object) -> None:
        self.table.update(Update(partition(self.user_id), SORT_KEY, **how))  # type: ignore[arg-type]


def _kept(now_us: int) -> dict[str, int]:
    return {"expires_at": now_us // SECOND_US + _KEPT_S}
