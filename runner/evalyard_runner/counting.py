"""Which repetitions the metrics of a result rest on, and why not on the others; no I/O.

One that a prompt cache has spared work, in which the runner stood still, or that waited until the
server had loaded the model again, keeps its row and counts for nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalyard_runner.measure import Sample
from evalyard_runner.prompt_cache import uncached
from evalyard_runner.provenance import CACHED_TTFT, Provenance
from evalyard_runner.speed import mean

# A server also says how long it took to see that the model is loaded: less than this, or about as
# long each time.
_LOAD_MS: Final = 500.0
_FAR_LONGER: Final = 4.0


@dataclass(frozen=True)
class Counted:
    """`samples` count; of `cached`, which do not, the cache has spared the work, and `loaded`
    waited for the model.
    """

    samples: list[Sample]
    cached: list[Sample]
    loaded: list[Sample]
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
        if _is_among(sample, self.samples):
            return {}
        if sample.frozen_s:
            return {"left_out": "interrupted"}
        return {"left_out": "load" if _is_among(sample, self.loaded) else "cache"}


def counted_of(
    samples: Sequence[Sample], *, cache_wanted: bool, warmups: Sequence[Sample] = ()
) -> Counted:
    """Where none is without fault, all that the cache did not spare count."""
    fresh = list(samples) if cache_wanted else uncached(samples)
    cached = [each for each in samples if not _is_among(each, fresh)]
    loaded = loaded_again([*warmups, *samples])
    whole = [sample for sample in fresh if not sample.frozen_s]
    ready = [sample for sample in whole if not _is_among(sample, loaded)]
    cached = [each for each in cached if not each.frozen_s and not _is_among(each, loaded)]
    return Counted(ready or whole or fresh, cached, loaded, len(samples))


def loaded_again(runs: Sequence[Sample]) -> list[Sample]:
    """Those that waited for the model although an earlier one had it: it was thrown out meanwhile,
    for another model or for want of use. Where each run has to wait, that is how the model runs.
    """
    least_ms = min((run.load_ms or 0.0 for run in runs), default=0.0)
    far_ms = max(_LOAD_MS, _FAR_LONGER * least_ms)
    return [run for run in runs[1:] if (run.load_ms or 0.0) >= far_ms]


def _is_among(sample: Sample, others: Sequence[Sample]) -> bool:
    return any(sample is each for each in others)
