"""How long to wait before trying again; no I/O."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Backoff:
    """Exponential, with full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-
    backoff-with-jitter/.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    rand: Callable[[], float] = random.random
    failures: int = 0

    def next_delay(self) -> float:
        """Seconds to wait now; at least half of the current ceiling, so that it never spins."""
        ceiling: float = min(self.longest_s, self.first_s * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return ceiling * (0.5 + self.rand() / 2)

    def reset(self) -> None:
        self.failures = 0
