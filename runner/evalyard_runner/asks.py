"""Calls that the gateway sends: taken or refused, and run when it is their turn.

The model's server always streams to us: most keep generating after a request that does not stream
was given up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import httpx

from evalyard_runner import log
from evalyard_runner.backends import Backend, Relayed
from evalyard_runner.conditions import Condition, conditions_of
from evalyard_runner.errors import GenerationError
from evalyard_runner.frames import Frames
from evalyard_runner.gatekeeper import Gatekeeper
from evalyard_runner.metrics import metrics_of
from evalyard_runner.net import is_loopback
from evalyard_runner.presence import PERIOD_S, DeviceState
from evalyard_runner.turns import MOST_WAITING, Ticket, Turns
from evalyard_runner.unexpected import internal, place_of
from evalyard_runner.wire import CallMessage, QueueMessage, read_broker_message

_ALIVE_EVERY_S: Final = 2.0
# A gateway that says nothing for so long is dead: its caller waits for nothing any more.
_KEPT_FOR_S: Final = 15.0
_FORGOTTEN_AFTER_S: Final = 60.0
# A sensor that takes longer than the answer and this has nothing to say of it.
_SENSED_WITHIN_S: Final = 1.0
# No call waits for what its server says of itself each time.
_ABOUT_WITHIN_S: Final = 60.0
_FETCH_TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)


@dataclass
class Asks:
    """`send` is given topic and payload of what the device says, `look` what is said of queues;
    neither blocks.
    """

    backend: Backend
    state: DeviceState
    gatekeeper: Gatekeeper
    turns: Turns
    send: Callable[[str, bytes], None] = lambda _topic, _payload: None
    look: Callable[[str, float], None] = lambda _lane, _after_s: None
    stopping: bool = False
    clock: Callable[[], float] = monotonic
    _known: dict[tuple[str, int], "_Call"] = field(default_factory=dict)

    def hear(self, payload: bytes) -> None:
        """One message of the broker; what is none is passed over."""
        message = read_broker_message(payload)
        if message is None:
            log.trouble("call_message_unreadable")
            return
        if isinstance(message, QueueMessage):
            self.look(message.lane, message.after_s)
            return
        call = self._known.get((message.call_id, message.attempt))
        if message.kind == "ask":
            if call is None:
                self._take(message)
        elif call is not None:
            self._told(call, message)

    async def finish(self, within_s: float) -> None:
        """Take no more, and let those that run come to their end."""
        self.stopping = True
        running = {call.task for call in self._known.values() if not call.task.done()}
        if running:
            await asyncio.wait(running, timeout=within_s)
        for call in list(self._known.values()):
            call.task.cancel()
        await asyncio.gather(*(call.task for call in self._known.values()), return_exceptions=True)

    def refusal(self, message: CallMessage, gate: str | None) -> str | None:
        """Why a call is not taken; None where it is."""
        if self.stopping:
            return "stopping"
        if message.model not in self.backend.models:
            return "model_not_found"
        if gate is not None or not self.state.ready:
            return gate or self.state.not_ready_reason or "not_ready"
        return None

    def forget(self, message: CallMessage) -> None:
        """Its frames are not wanted any more."""
        self._known.pop((message.call_id, message.attempt), None)

    def count_running(self) -> None:
        """Let the device's reports say whether a call runs."""
        self.state.set_calls_running(self.turns.calls)

    def _take(self, message: CallMessage) -> None:
        topic = message.reply_topic(self.state.channel_up)
        frames = Frames(
            message.call_id,
            message.attempt,
            message.flush_s,
            lambda frame: self.send(topic, frame),
            self.clock,
        )
        call = _Call(self, message, frames)
        self._known[(message.call_id, message.attempt)] = call
        call.task.add_done_callback(lambda _: self._forget_later(message))

    def _forget_later(self, message: CallMessage) -> None:
        asyncio.get_running_loop().call_later(_FORGOTTEN_AFTER_S, self.forget, message)

    def _told(self, call: "_Call", message: CallMessage) -> None:
        call.kept_at = self.clock()
        if message.kind == "cancel":
            call.cancel()
        elif message.kind == "again":
            call.frames.again(message.first)
        elif message.kind == "end":
            self.forget(message)


