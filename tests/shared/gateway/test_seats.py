"""Seats of a user's calls: exactly as many as there are, taken by as few calls of AWS as can be."""

import asyncio
from typing import Any

import pytest

from shared.aws import Bucket, Table
from shared.devices import Fleet
from shared.gateway import (
    ApiCaller,
    Ask,
    Calls,
    KnownFleet,
    ModelNotFound,
    ParallelLimit,
    Seats,
    Up,
)
from shared.gateway.seats import Seat
from shared.storage.log import SegmentLog
from tests.kit import faults
from tests.kit.loops import finish


@pytest.fixture
def seats(tables: dict[str, Table]) -> Seats:
    return Seats(tables["GatewayTable"], each_user=8)


def wanted(ask_id: str) -> Seat:
    """A seat for a call."""
    return Seat(
        sk="",
        user_id="ada",
        ask_id=ask_id,
        started_us=1_767_225_600_000_000,
        until_s=1_767_226_000,
        model="tiny",
        tenant="t",
    )


def test_one_write_takes_a_seat_when_the_user_has_no_other_call(seats: Seats) -> None:
    calls = faults.Calls()

    with faults.watched_calls(calls):
        seats.take(wanted("ask_1"))

    assert calls.names == ["PutItem"]


def test_each_call_has_its_own_seat_until_none_is_left(seats: Seats) -> None:
    taken = {seats.take(wanted(f"ask_{number}")).sk for number in range(8)}

    assert len(taken) == 8
    with pytest.raises(ParallelLimit):
        seats.take(wanted("ask_8"))


def test_call_has_the_seat_that_it_took_when_the_answer_to_that_was_lost(seats: Seats) -> None:
    first = seats.take(wanted("ask_1"))

    again = seats.take(wanted("ask_1"))

    assert again == first
    assert len(list(seats.table.query("USER#ada"))) == 1


def test_seat_is_given_back_when_no_device_serves_the_model(
    seats: Seats, tables: dict[str, Table], bucket: Bucket
) -> None:
    def unused(*_: Any) -> Any:
        raise AssertionError("no device is asked")

    async def listen(_: str, __: Up) -> None:
        return

    async def call() -> None:
        fleet = KnownFleet(Fleet(tables["DevicesTable"]))
        calls = Calls("stack", fleet, seats, bucket, SegmentLog(bucket), unused)
        caller = ApiCaller(user_id="ada", tenant="t", admin=False)
        ask = Ask(ask_id="ask_1", caller=caller, model="tiny", body={})
        await calls.carry_out(ask, listen, asyncio.Event(), 0.0)

    with pytest.raises(ModelNotFound):
        finish(call())

    assert list(seats.table.query("USER#ada")) == []
