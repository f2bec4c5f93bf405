"""Devices as the gateway knows them: no older than two seconds, read by as few calls as can be."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from shared import clock
from shared.aws import Bucket, Table
from shared.devices import Fleet
from shared.gateway import ApiCaller, Ask, Calls, KnownFleet, Seats
from shared.storage.log import SegmentLog
from tests.kit import faults
from tests.kit.loops import finish


@dataclass
class Held:
    """A clock."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Yard:
    """Some devices, and what is known of them."""

    table: Table
    held: Held
    fleet: KnownFleet

    def device(self, serial: str, **said: Any) -> None:
        """One that serves a model of its own name."""
        known = {"serial": serial, "registered_models": [serial], "queue_urls": {}}
        presence = {"reported_ready": True, "reported_calls": True}
        heard = {"last_seen_us": clock.now_us(), **presence}
        self.table.put({"pk": "FLEET", "sk": f"DEVICE#{serial}", **known, **said})
        self.table.put({"pk": f"DEVICE#{serial}", "sk": "PRESENCE", **heard})

    def seen(self, which: str = "most") -> tuple[dict[str, str | None], list[str]]:
        """Devices with their owners, and the calls of AWS that were made."""
        with faults.watched_calls(faults.Calls()) as calls:
            found = finish(getattr(self.fleet, which)())
        return {each.serial: each.owner for each in found}, calls.names


@pytest.fixture
def yard(tables: dict[str, Table]) -> Yard:
    held = Held()
    made = Yard(tables["DevicesTable"], held, KnownFleet(Fleet(tables["DevicesTable"]), held))
    made.device("dev-1")
    return made


def test_devices_are_read_by_one_call_when_they_were_listed_lately(yard: Yard) -> None:
    assert yard.seen() == ({"dev-1": None}, ["Query", "BatchGetItem"])
    yard.device("dev-1", owner="ada")

    yard.held.at += 1.9
    assert yard.seen() == ({"dev-1": None}, [])
    yard.held.at += 0.2
    assert yard.seen() == ({"dev-1": "ada"}, ["BatchGetItem"])
    assert yard.seen() == ({"dev-1": "ada"}, [])
    yard.held.at += 8
    assert yard.seen() == ({"dev-1": "ada"}, ["Query", "BatchGetItem"])


def test_device_that_was_taken_out_is_not_there_when_others_are_read_again(yard: Yard) -> None:
    yard.device("dev-2")
    yard.seen()
    yard.table.delete("FLEET", "DEVICE#dev-1")

    yard.held.at += 3

    assert yard.seen() == ({"dev-2": None}, ["BatchGetItem"])


def test_new_device_is_there_when_all_are_asked_for(yard: Yard) -> None:
    yard.seen()
    yard.held.at += 3
    yard.device("dev-2")

    most, _ = yard.seen()

    assert list(most) == ["dev-1"]
    assert not yard.fleet.lacks_none
    assert yard.seen("all") == ({"dev-1": None, "dev-2": None}, ["Query", "BatchGetItem"])
    assert yard.seen("all")[1] == yard.seen()[1] == []


def test_large_fleet_is_listed_when_it_is_read_again(yard: Yard) -> None:
    for number in range(2, 52):
        yard.device(f"dev-{number}")
    yard.seen()

    yard.held.at += 3

    assert yard.seen()[1] == ["Query", "BatchGetItem"]


def test_listing_stands_when_devices_are_read_again_meanwhile(yard: Yard) -> None:
    """The one that began before the other does not take back what the other found."""
    yard.seen()
    yard.held.at += 3
    yard.device("dev-2")

    async def both() -> None:
        reading = asyncio.ensure_future(yard.fleet.most())
        await asyncio.sleep(0)
        await yard.fleet.all()
        await reading

    finish(both())

    assert yard.seen() == ({"dev-1": None, "dev-2": None}, [])


def test_call_is_placed_when_its_device_was_registered_a_moment_ago(
    yard: Yard, tables: dict[str, Table], bucket: Bucket
) -> None:
    yard.seen()
    yard.held.at += 3
    yard.device("dev-2")
    seats = Seats(tables["GatewayTable"], each_user=8)
    calls = Calls("stack", yard.fleet, seats, bucket, SegmentLog(bucket), _unused)
    caller = ApiCaller(user_id="ada", tenant="t", admin=False)

    serials, _ = finish(calls._placed(Ask(ask_id="ask_1", caller=caller, model="dev-2", body={})))

    assert serials == ["dev-2"]


def _unused(*_: Any) -> Any:
    raise AssertionError("no device is asked")
