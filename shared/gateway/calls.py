"""Carries calls out: a seat, a device, its frames to a listener, one run.

The decisions are `asking`'s; here is what touches the broker, the tables and the clock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from shared import clock
from shared.aws import Bucket, ConditionFailed, file_url
from shared.aws.broker import Broker
from shared.devices import (
    Device,
    DeviceNotFound,
    device_hash,
    down_topic,
    heard_topics,
    left_device,
    visible,
)
from shared.errors import DependencyFailed, EvalyardError, Unavailable
from shared.gateway.ask import Answered, ApiCaller, Ask
from shared.gateway.asking import Asking, Ended, Heard, Send, Step
from shared.gateway.choosing import answerable, candidates, serving
from shared.gateway.errors import CallNotFound, ModelNotFound, NoDeviceReady
from shared.gateway.known_fleet import KnownFleet
from shared.gateway.messages import (
    MAX_MESSAGE_BYTES,
    Up,
    ask_message,
    encoded,
    order,
    read_up,
)
from shared.gateway.phases import Marks, phases_of
from shared.gateway.recording import (
    conditions_of,
    leaves_a_run,
    metrics_of,
    record,
    run_id,
    run_of,
)
from shared.gateway.seats import Seat, Seats
from shared.observability import logger
from shared.storage.log import SegmentLog

_TICK_S: Final = 0.1
# A device that is idle has begun by then, and both are noted by one call.
_NOTED_AFTER_S: Final = 0.05
# A call has been sent to a device, and noted, well within a second.
_LOOKS: Final = 10
_SHUNNED_S: Final = 30.0
# A client that takes nothing for so long is as good as gone.
_TAKEN_WITHIN_S: Final = 10.0
# Lambda ends a function, and API Gateway an answer, after 900 s and without a word.
LONGEST_S: Final = 865.0
# Until a call is surely over, whatever became of its function.
_GRACE_S: Final = 60
_FETCHED_WITHIN_S: Final = 900

Result = TypeVar("Result")
Listen = Callable[[str, Up], Awaitable[None]]


class ListenerGone(Exception):
    """No one listens to a call any more."""


@dataclass
class Calls:
    """The calls of this process."""

    stack: str
    fleet: KnownFleet
    seats: Seats
    bucket: Bucket
    segments: SegmentLog
    connect: Callable[[Callable[[str], list[str]], Callable[[str, bytes], None]], Broker]
    _broker: Broker | None = None
    _inboxes: dict[str, asyncio.Queue[tuple[str, Up | None]]] = field(default_factory=dict)
    _shunned: dict[str, float] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Connect to the broker before the first call, if it is there."""
        try:
            await self._connected().ready()
        except DependencyFailed:
            logger().warning("broker_away")

    async def models(self, caller: ApiCaller) -> list[str]:
        """The models that a call of this caller can have an answer from now."""
        return answerable(visible(await self.fleet.all(), caller.user_id, caller.admin))

    async def serving(self, caller: ApiCaller, model: str) -> list[str]:
        """The devices of a caller that serve a model, whether they can take a call now or not.
        Raises ModelNotFound.
        """
        seen = visible(await self.fleet.all(), caller.user_id, caller.admin)
        return serving(seen, model)

    async def carry_out(
        self, ask: Ask, listen: Listen, gone: asyncio.Event, arrived: float
    ) -> Answered:
        """Have a device answer; `listen` is given its serial and each frame that says something.

        `arrived` is when the call came, by the event loop's clock. Raises DeviceNotFound,
        ModelNotFound, NoDeviceReady, ParallelLimit, Unavailable; how it ended else, is in the
        answer.
        """
        serials, seat = await self._placed(ask)
        call = _Call(self, ask, seat, serials, listen, gone, Marks(arrived))
        try:
            return await call.run()
        finally:
            # What a device began and what could not be recorded is left to upkeep.
            if call.leaves_nothing:
                await self._free(seat)

    async def cancel(self, caller: ApiCaller, ask_id: str) -> None:
        """Have the device that has a call stop it; the call itself then ends as cancelled, wherever
        it is carried out. Raises CallNotFound, Unavailable.
        """
        for _ in range(_LOOKS):
            seat = await _aside(self.seats.find, caller.user_id, ask_id)
            if seat is None:
                raise CallNotFound("you have no such call under way")
            if seat.asked is not None:
                with suppress(ConditionFailed):
                    await _aside(self.seats.note, seat, {"cancelled": True})
                await self.say(seat.asked, order("cancel", ask_id, seat.attempt))
                return
            await asyncio.sleep(_TICK_S)
        raise Unavailable("the call is on its way to a device; repeat this", retry_after_s=1)

    async def _free(self, seat: Seat) -> None:
        try:
            await _aside(self.seats.free, seat)
        except DependencyFailed:
            # Upkeep takes it back; until then the user has a seat less.
            logger().warning("seat_not_freed", ask_id=seat.ask_id)

    async def _placed(self, ask: Ask) -> tuple[list[str], Seat]:
        """Candidates and a seat. Where the fleet has to be read, the seat is taken meanwhile, and
        given back where no device can take the call.
        """
        if self.fleet.is_known:
            serials = await self._candidates(ask)
            return serials, await _aside(self.seats.take, _wanted_seat(ask))
        taking = asyncio.ensure_future(_aside(self.seats.take, _wanted_seat(ask)))
        try:
            serials = await self._candidates(ask)
        except BaseException:
            await self._give_back(taking)
            raise
        return serials, await taking

    async def _give_back(self, taking: asyncio.Future[Seat]) -> None:
        try:
            seat = await taking
        except EvalyardError:
            # There is none: why the call is refused is known already.
            return
        await self._free(seat)

    async def _candidates(self, ask: Ask) -> list[str]:
        """No one is refused for a device that was registered a moment ago."""
        try:
            return self._chosen(ask, await self.fleet.most())
        except (DeviceNotFound, ModelNotFound, NoDeviceReady):
            if self.fleet.lacks_none:
                raise
        return self._chosen(ask, await self.fleet.all())

    def _chosen(self, ask: Ask, devices: list[Device]) -> list[str]:
        seen = visible(devices, ask.caller.user_id, ask.caller.admin)
        now = asyncio.get_running_loop().time()
        shunned = frozenset(serial for serial, until in self._shunned.items() if until > now)
        return candidates(seen, ask.model, ask.device, shunned=shunned)

    # ------------------------------------------------------------------------------- the broker

    def _connected(self) -> Broker:
        if self._broker is None:
            self._broker = self.connect(lambda reply: heard_topics(self.stack, reply), self.hear)
        return self._broker

    def hear(self, topic: str, payload: bytes) -> None:
        """A frame for one of the calls, or word to all of them that a device left; what is neither
        is passed over.
        """
        left = left_device(self.stack, topic, payload)
        if left is not None:
            for each in self._inboxes.values():
                each.put_nowait((left, None))
            return
        frame = read_up(payload)
        inbox = None if frame is None else self._inboxes.get(frame.id)
        if frame is None or inbox is None:
            return
        # The topic names the device, and the broker lets no other write there.
        inbox.put_nowait((topic.split("/")[-3], frame))

    async def say(self, serial: str, message: dict[str, Any]) -> None:
        """A message to a device."""
        await self._connected().publish(down_topic(self.stack, serial), encoded(message))

    async def listen_again(self) -> None:
        """Have a connection, a new one where it broke."""
        await self._connected().ready()

    @property
    def reply(self) -> str:
        """The name by which devices answer this process."""
        return self._connected().client_id

    def shun(self, serial: str) -> None:
        """A device did not answer; others go first for a while."""
        self._shunned[serial] = asyncio.get_running_loop().time() + _SHUNNED_S


