"""Says once that something went away, and once that it is back, however many tries are between."""

from evalyard_runner import log


class Reachability:
    """Kept where the calls are made, so that all callers share one line per outage."""

    def __init__(self) -> None:
        self._lost: set[str] = set()

    def lost(self, name: str, reason: Exception) -> None:
        if name not in self._lost:
            self._lost.add(name)
            log.trouble(f"{name}_unreachable", reason=reason)

    def found(self, name: str) -> None:
        if name in self._lost:
            self._lost.discard(name)
            log.trouble(f"{name}_reached_again")
