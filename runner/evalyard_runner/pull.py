"""The loop of a runner: one message at a time, from its queue to the attempt that settles it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from evalyard_runner import log
from evalyard_runner.api import DeviceApi
from evalyard_runner.attempt import Attempt
from evalyard_runner.backends import Backend
from evalyard_runner.backoff import Backoff
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceInUseError,
    DeviceRefusedError,
    JobForbiddenError,
    JobGoneError,
    JobLeasedError,
    QueuesAwayError,
)
from evalyard_runner.gatekeeper import Gatekeeper
from evalyard_runner.lanes import poll_order, waiting_queue
from evalyard_runner.looks import Look, Looks
from evalyard_runner.patience import Patience
from evalyard_runner.presence import IN_USE_S, DeviceState
from evalyard_runner.session import SessionKeeper
from evalyard_runner.sqs import Received
from evalyard_runner.stopping import Stop
from evalyard_runner.trial import Trials, answers
from evalyard_runner.turns import Turns
from evalyard_runner.unexpected import place_of
from evalyard_runner.wire import Claim, Queue, Session, read_message

# A job for another device of the pool: soon enough for that one, not at once for this one again.
_LEFT_TO_OTHERS_S: Final = 5
# How often a model server that cannot answer now is looked at; it is asked less often.
_LOOKS_EVERY_S: Final = 1.0
# How long a device that waits for the broker's word lets gates and model be; at a queue that was
# named it waits as long at most.
_ROUND_S: Final = 1
_IN_USE: Final = (
    "another process runs as this device, or did until a minute ago; waiting for it to end"
)


@dataclass
class PullLoop:
    """Pulls until asked to stop. Raises DeviceRefusedError when the token dies."""

    api: DeviceApi
    queues: SessionKeeper
    backend: Backend
    state: DeviceState
    gatekeeper: Gatekeeper
    turns: Turns
    looks: Looks
    stop: Stop
    grace_s: float
    poll_wait_s: int
    _round: int = 0
    _left: str = ""
    _in_use: bool = False
    _last_model: str = ""
    _trials: Trials = field(default_factory=Trials)
    _backoff: Backoff = field(default_factory=Backoff)
    _patience: Patience = field(default_factory=Patience)

    async def run(self) -> None:
        while not self.stop.asked.is_set():
            if await self._passes():
                self._backoff.reset()
            else:
                await self.stop.sleep(self._backoff.next_delay())

    async def _passes(self) -> bool:
        """One round; False when something it needs is away."""
        try:
            if await self._gate_closed() or await self._server_rests():
                return True
            if not await self._model_ready():
                return False
            session = await self._own_session()
            if session is None:
                return True
            self._announce(session)
            await self._try_itself()
            message = await self._next_message(session)
            if message is not None:
                await self._handle(message, session)
        except (QueuesAwayError, ApiAwayError):
            return False
        except ApiRefusedError as exc:
            log.trouble("api_refused", reason=exc)
            return False
        except DeviceRefusedError:
            raise
        except Exception as exc:  # The last resort: the loop goes on, whatever came in.
            log.trouble("round_failed", reason=place_of(exc))
            return False
        return True

    async def _gate_closed(self) -> bool:
        """True after a pause, when a gate keeps the device from taking a job now."""
        reason = await self.gatekeeper.closed_by()
        if reason is None:
            return False
        self.state.set_not_ready(reason)
        await self.stop.sleep(self.gatekeeper.period_s)
        return True

    async def _server_rests(self) -> bool:
        """True after a pause, while the model's server cannot answer by its own words."""
        if await self.stop.unless_asked(self.backend.recovered()):
            return False
        self.state.set_not_ready("server_unavailable")
        await self.stop.sleep(_LOOKS_EVERY_S)
        return True

    async def _model_ready(self) -> bool:
        if await self.backend.ready():
            return True
        if self.state.ready or self._backoff.failures == 0:
            log.trouble("model_unreachable")
        self.state.set_not_ready("model_unreachable")
        return False

    async def _own_session(self) -> Session | None:
        """None after a pause, while another process is this device."""
        if self.state.displaced:
            self.state.displaced = False
            self.queues.forget()
        try:
            session = await self.queues.session()
        except DeviceInUseError:
            self._tell_in_use(True)
            self.state.set_not_ready("device_in_use")
            await self.stop.sleep(IN_USE_S)
            return None
        self._tell_in_use(False)
        return session

    def _tell_in_use(self, in_use: bool) -> None:
        """One line when another process has the device, one when it is ours."""
        if in_use and not self._in_use:
            log.trouble("device_in_use", serial=self.api.serial, detail=_IN_USE)
        elif self._in_use and not in_use:
            log.trouble("device_is_ours", serial=self.api.serial)
        self._in_use = in_use

    def _announce(self, session: Session) -> None:
        if not self.state.ready:
            self.state.set_ready()
            models = ",".join(self.backend.models)
            known = {"serial": self.api.serial, "models": models, "queues": len(session.queues)}
            log.progress("runner_ready", **known, load_ms=self.backend.load_ms)

    async def _try_itself(self) -> None:
        """With one token, when the API calls the device unhealthy and the time has come."""
        self._trials.hear(unhealthy=self.state.unhealthy)
        if not self._trials.due:
            return
        self._trials.made()
        model = self._last_model if self._last_model in self.backend.models else ""
        asked = model or next(iter(self.backend.models), "")
        async with self.turns.job():
            passed = await answers(self.backend, asked, self.stop)
        if passed:
            log.trouble("trial_passed")
        if not self.stop.asked.is_set():
            self.state.set_tried(passed)

    async def _next_message(self, session: Session) -> Received | None:
        """A round: a look into the queues if one is due, else a pause until one is."""
        if not session.queues:
            await self.stop.sleep(self.poll_wait_s)
            return None
        look = self.looks.next(self.state.hears_by)
        if look is None:
            await self.stop.unless_asked(self.looks.pause(_ROUND_S))
            return None
        message = await self._looked(session.queues, look)
        if message is None:
            self.looks.found_nothing()
        return message

    async def _looked(self, queues: Sequence[Queue], look: Look) -> Received | None:
        """Look into the queue that was named, waiting there a moment; then into each; then, for a
        thorough look, wait a little at one of them.

        One receive at a time, on purpose. Long polls on all queues at once would answer sooner by
        half a second, but would also pull messages that cannot run now, and each one given back
        counts towards the dead letters.
        """
        round_no, self._round = self._round, self._round + 1
        looked = [(q, min(self.poll_wait_s, _ROUND_S)) for q in queues if q.lane == look.lane]
        looked += [(queue, 0) for queue in poll_order(queues, round_no) if queue.lane != look.lane]
        if look.thorough and look.lane is None:
            looked.append((waiting_queue(queues, round_no), self.poll_wait_s))
        for queue, wait_s in looked:
            message = await self.queues.receive(queue.url, wait_s)
            if message is not None:
                return message
        return None

    async def _handle(self, message: Received, session: Session) -> None:
        if self.stop.asked.is_set():
            await self.queues.give_back(message)
            return
        async with self._kept(message, session), self.turns.job():
            claim = await self._claim(message, session.visibility_s)
            if claim is None:
                return
            self._last_model = claim.model
            self.state.set_job(claim.job_id)
            try:
                await self._attempt(claim, message, session).run()
            finally:
                self.state.set_job(None)

    @asynccontextmanager
    async def _kept(self, message: Received, session: Session) -> AsyncIterator[None]:
        """While a call is answered, which a job has to wait for, its message must not come to
        light again.
        """
        keeping = asyncio.create_task(self._extend(message, session.visibility_s / 3))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})

    async def _extend(self, message: Received, every_s: float) -> None:
        while self.turns.calls:
            await asyncio.sleep(every_s)
            try:
                await self.queues.extend(message)
            except (QueuesAwayError, ApiAwayError, ApiRefusedError, DeviceRefusedError):
                return

    async def _claim(self, message: Received, held_s: float) -> Claim | None:
        """None when there is nothing to run; the message is then deleted, or left for its time to
        come.
        """
        job = read_message(message.body)
        if job is None:
            log.trouble("message_unreadable")
            return None
        try:
            return await self._asked_until_answered(job.job_id, held_s)
        except ApiAwayError:
            # Whatever became of the claim: who receives the message next asks again.
            await self.queues.give_back(message)
            raise
        except JobGoneError:
            await self.queues.delete(message)
        except JobLeasedError as exc:
            log.trouble("claim_refused", job_id=job.job_id, reason=exc.code or exc.status)
        except JobForbiddenError as exc:
            if job.job_id != self._left:
                log.trouble("claim_refused", job_id=job.job_id, reason=exc.code or exc.status)
            self._left = job.job_id
            await self.queues.give_back(message, after_s=_LEFT_TO_OTHERS_S)
            # Many such messages must not keep this device, and the API, busy with refusals.
            await self.stop.sleep(1)
        return None

    async def _asked_until_answered(self, job_id: str, held_s: float) -> Claim:
        """Asked again before anything else, as long as the message is ours: a claim whose answer
        was lost has begun the attempt, and asked again gives the same answer.
        """
        until, backoff = monotonic() + held_s, Backoff(longest_s=5.0)
        while True:
            try:
                return await self.api.claim(job_id)
            except ApiAwayError:
                if self.stop.asked.is_set() or monotonic() >= until:
                    raise
            await self.stop.sleep(backoff.next_delay())

    def _attempt(self, claim: Claim, message: Received, session: Session) -> Attempt:
        return Attempt(
            api=self.api,
            queues=self.queues,
            backend=self.backend,
            sensors=self.state.sensors,
            stop=self.stop,
            grace_s=self.grace_s,
            heartbeat_s=session.heartbeat_s,
            visibility_s=session.visibility_s,
            claim=claim,
            message=message,
            patience=self._patience,
            max_temp_c=self.gatekeeper.limits.max_temp_c,
        )
