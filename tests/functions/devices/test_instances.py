"""Two processes with the serial of one device: the second is refused, by name, while it must."""

from typing import Any

from shared.aws import Update
from tests.conftest import HeldClock
from tests.kit.faults import watched_calls
from tests.kit.gateway import ApiResponse
from tests.kit.yard import Yard


def session(yard: Yard, instance: str | None) -> ApiResponse:
    body = {} if instance is None else {"instance": instance}
    return yard.device().post("/devices/dev-1/session", json=body)


def status(yard: Yard, instance: str, **fields: Any) -> ApiResponse:
    said = {"ready": True, "instance": instance, **fields}
    return yard.device().post("/devices/dev-1/status", json=said)


def seen(answer: ApiResponse) -> tuple[int, str | None]:
    return answer.status, answer.code if answer.status >= 400 else None


def test_a_second_process_is_refused_while_the_first_is_heard_of(
    yard: Yard, held_clock: HeldClock
) -> None:
    first = session(yard, "a")
    held_clock.advance(45)
    status(yard, "a")
    held_clock.advance(45)

    second = session(yard, "b")

    assert first.status == 200
    assert seen(second) == (409, "device_in_use")
    assert second.headers["retry-after"] == "16"
    assert session(yard, "a").status == 200


def test_what_the_second_process_says_of_itself_counts_for_nothing(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")
    status(yard, "a", battery=80)

    refused = [status(yard, "b", ready=False), status(yard, "b", leaving=True)]

    device = yard.api("devices", user="ada").get("/devices/dev-1").json()
    assert [seen(answer) for answer in refused] == [(409, "device_in_use")] * 2
    assert (device["ready"], device["battery"]) == (True, 80)
    assert seen(session(yard, "b")) == (409, "device_in_use")


def test_the_second_process_is_let_in_when_the_first_was_silent_for_a_minute(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")
    held_clock.advance(60)

    assert session(yard, "b").status == 200
    assert seen(status(yard, "a")) == (409, "device_in_use")
    assert seen(session(yard, "a")) == (409, "device_in_use")


def test_the_next_process_is_let_in_at_once_when_the_first_said_that_it_leaves(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")
    left = status(yard, "a", ready=False, leaving=True)

    assert left.status == 204
    assert session(yard, "b").status == 200


def test_nothing_is_checked_when_a_process_does_not_say_who_it_is(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")

    nameless = session(yard, None), yard.device().post("/devices/dev-1/session")
    yard.report(leaving=True)

    assert [answer.status for answer in nameless] == [200, 200]
    assert seen(session(yard, "b")) == (409, "device_in_use")


def test_the_first_process_is_heard_of_when_a_status_names_none(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")
    held_clock.advance(45)
    yard.report()
    held_clock.advance(45)

    assert seen(session(yard, "b")) == (409, "device_in_use")


def test_one_is_refused_when_two_processes_begin_at_the_same_moment(
    yard: Yard, held_clock: HeldClock
) -> None:
    other = Update("DEVICE#dev-1", "PRESENCE", set={"instance": "b", "instance_us": 1})

    with watched_calls() as calls:
        calls.before_each["UpdateItem"] = lambda: yard.tables["DevicesTable"].update(other)
        answer = session(yard, "a")

    assert seen(answer) == (409, "device_in_use")


def test_the_next_process_is_let_in_at_once_when_the_device_was_registered_again(
    yard: Yard, held_clock: HeldClock
) -> None:
    session(yard, "a")

    yard.register("dev-1")

    assert session(yard, "b").status == 200
