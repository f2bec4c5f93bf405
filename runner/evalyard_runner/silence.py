"""For how long the readings that gates need have been missing; no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

# A reading so old still says how the device is.
_STILL_GOOD_S: Final = 30.0
# A device whose sensor is broken for good must not be lost for good.
_GIVEN_UP_S: Final = 600.0
_READINGS: Final = frozenset({"battery", "temperature_c"})


@dataclass
class Silence:
    """A reading counts as silent when it came before, or when its sensor hangs. One that never came
    from sensors that answer is one that this device does not have.
    """

    _since: dict[str, float] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _given_up: set[str] = field(default_factory=set)

    def judged(
        self, missing: Iterable[str], now_s: float, *, hangs: bool
    ) -> tuple[set[str], set[str]]:
        """The readings to wait for now, and those that were given up just now."""
        gone = set(missing)
        self._hear(_READINGS - gone, now_s)
        wanted = gone if hangs else gone & self._since.keys()
        ages = {name: now_s - self._since.setdefault(name, now_s) for name in wanted}
        over = {name for name, age in ages.items() if age >= _GIVEN_UP_S} - self._given_up
        self._given_up |= over
        patient = {name for name in self._known & wanted if ages[name] < _STILL_GOOD_S}
        return wanted - self._given_up - patient, over

    def _hear(self, names: frozenset[str], now_s: float) -> None:
        self._known |= names
        self._given_up -= names
        self._since |= dict.fromkeys(names, now_s)
