"""What calls left behind whose function died is settled: one run, and the seat free."""

from typing import Any

import pytest

from functions.maintain_gateway.handler import lambda_handler
from shared import clock
from shared.aws import Bucket, Table
from shared.clock import SECOND_US
from shared.gateway import Seats
from shared.gateway.ask import Answered
from shared.gateway.phases import Marks, phases_of
from shared.gateway.recording import record, run_of
from shared.gateway.seats import Seat
from shared.runs import decode_runs
from shared.storage.log import SegmentLog


@pytest.fixture
def seats(settings_env: dict[str, str], tables: dict[str, Table]) -> Seats:
    return Seats(tables["GatewayTable"], each_user=2)


def left(
    seats: Seats, ask_id: str = "ask_1", *, over_s: int = 1, device: str | None = None
) -> Seat:
    """The seat of a call that should have been over for so long."""
    started_us = 1_700_000_000 * SECOND_US
    until_s = clock.now_s() - over_s
    seat = seats.take(
        Seat(
            sk="",
            user_id="ada",
            ask_id=ask_id,
            started_us=started_us,
            until_s=until_s,
            model="tiny",
            tenant="team",
            tag="night",
        )
    )
    if device:
        seats.note(seat, {"device": device})
    return seat


def runs(bucket: Bucket) -> list[Any]:
    return [
        run for stored in bucket.list("segments/") for run in decode_runs(bucket.get(stored.key))
    ]


def taken(seats: Seats) -> list[str]:
    return [item["ask_id"] for item in seats.table.query("USER#ada", prefix="SEAT#")]


def test_call_is_one_failed_run_when_a_device_had_begun(seats: Seats, bucket: Bucket) -> None:
    left(seats, device="dev-1")

    assert lambda_handler({}, None) == {"settled": 1}

    (run,) = runs(bucket)
    assert (run.ok, run.device, run.model, run.tag, run.tenant) == (
        False,
        "dev-1",
        "tiny",
        "night",
        "team",
    )
    assert run.source_kind == "gateway"
    assert taken(seats) == []


def test_call_leaves_no_run_when_no_device_had_begun(seats: Seats, bucket: Bucket) -> None:
    left(seats)

    assert lambda_handler({}, None) == {"settled": 1}

    assert (runs(bucket), taken(seats)) == ([], [])


def test_call_is_left_alone_when_it_may_still_be_under_way(seats: Seats, bucket: Bucket) -> None:
    left(seats, over_s=-60, device="dev-1")

    assert lambda_handler({}, None) == {"settled": 0}

    assert (runs(bucket), taken(seats)) == ([], ["ask_1"])


def test_nothing_changes_when_the_event_comes_twice(seats: Seats, bucket: Bucket) -> None:
    left(seats, device="dev-1")

    assert [lambda_handler({}, None) for _ in range(2)] == [{"settled": 1}, {"settled": 0}]

    assert len(runs(bucket)) == 1


def test_the_calls_own_run_stays_when_its_function_died_after_it_was_written(
    seats: Seats, bucket: Bucket
) -> None:
    seat = left(seats, device="dev-1")
    marks = Marks(0.0, heard=1.0, finished=1.0)
    answered = Answered(
        ask_id="ask_1",
        model="tiny",
        how="done",
        device="dev-1",
        finish_reason="stop",
        usage=None,
        metrics={"completion_tokens": 3.0, "latency_ms": 50.0},
        phases=phases_of(marks),
        run_id=None,
    )
    record(SegmentLog(bucket), seat, run_of(seat, answered, marks, None))

    lambda_handler({}, None)

    (run,) = runs(bucket)
    assert (run.ok, run.completion_tokens) == (True, 3)
    assert taken(seats) == []


def test_others_are_settled_when_one_cannot_be(
    seats: Seats, bucket: Bucket, tables: dict[str, Table]
) -> None:
    left(seats, "ask_1", over_s=2, device="dev-1")
    left(seats, "ask_2", device="dev-2")
    broken = tables["GatewayTable"].get("USER#ada", "SEAT#00")
    assert broken is not None
    tables["GatewayTable"].put({**broken, "model": 7, "started_us": 10**30})

    assert lambda_handler({}, None)["settled"] == 1

    assert [run.device for run in runs(bucket)] == ["dev-2"]
    assert taken(seats) == ["ask_1"]


def test_seat_of_another_call_stays_when_an_old_one_is_freed_late(seats: Seats) -> None:
    old = left(seats, "ask_1")
    seats.free(old)
    left(seats, "ask_2")

    seats.free(old)

    assert taken(seats) == ["ask_2"]