class _Call:
    """One try of one call."""

    def __init__(self, asks: Asks, message: CallMessage, frames: Frames) -> None:
        self._asks, self._message, self.frames = asks, message, frames
        self.kept_at = asks.clock()
        self._cancelled = self._begun = False
        self.task = asyncio.create_task(self._run())

    def cancel(self) -> None:
        """Stop it, wherever it is. One that came right behind the ask ends a task that has not
        begun, and so says nothing itself.
        """
        self._cancelled = True
        if not self._begun:
            self._say_cancelled()
        self.task.cancel()

    async def _run(self) -> None:
        self._begun = True
        watch = asyncio.create_task(self._watch())
        try:
            await self._answer()
        except asyncio.CancelledError:
            self._say_cancelled()
            if not self._cancelled:
                raise
        except GenerationError as failure:
            self._say_failed(failure)
        except Exception as exc:  # The last resort: one call must not end the runner.
            log.trouble("call_failed", reason=place_of(exc))
            self._say_failed(internal(exc))
        finally:
            watch.cancel()
            self._asks.count_running()

    async def _answer(self) -> None:
        gate = await self._asks.gatekeeper.closed_by()
        refusal = self._asks.refusal(self._message, gate)
        turns = self._asks.turns
        ahead, waits_for = turns.ahead(), turns.waits_for
        ticket = None if refusal else turns.ask(self._message.user)
        if ticket is None:
            reason = refusal or "full"
            self.frames.say("refused", reason=reason, ahead=MOST_WAITING if not refusal else None)
            return
        try:
            self.frames.say("accepted", ahead=ahead, waits_for=waits_for)
            await self._wait(ticket)
            await self._generate()
        finally:
            turns.leave(ticket)

    async def _wait(self, ticket: Ticket) -> None:
        """Until it is this call's turn, telling how many are before it."""
        said = self._asks.turns.ahead(ticket)
        while not ticket.turn.done():
            await asyncio.wait({ticket.turn}, timeout=_ALIVE_EVERY_S)
            if not ticket.turn.done() and (ahead := self._asks.turns.ahead(ticket)) != said:
                said = ahead
                self.frames.say("queued", ahead=ahead)

    async def _generate(self) -> None:
        self._asks.count_running()
        self.frames.say("started")
        body = await self._body()
        backend = self._asks.backend
        # Next to the answer: a sensor that takes its time keeps no caller waiting for a token.
        reading = asyncio.create_task(asyncio.to_thread(self._asks.state.sensors.recent, PERIOD_S))
        try:
            async with asyncio.timeout(self._message.deadline_s):
                relayed = await backend.relay(self._message.model, body, self.frames.piece)
            self._say_done(relayed, await self._conditions(relayed, reading))
        except TimeoutError as exc:
            raise GenerationError("timeout", "the call took too long", retryable=False) from exc
        finally:
            reading.cancel()

    async def _conditions(
        self, relayed: Relayed, reading: "asyncio.Task[dict[str, Any]]"
    ) -> dict[str, Condition]:
        """Under what it ran; without what no sensor has said by its end."""
        backend = self._asks.backend
        about = await backend.about(self._message.model, _ABOUT_WITHIN_S)
        await asyncio.wait({reading}, timeout=_SENSED_WITHIN_S)
        before = reading.result() if reading.done() else {}
        return conditions_of(about, before, [relayed.sample], is_local=backend.is_local, warm=None)

    async def _body(self) -> dict[str, Any]:
        if self._message.body is not None:
            return self._message.body
        url = self._message.body_url
        try:
            async with httpx.AsyncClient(
                timeout=_FETCH_TIMEOUT, trust_env=not is_loopback(url)
            ) as storage:
                found = (await storage.get(url)).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as exc:
            why = f"the request could not be fetched: {type(exc).__name__}"
            raise GenerationError("internal", why, retryable=True) from exc
        return dict(found)

    async def _watch(self) -> None:
        """Say that it goes on, and stop it when no gateway wants it any more."""
        while True:
            await asyncio.sleep(_ALIVE_EVERY_S)
            if self._asks.clock() - self.kept_at >= _KEPT_FOR_S:
                log.trouble("gateway_silent")
                self.cancel()
                return
            self.frames.say("alive")

    def _say_done(self, relayed: Relayed, conditions: dict[str, Condition]) -> None:
        sample = relayed.sample
        self.frames.say(
            "done",
            finish_reason=sample.finish_reason or "stop",
            usage=relayed.usage or None,
            metrics=metrics_of([sample], sample.load_ms),
            load_ms=sample.load_ms,
            conditions=conditions,
        )
        log.progress("call_answered", model=self._message.model, latency_ms=sample.latency_ms)

    def _say_cancelled(self) -> None:
        """Each piece that was delivered is counted as a token: no server says more of half an
        answer.
        """
        delivered = {"completion_tokens": self.frames.pieces} if self.frames.pieces else None
        self.frames.say("cancelled", finish_reason="cancelled", metrics=delivered)

    def _say_failed(self, failure: GenerationError) -> None:
        message = failure.message[:500]
        self.frames.say("failed", code=failure.code, message=message, retryable=failure.retryable)
