"""One attempt at one job, from the claim to the last report.

Outcomes: reported (done, failed, cancelled, handed back), lost (another device holds the job:
nothing is said), or ended by a dead device token. Every report may be repeated: the server
recognises it by `job_id` and `attempt`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from evalyard_runner import log
from evalyard_runner.api import DeviceApi
from evalyard_runner.backends import Backend
from evalyard_runner.backoff import Backoff
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceRefusedError,
    GenerationError,
    JobGoneError,
    LeaseLostError,
    QueuesAwayError,
)
from evalyard_runner.heartbeat import Pulse
from evalyard_runner.log_delivery import LogDelivery
from evalyard_runner.measuring import Measured, measure
from evalyard_runner.outcome import HANDED_BACK, Ending, Lost, Outcome, Unreported, tell
from evalyard_runner.patience import Patience
from evalyard_runner.sensors import Sensors
from evalyard_runner.session import SessionKeeper
from evalyard_runner.sqs import Received
from evalyard_runner.stopping import Stop
from evalyard_runner.unexpected import internal, place_of
from evalyard_runner.wire import Claim

# A few seconds in all: the process does not end before.
_TRIES_WHEN_LEAVING: Final = 3


@dataclass(frozen=True)
class Attempt:
    """Everything one attempt needs; `run` is called once."""

    api: DeviceApi
    queues: SessionKeeper
    backend: Backend
    sensors: Sensors
    stop: Stop
    grace_s: float
    heartbeat_s: float
    visibility_s: float
    claim: Claim
    message: Received
    patience: Patience
    max_temp_c: float | None = None

    async def run(self) -> None:
        """Run, report, settle the message. Raises DeviceRefusedError when the token died."""
        started = monotonic()
        pulse = asyncio.create_task(self._pulse().run())
        try:
            ending = await self._reported(await self._outcome(pulse))
        finally:
            await _end(pulse)
        tell(self.claim, ending.outcome, monotonic() - started)
        await self._settle(ending)

    def _pulse(self) -> Pulse:
        return Pulse(
            self.api,
            self.queues,
            self.claim,
            self.message,
            self.sensors,
            period_s=self.heartbeat_s,
            extends_every_s=self.visibility_s / 2,
        )

    async def _outcome(self, pulse: "asyncio.Task[GenerationError | Lost]") -> Outcome:
        """Whichever comes first: the model is done, the pulse says stop, or the runner has to
        leave.
        """
        work = asyncio.create_task(self._work())
        grace = asyncio.create_task(self.stop.grace_over(self.grace_s))
        try:
            await asyncio.wait({work, pulse, grace}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return _outcome_of(work)
            if pulse.done():
                return pulse.result()
            return GenerationError(HANDED_BACK, "the runner was stopped", retryable=True)
        finally:
            await _end(work)
            await _end(grace)

    async def _work(self) -> Outcome:
        try:
            return await measure(self.backend, self.claim, self.sensors, self.max_temp_c)
        except GenerationError as failure:
            return failure
        except Exception as exc:  # The last resort: one job must not end the runner.
            return internal(exc)

    async def _reported(self, outcome: Outcome) -> Ending:
        """The outcome as the server took it."""
        if isinstance(outcome, Measured):
            delivery = LogDelivery(self.api, self.claim, outcome.log)
            return await self._say(outcome, lambda: self._complete(outcome, delivery))
        if isinstance(outcome, GenerationError):
            failure = self.patience.judged(outcome, self.claim.job_id)
            return await self._say(failure, lambda: self._fail(failure))
        return Ending(outcome)

    async def _complete(self, outcome: Measured, delivery: LogDelivery) -> str:
        try:
            return await self.api.complete(self.claim, outcome.body | await delivery.fields())
        except ApiRefusedError as exc:
            if not delivery.was_lost(exc):
                raise
        return await self.api.complete(self.claim, outcome.body | await delivery.fields())

    async def _fail(self, failure: GenerationError) -> str:
        return await self.api.fail(self.claim, failure)

    async def _say(self, outcome: Outcome, report: Callable[[], Awaitable[str]]) -> Ending:
        """Keep trying while the API is away: the work is done and the pulse still holds the job."""
        backoff = Backoff()
        while True:
            try:
                await report()
                return Ending(outcome)
            except DeviceRefusedError:
                raise
            except (LeaseLostError, JobGoneError) as exc:
                return Ending(Lost(exc))
            except ApiRefusedError as exc:
                return await self._refused(outcome, exc)
            except ApiAwayError:
                if self.stop.asked.is_set() and backoff.failures >= _TRIES_WHEN_LEAVING:
                    return Ending(Unreported())
                await asyncio.sleep(backoff.next_delay())
            except Exception as exc:  # The last resort: one result must not end the runner.
                return await self._unreported(outcome, exc)

    async def _unreported(self, outcome: Outcome, exc: Exception) -> Ending:
        """What could not be said; that the attempt failed surely can."""
        log.trouble("report_failed", job_id=self.claim.job_id, reason=place_of(exc))
        if not isinstance(outcome, Measured):
            return Ending(Unreported())
        failure = internal(exc)
        return await self._say(failure, lambda: self._fail(failure))

    async def _refused(self, outcome: Outcome, refusal: ApiRefusedError) -> Ending:
        """What the server does not accept now it would not accept from the next attempt either."""
        log.trouble("report_refused", job_id=self.claim.job_id, reason=refusal)
        if not isinstance(outcome, Measured):
            return Ending(Lost(refusal))
        why = f"the result was refused: {refusal}"[:500]
        failure = GenerationError("internal", why, retryable=False)
        return await self._say(failure, lambda: self._fail(failure))

    async def _settle(self, ending: Ending) -> None:
        """What is not deleted comes back; what is deleted was heard by the server first."""
        try:
            if ending.message_is_spent:
                await self.queues.delete(self.message)
            elif ending.message_is_ours:
                await self.queues.give_back(self.message)
        except (QueuesAwayError, ApiAwayError, ApiRefusedError) as exc:
            # The message reappears by itself; the claim then answers 410, and it is deleted.
            log.trouble("message_not_settled", job_id=self.claim.job_id, reason=exc)


def _outcome_of(work: "asyncio.Task[Outcome]") -> Outcome:
    """A model's library may cancel what it runs in, which is no wish of the runner's."""
    return internal(asyncio.CancelledError()) if work.cancelled() else work.result()


async def _end(task: "asyncio.Task[Any]") -> None:
    """Cancel and wait, so that nothing of this attempt touches the next; its own outcome was read
    before.
    """
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
