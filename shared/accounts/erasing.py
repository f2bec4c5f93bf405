"""Erases accounts, a bounded piece at a time, until nothing of them is found any more.

Each erasure is one item. A run takes it for itself, goes through every place in which a
user leaves something, and removes what is there. Calls that were let in before may still
write; so an account is erased only when nothing was found for longer than any of them can
last (`grace_s`), and a last look at all places finds nothing.

Only one run works on an erasure: what another one still removed after the account is
made again would be the new account's. A run ends before its lease does.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from shared import clock, ids
from shared.accounts.audit import Audit
from shared.accounts.erasure import Erasure, erasure_of
from shared.accounts.keys import ERASED_SK, ERASURES_PK, PROFILE_SK, USERS_PK, user_pk
from shared.accounts.lineage import commit
from shared.accounts.traces import Tokens
from shared.aws import ConditionFailed, Table, Update
from shared.clock import DAY_US, SECOND_US
from shared.observability import count, logger
from shared.traces import Place, clear

# By then no caller is let in any more, and calls that were have ended: what is read until then
# is whole.
SETTLE_S = 90
# Longer than a run may last.
LEASE_S = 330
# Something keeps coming back, or fails again and again: people must look.
_LATE_US = DAY_US


class Erasing(msgspec.Struct, frozen=True):
    """The erasures of all accounts.

    `places` is where users leave something, `remains` what must stay until no call writes
    any more, and `grace_s` for how long nothing must have been found by then.
    """

    table: Table
    places: Sequence[Place]
    remains: Sequence[Place]
    grace_s: int

    def work(self, may_go_on: Callable[[], bool]) -> Counter[str]:
        """Go on with every erasure while there is time, the longest neglected first."""
        done: Counter[str] = Counter()
        for erasure in sorted(self.open(), key=lambda each: each.swept_us):
            if not may_go_on():
                break
            done[self._safely(erasure, may_go_on)] += 1
        return done

    def open(self) -> Iterator[Erasure]:
        """The erasures that are under way."""
        return (erasure_of(item) for item in self.table.query(ERASURES_PK))

    def _safely(self, erasure: Erasure, may_go_on: Callable[[], bool]) -> str:
        if clock.now_us() - erasure.begun_us > _LATE_US:
            count("ErasuresLate", service="accounts")
        try:
            return self._go_on(erasure, may_go_on)
        except Exception:
            # The last resort: one account that cannot be erased must not keep the others waiting.
            logger().exception("erasure_failed", user_id=erasure.user_id)
            count("ErasuresFailed", service="accounts")
            return "failed"

    def _go_on(self, erasure: Erasure, may_go_on: Callable[[], bool]) -> str:
        held = self._taken(erasure)
        if held is None:
            return "another_run_has_it"
        if clock.now_us() < held.begun_us + SETTLE_S * SECOND_US:
            found, left = self._clear((Tokens(self.table),), held, may_go_on)
            self._give_back(held, found, left)
            return "settling"
        found, left = self._clear(self.places, held, may_go_on)
        if not found and self._is_quiet(held):
            _, left = self._clear(self.remains, held, may_go_on)
            if not left:
                self._finish(held)
                return "erased"
        self._give_back(held, found, left)
        return "swept"

    def _taken(self, erasure: Erasure) -> Erasure | None:
        """The erasure, for this run alone; None while another run has it, or when it is over."""
        now = clock.now_us()
        mine = {"run": ids.ulid(), "swept_us": now, "leased_until_us": now + LEASE_S * SECOND_US}
        as_read = {"run": erasure.run, "swept_us": erasure.swept_us}
        if erasure.leased_until_us > now:
            return None
        try:
            place = (ERASURES_PK, erasure.user_id)
            return erasure_of(self.table.update(Update(*place, set=mine, only_if=as_read)))
        except ConditionFailed:
            return None

    def _clear(
        self, places: Iterable[Place], erasure: Erasure, may_go_on: Callable[[], bool]
    ) -> tuple[int, dict[str, int]]:
        """How much was found, and by kind how much of it is left."""
        found, left = 0, Counter[str]()
        for place in places:
            seen, rest = clear(place, erasure.user_id, may_go_on)
            found += seen
            left[place.kind] += rest
        return found, {kind: number for kind, number in left.items() if number}

    def _is_quiet(self, erasure: Erasure) -> bool:
        return clock.now_us() - erasure.quiet_us >= self.grace_s * SECOND_US

    def _give_back(self, erasure: Erasure, found: int, left: dict[str, int]) -> None:
        """Note how far it is, and let the next run have it."""
        state = {"left": {"account": 1, **left}, "leased_until_us": 0}
        if found:
            state["quiet_us"] = clock.now_us()
        place = (ERASURES_PK, erasure.user_id)
        self.table.update(Update(*place, set=state, only_if={"run": erasure.run}))
        logger().info("erasure_went_on", user_id=erasure.user_id, found=found, left=left)

    def _finish(self, erasure: Erasure) -> None:
        """Say that the account is erased; from then on its id may be used again."""
        user = user_pk(erasure.user_id)
        profile = self.table.get(user, PROFILE_SK)
        now = clock.now_us()
        audit = Audit(kept_days=erasure.kept_days, at_us=now)
        transaction = self.table.transaction()
        transaction.delete(user, PROFILE_SK)
        if profile is not None:
            transaction.delete(USERS_PK, profile["created"])
        transaction.delete(ERASURES_PK, erasure.user_id, must_exist=True)
        kept_until = (now + erasure.kept_days * DAY_US) // SECOND_US
        transaction.put({"pk": user, "sk": ERASED_SK, "erased_us": now, "expires_at": kept_until})
        begun = clock.iso(erasure.begun_us)
        transaction.put(audit.entry("erasure.finished", erasure.user_id, begun_at=begun))
        commit(transaction)
        logger().info("account_erased", user_id=erasure.user_id)
