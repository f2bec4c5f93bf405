"""For how long a job's attempts cost nothing while the model's server says "not now"; no I/O."""

from collections import Counter
from typing import Final

from evalyard_runner.errors import GenerationError

# A server that answered a probe each time, and refused this job each time again, means the job.
_REFUSALS: Final = 5
_JOBS: Final = 1_000


class Patience:
    """Counts by job how often it was refused here."""

    def __init__(self) -> None:
        self._refusals: Counter[str] = Counter()

    def judged(self, failure: GenerationError, job_id: str) -> GenerationError:
        """The failure to report: one without `retry_after_s` costs the job an attempt."""
        if failure.retry_after_s is None:
            return failure
        if len(self._refusals) >= _JOBS:
            self._refusals.clear()
        self._refusals[job_id] += 1
        if self._refusals[job_id] <= _REFUSALS:
            return failure
        why = f"{failure.message} (only this job is refused, {_REFUSALS + 1} times)"
        return GenerationError(failure.code, why, retryable=failure.retryable)