class _Call:
    """One call under way."""

    def __init__(
        self,
        calls: Calls,
        ask: Ask,
        seat: Seat,
        serials: Sequence[str],
        listen: Listen,
        gone: asyncio.Event,
        marks: Marks,
    ) -> None:
        self._calls, self._ask, self._seat, self._listen = calls, ask, seat, listen
        self._gone, self._marks = gone, marks
        self._by_hash = {device_hash(serial): serial for serial in serials}
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._asking = Asking(
            ask.ask_id,
            serials,
            waits_until=marks.arrived + ask.max_wait_s,
            timeout_s=ask.timeout_s,
            ends_by=marks.arrived + _lasts_s(ask),
            now=now,
        )
        self._content: dict[str, Any] = {}
        self._inbox: asyncio.Queue[tuple[str, Up | None]] = asyncio.Queue()
        self._ended: Ended | None = None
        self._tended_at = now
        self._unnoted: dict[str, str | int] = {}
        self._notes_at: asyncio.TimerHandle | None = None
        self._noting: asyncio.Task[None] | None = None
        self.leaves_nothing = True

    async def run(self) -> Answered:
        self._content = await self._made_content()
        self._calls._inboxes[self._ask.ask_id] = self._inbox
        try:
            await self._do(self._asking.begin(self._loop.time()))
            while self._ended is None:
                await self._step()
        finally:
            del self._calls._inboxes[self._ask.ask_id]
            if self._notes_at is not None:
                self._notes_at.cancel()
        return await self._recorded(self._ended)

    async def _made_content(self) -> dict[str, Any]:
        """What to ask; a body that no message can carry is fetched by the device."""
        ask = self._ask
        deadline_ms = round(_lasts_s(ask) * 1000)
        content = {"kind": "chat", "model": ask.model, "deadline_ms": deadline_ms}
        if len(encoded(ask.body)) <= MAX_MESSAGE_BYTES - 2_048:
            return {**content, "body": ask.body}
        key = f"asks/{ask.caller.user_id}/{ask.ask_id}.json"
        await _aside(self._calls.bucket.put, key, encoded(ask.body))
        url = await _aside(file_url, self._calls.bucket, key, _FETCHED_WITHIN_S)
        return {**content, "body_url": url}

    async def _step(self) -> None:
        """Wait a moment for a frame, then look at the clock."""
        try:
            async with asyncio.timeout(_TICK_S):
                sender, frame = await self._inbox.get()
        except TimeoutError:
            await self._tend()
            return
        serial = self._by_hash.get(sender, "")
        if frame is None:
            self._asking.leave(serial, self._loop.time())
        else:
            await self._do(self._asking.hear(serial, frame, self._loop.time()))
        # However fast frames come, the clock is looked at.
        if self._gone.is_set() or self._loop.time() - self._tended_at >= _TICK_S:
            await self._tend()

    async def _tend(self) -> None:
        self._tended_at = self._loop.time()
        if self._gone.is_set():
            await self._do(self._asking.cancel(self._loop.time()))
        await self._do(self._asking.tick(self._loop.time()))
        try:
            await self._calls.listen_again()
        except DependencyFailed:
            # The clock decides how long that is borne.
            logger().warning("broker_away", ask_id=self._ask.ask_id)

    async def _do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                await self._send(step)
            elif isinstance(step, Heard):
                await self._tell(step)
            else:
                self._marks.heard = self._loop.time()
                self._ended = step

    async def _send(self, step: Send) -> None:
        if step.kind == "ask":
            if step.attempt > 1 and await self._is_cancelled():
                await self._do(self._asking.cancel(self._loop.time()))
                return
            self._marks.asked = self._loop.time()
            self._note_soon(asked=step.serial, attempt=step.attempt)
            message = ask_message(
                self._ask.ask_id,
                step.attempt,
                reply=self._calls.reply,
                user_id=self._ask.caller.user_id,
                content=self._content,
            )
        else:
            message = step.message(self._ask.ask_id)
        if step.unheard:
            self._calls.shun(step.serial)
        try:
            await self._calls.say(step.serial, message)
        except DependencyFailed:
            logger().warning("message_not_sent", ask_id=self._ask.ask_id, kind=step.kind)

    async def _is_cancelled(self) -> bool:
        """Whether its user wants it no more, and the device before did not hear that."""
        try:
            seat = await _aside(self._calls.seats.find, self._ask.caller.user_id, self._ask.ask_id)
        except DependencyFailed:
            logger().warning("seat_not_read", ask_id=self._ask.ask_id)
            return False
        return seat is not None and seat.cancelled

    async def _tell(self, step: Heard) -> None:
        self._marks.note(step.frame, self._loop.time())
        if step.frame.k == "started":
            self._begun(step.serial)
        try:
            async with asyncio.timeout(_TAKEN_WITHIN_S):
                await self._listen(step.serial, step.frame)
        except (ListenerGone, TimeoutError):
            self._gone.set()

    def _begun(self, serial: str) -> None:
        if self._ask.counts:
            self.leaves_nothing = False
            self._note(device=serial)

    def _note_soon(self, **said: str | int) -> None:
        """Note something in the seat, with what else is to be noted in the next moment; the answer
        does not wait for it.
        """
        self._unnoted |= said
        if self._notes_at is None:
            self._notes_at = self._loop.call_later(_NOTED_AFTER_S, self._note)

    def _note(self, **said: str | int) -> None:
        """Note something now, and after what was noted before."""
        if self._notes_at is not None:
            self._notes_at.cancel()
            self._notes_at = None
        noted, self._unnoted = {**self._unnoted, **said}, {}
        self._noting = asyncio.create_task(self._noted(self._noting, noted))

    async def _noted(
        self, earlier: asyncio.Task[None] | None, said: Mapping[str, str | int]
    ) -> None:
        if earlier is not None:
            await earlier
        try:
            await _aside(self._calls.seats.note, self._seat, said)
        except (DependencyFailed, ConditionFailed):
            logger().warning("seat_not_noted", ask_id=self._ask.ask_id)

    async def _recorded(self, ended: Ended) -> Answered:
        if self._noting is not None:
            await self._noting
        frame = ended.frame
        if frame is not None:
            self._marks.note(frame, self._marks.heard)
        counts = self._ask.counts and leaves_a_run(ended.how, ended.serial, spoken=ended.spoken)
        self._marks.finished = self._loop.time()
        answered = Answered(
            ask_id=self._ask.ask_id,
            model=self._ask.model,
            how=ended.how,
            device=ended.serial,
            finish_reason=None if frame is None else frame.finish_reason,
            usage=None if frame is None else frame.usage,
            metrics={} if frame is None else metrics_of(frame),
            phases=phases_of(self._marks),
            run_id=run_id(self._seat) if counts else None,
            code=None if frame is None else frame.code or frame.reason,
            message=None if frame is None else frame.message,
            ahead=ended.ahead,
            retry_after_s=ended.retry_after_s,
            conditions={} if frame is None else conditions_of(frame),
        )
        if counts:
            run = run_of(self._seat, answered, self._marks, self._ask.preview)
            await _aside(record, self._calls.segments, self._seat, run)
            self._marks.finished = self._loop.time()
            answered.phases = phases_of(self._marks)
        self.leaves_nothing = True
        return answered


def _lasts_s(ask: Ask) -> float:
    """How long a call may take, with all of its devices: upkeep settles what takes longer."""
    return min(ask.max_wait_s + ask.timeout_s, LONGEST_S)


def _wanted_seat(ask: Ask) -> Seat:
    now_us = clock.now_us()
    lasts_s = _lasts_s(ask) + _GRACE_S
    return Seat(
        sk="",
        user_id=ask.caller.user_id,
        ask_id=ask.ask_id,
        started_us=now_us,
        until_s=now_us // clock.SECOND_US + round(lasts_s) + _GRACE_S,
        model=ask.model,
        tenant=ask.caller.tenant,
        tag=ask.tag,
    )


async def _aside(work: Callable[..., Result], *arguments: Any) -> Result:
    """A call of AWS in a thread of its own, so that other calls go on."""
    return await asyncio.to_thread(work, *arguments)
