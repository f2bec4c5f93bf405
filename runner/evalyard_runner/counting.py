"""Which repetitions the metrics of a result rest on, and why not on the others; no I/O.

One that a prompt cache has spared work, or in which the runner stood still, keeps its row and
counts for nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalyard_runner.measure import Sample
from evalyard_runner.prompt_cache import uncached
from evalyard_runner.provenance import CACHED_TTFT, Provenance
from evalyard_runner.speed import mean


@dataclass(frozen=True)
class Counted:
    """`samples` count; of `cached`, which do not, the cache has spared the work."""

    samples: list[Sample]
    cached: list[Sample]
    of: int

    @property
    def extra(self) -> dict[str, float]:
        """What the prompt takes when it is in the cache."""
        ttft_ms = mean(self.cached, lambda sample: sample.ttft_ms)
        return {} if ttft_ms is None else {CACHED_TTFT: round(ttft_ms, 3)}

    def noted(self, provenance: dict[str, Provenance]) -> dict[str, Provenance]:
        """Says of each metric over how many repetitions it was taken, where not over all."""
        if len(self.samples) == self.of:
            return provenance
        over = {"over": f"{len(self.samples)} of {self.of} repetitions"}
        return {
            name: said if name == CACHED_TTFT else over | said for name, said in provenance.items()
        }

    def why_not(self, sample: Sample) -> dict[str, Any]:
        """What to add to the row of a repetition."""
        if any(sample is each for each in self.samples):
            return {}
        return {"left_out": "interrupted" if sample.frozen_s else "cache"}


def counted_of(samples: Sequence[Sample], *, cache_wanted: bool) -> Counted:
    """Where none is without fault, all that the cache did not spare count."""
    fresh = list(samples) if cache_wanted else uncached(samples)
    cached = [each for each in samples if not any(each is one for one in fresh)]
    whole = [sample for sample in fresh if not sample.frozen_s]
    return Counted(whole or fresh, [each for each in cached if not each.frozen_s], len(samples))
