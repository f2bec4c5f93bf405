"""Calls of AWS that fail, before or after they took effect, and functions that are killed: each
call of a model leaves at most one run, the one it was answered with, and in the end no seat.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared import clock
from shared.aws import Bucket, Table
from shared.devices import Fleet, device_hash
from shared.errors import EvalyardError
from shared.gateway import Answered, ApiCaller, Ask, Calls, GatewayUpkeep, KnownFleet, Seats, Up
from shared.runs import Run, decode_runs
from shared.storage.log import SegmentLog
from tests.conftest import HeldClock
from tests.kit import faults
from tests.kit.loops import finish

SERIAL = "dev-1"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2}


@dataclass
class Broker:
    """Has the device answer at once, in this process."""

    hear: Callable[[str, bytes], None]
    client_id: str = "gw-1"

    async def ready(self) -> None:
        """It always is."""

    async def publish(self, _: str, payload: bytes) -> None:
        """A message to the device."""
        message = json.loads(payload)
        if message["k"] != "ask":
            return
        piece = {"index": 0, "delta": {"content": "word"}}
        said: list[dict[str, Any]] = [
            {"k": "accepted", "ahead": 0},
            {"k": "started"},
            {"k": "chunks", "c": [[20.0, piece]]},
            {"k": "done", "finish_reason": "stop", "metrics": {"latency_ms": 30.0, **USAGE}},
        ]
        for number, frame in enumerate(said, 1):
            head = {"id": message["id"], "try": message["try"], "n": number, "t": number * 10.0}
            topic = f"stack/d/{device_hash(SERIAL)}/up/gw-1"
            self.hear(topic, json.dumps({**head, **frame}).encode())


@dataclass
class Killed(faults.Calls):
    """A process that has been killed makes no call any more."""

    dead: bool = False

    def kill(self) -> None:
        """From now on."""
        self.dead = True
        faults.crash()

    def made(self, request: faults.Request, call: Callable[[], Any]) -> Any:
        if self.dead:
            faults.crash()
        return super().made(request, call)


@dataclass
class Yard:
    """A gateway whose device answers at once; each call is another user's."""

    tables: dict[str, Table]
    bucket: Bucket
    held: HeldClock
    users: list[str] = field(default_factory=list)

    def call(self, calls: faults.Calls) -> Answered | BaseException:
        """What became of one call among these calls of AWS, and of it later."""
        self.users.append(f"user-{len(self.users)}")
        with faults.watched_calls(calls):
            try:
                return finish(self._carry_out())
            except (EvalyardError, faults.Crash) as exc:
                return exc

    async def _carry_out(self) -> Answered:
        async def listen(_: str, __: Up) -> None:
            return

        calls = Calls(
            stack="stack",
            fleet=KnownFleet(Fleet(self.tables["DevicesTable"])),
            seats=self.seats,
            bucket=self.bucket,
            segments=SegmentLog(self.bucket),
            connect=lambda _, hear: Broker(hear),  # type: ignore[arg-type, return-value]
        )
        caller = ApiCaller(user_id=self.users[-1], tenant="t", admin=False)
        body = {"messages": [{"role": "user", "content": "Count."}]}
        ask = Ask(ask_id=f"ask_{self.users[-1]}", caller=caller, model="tiny", body=body)
        loop = asyncio.get_running_loop()
        return await calls.carry_out(ask, listen, asyncio.Event(), loop.time())

    @property
    def seats(self) -> Seats:
        return Seats(self.tables["GatewayTable"], each_user=8)

    def settle(self) -> None:
        """What upkeep does, once every call must be over."""
        self.held.advance(3_600)
        GatewayUpkeep(self.seats, SegmentLog(self.bucket)).sweep()

    def taken(self, user: str) -> int:
        """The seats of a user."""
        return len(list(self.tables["GatewayTable"].query(f"USER#{user}", prefix="SEAT#")))

    def runs(self, user: str) -> list[Run]:
        """The runs of a user."""
        stored = self.bucket.list(f"segments/{user}/")
        return [run for each in stored for run in decode_runs(self.bucket.get(each.key))]


@pytest.fixture
def yard(tables: dict[str, Table], bucket: Bucket, held_clock: HeldClock) -> Yard:
    table = tables["DevicesTable"]
    known = {"serial": SERIAL, "registered_models": ["tiny"], "queue_urls": {}}
    presence = {"reported_ready": True, "reported_calls": True, "last_seen_us": clock.now_us()}
    table.put({"pk": "FLEET", "sk": f"DEVICE#{SERIAL}", **known})
    table.put({"pk": f"DEVICE#{SERIAL}", "sk": "PRESENCE", **presence})
    return Yard(tables, bucket, held_clock)


def check(yard: Yard, user: str, became: Answered | BaseException, at: str) -> None:
    """One run at most, the one that was answered; no seat."""
    runs = yard.runs(user)
    assert yard.taken(user) == 0, at
    if isinstance(became, Answered):
        assert [(run.run_id, run.ok) for run in runs] == [(became.run_id, True)], at
    else:
        assert len(runs) <= 1, at


def calls_of_one(yard: Yard) -> list[str]:
    """The names of the calls of AWS of an answer without faults."""
    calls = faults.Calls()
    assert isinstance(yard.call(calls), Answered)
    assert yard.taken(yard.users[-1]) == 0
    return calls.names


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_run_and_no_seat_is_left_when_a_call_of_aws_fails(yard: Yard, when: str) -> None:
    names = calls_of_one(yard)
    losses = (faults.Calls(**{when: {number: faults.lose_answer}}) for number in range(len(names)))
    became = [yard.call(each) for each in losses]

    yard.settle()

    writes = ["PutItem", "UpdateItem", "PutObject", "TransactWriteItems"]
    assert sorted(names) == sorted(["Query", "BatchGetItem", *writes])
    for number, each in enumerate(became):
        check(yard, yard.users[number + 1], each, f"{when} {number} {names[number]}")


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_run_and_no_seat_is_left_when_the_function_is_killed(yard: Yard, when: str) -> None:
    names = calls_of_one(yard)
    became = []
    for number in range(len(names)):
        calls = Killed()
        getattr(calls, when)[number] = calls.kill
        became.append(yard.call(calls))

    yard.settle()

    for number, each in enumerate(became):
        assert isinstance(each, faults.Crash), f"{when} {number} {names[number]}"
        check(yard, yard.users[number + 1], each, f"{when} {number} {names[number]}")
    # A device had begun: it is known of the last calls that they failed, or how they ended.
    assert len(yard.runs(yard.users[-1])) == 1


def test_call_is_one_run_when_upkeep_settles_it_while_its_end_is_written(yard: Yard) -> None:
    """Late as no living function can be; whoever writes second changes nothing."""
    names = calls_of_one(yard)
    writes = faults.Calls(before={names.index("PutObject"): yard.settle})

    became = yard.call(writes)

    assert isinstance(became, Answered)
    assert len(yard.runs(yard.users[-1])) == 1
    assert yard.taken(yard.users[-1]) == 0
