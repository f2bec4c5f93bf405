"""What the ends of its jobs say of a device: whether its model's server wants to be left alone.

Kept with what the device reports, and stronger than that: a device that calls itself ready is
given nothing while it rests.
"""

from dataclasses import dataclass

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.clock import SECOND_US
from shared.devices.keys import presence_key

# No rest is shorter, or its jobs would go round and round.
_SHORTEST_REST_S = 5.0


@dataclass(frozen=True)
class Health:
    """How the jobs of devices went."""

    table: Table

    def rest(self, serial: str, rest_s: float) -> None:
        """The device's server has no time: the device is given no job for so long."""
        until_us = clock.now_us() + round(max(rest_s, _SHORTEST_REST_S) * SECOND_US)
        said = {"rests_until_us": until_us}
        try:
            self.table.update(Update(*presence_key(serial), set=said, must_exist=True))
        except ConditionFailed:
            return  # It was retired meanwhile.
