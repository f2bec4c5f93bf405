"""One import of a user at a time: two that bring the same runs must see each other.

An item in the catalog, taken by a conditional write and given back at the end. It
outlives any function, so a function that dies with it holds others up for half a minute, no
longer (docs/decisions/0013-imports-take-turns.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared import clock, ids
from shared.aws import ConditionFailed, Table, Update
from shared.clock import SECOND_US
from shared.errors import DependencyFailed, Unavailable
from shared.observability import logger
from shared.storage.log import partition

SORT_KEY = "LEASE#IMPORT"
# Longer than the function may run, so that no function works on a lease that another has taken.
LEASE_S = 35
_PATIENCE_S = 5
_PAUSE_S = 0.25
_KEPT_S = 86_400


class ImportBusy(Unavailable):
    """Another import of the user is under way."""

    code = "import_busy"


@dataclass(frozen=True)
class ImportLease:
    """The turn of one import of a user."""

    table: Table
    user_id: str
    owner: str = field(default_factory=ids.ulid)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease, after waiting for it a few seconds. Raises ImportBusy."""
        deadline = clock.now_us() + _PATIENCE_S * SECOND_US
        while not self.take():
            if clock.now_us() >= deadline:
                raise ImportBusy(
                    "another import of yours is running; repeat the call in a moment",
                    retry_after_s=_PATIENCE_S,
                )
            clock.sleep(_PAUSE_S)
        try:
            yield
        finally:
            self.give_back()

    def take(self) -> bool:
        """Take the lease if it is free, was left, or is ours already."""
        now = clock.now_us()
        try:
            self.table.update(
                Update(
                    partition(self.user_id),
                    SORT_KEY,
                    set={
                        "owner": self.owner,
                        "until_us": now + LEASE_S * SECOND_US,
                        "expires_at": now // SECOND_US + _KEPT_S,
                    },
                    extra_condition=(
                        "attribute_not_exists(until_us) OR until_us < :now OR #owner = :owner"
                    ),
                    names={"#owner": "owner"},
                    values={":now": now, ":owner": self.owner},
                )
            )
        except ConditionFailed:
            return False
        return True

    def give_back(self) -> None:
        """Let others have it. A failure only lets them wait until it has run out."""
        try:
            self.table.update(
                Update(
                    partition(self.user_id),
                    SORT_KEY,
                    set={"until_us": 0},
                    only_if={"owner": self.owner},
                )
            )
        except (ConditionFailed, DependencyFailed):
            logger().warning("import_lease_not_given_back", user_id=self.user_id)
