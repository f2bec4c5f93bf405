"""The price book: what AWS asks for, and what is assumed where nothing was measured."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.metering import Amounts

PRICES = Path(__file__).parent / "prices.json"
_GB = 1e9
# Counted to be shown; what they cost stands in their units.
_CALLS = "aws_call"


@dataclass(frozen=True)
class PriceBook:
    """Prices in USD for a million of each unit, and assumptions."""

    usd_per_million: dict[str, float]
    lambda_ms: dict[str, float]
    log_bytes_per_invocation: float
    log_bytes_per_http_request: float
    receive_round_trip_s: float

    @classmethod
    def read(cls, path: Path = PRICES) -> "PriceBook":
        """The book in a file that looks like `prices.json`."""
        document: dict[str, Any] = json.loads(path.read_text())
        assumed = document["assumed"]
        prices = {name: each["usd_per_million"] for name, each in document["prices"].items()}
        return cls(prices, **{name: assumed[name] for name in assumed if name != "note"})

    def usd_for_a_million(self, amounts: Amounts) -> float:
        """What a million times these amounts cost. Raises KeyError for what has no price."""
        return sum(
            amount * self.usd_per_million[name]
            for name, amount in amounts.items()
            if name != _CALLS
        )

    def invocation(self, function: str, memory_mb: int) -> Amounts:
        """What one invocation of a function takes, without its calls."""
        seconds = self.lambda_ms[function] / 1_000
        return Counter(
            lambda_request=1,
            lambda_gb_s=memory_mb / 1_024 * seconds,
            log_gb=self.log_bytes_per_invocation / _GB,
        )

    def http_request(self) -> Amounts:
        """What one request to the API takes before any function runs."""
        return Counter(http_request=1, log_gb=self.log_bytes_per_http_request / _GB)
