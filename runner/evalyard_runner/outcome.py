"""How an attempt ended, and the one line about it; no I/O but the log."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from evalyard_runner import log
from evalyard_runner.errors import ApiRefusedError, GenerationError, JobGoneError
from evalyard_runner.measuring import Measured
from evalyard_runner.wire import Claim


@dataclass(frozen=True)
class Lost:
    """The attempt is not this device's any more: nothing may be said about it."""

    reason: ApiRefusedError

    @property
    def job_gone(self) -> bool:
        return isinstance(self.reason, JobGoneError)


@dataclass(frozen=True)
class Unreported:
    """The runner had to stop before the API heard the outcome; the next attempt repeats the job."""


Outcome: TypeAlias = Measured | GenerationError | Lost | Unreported


@dataclass(frozen=True)
class Ending:
    """The outcome as the server took it."""

    outcome: Outcome

    @property
    def message_is_spent(self) -> bool:
        """Whether the job's message may go: the server heard how the attempt ended, and sends
        another message for the next one.
        """
        if isinstance(self.outcome, Lost):
            return self.outcome.job_gone
        return not isinstance(self.outcome, Unreported)

    @property
    def message_is_ours(self) -> bool:
        return not isinstance(self.outcome, Lost)


CANCELLED: Final = "cancelled"
HANDED_BACK: Final = "device_lost"


def tell(claim: Claim, outcome: Outcome, duration_s: float) -> None:
    """The progress line of a job: never its prompt, never its output."""
    job = {
        "job_id": claim.job_id,
        "model": claim.model,
        "duration_s": duration_s,
        "attempt": claim.attempt,
    }
    if isinstance(outcome, Measured):
        shown = ("prompt_tokens", "completion_tokens", "ttft_ms", "tok_s")
        log.progress("job_succeeded", **job, **{name: outcome.metrics[name] for name in shown})
    elif isinstance(outcome, GenerationError):
        if _failure_event(outcome) == "job_failed":
            log.remember("job_failed", model=claim.model, code=outcome.code)
        log.progress(
            _failure_event(outcome),
            **job,
            code=outcome.code,
            retryable=str(outcome.retryable).lower(),
        )
    elif isinstance(outcome, Lost):
        log.progress("job_lost", **job, reason=outcome.reason.code or outcome.reason.status)
    else:
        log.progress("job_unreported", **job)


def _failure_event(failure: GenerationError) -> str:
    return {CANCELLED: "job_cancelled", HANDED_BACK: "job_handed_back"}.get(
        failure.code, "job_failed"
    )
