"""Each way in which a job is sent to a connected device nudges that device."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from shared.devices import down_topic
from tests.conftest import HeldClock, forget_caches
from tests.kit.receiver import Receiver, running_receiver
from tests.kit.yard import Yard


@pytest.fixture
def broker(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """What the jobs functions publish to."""
    with running_receiver() as receiver:
        monkeypatch.setenv("IOT_ENDPOINT", f"data.iot.us-east-1.localhost:{receiver.port}")
        monkeypatch.setenv("STACK_NAME", "yard")
        forget_caches()
        yield receiver


def heard(broker: Receiver, serial: str = "dev-1") -> list[dict[str, Any]]:
    """The messages to a device."""
    topic = down_topic("yard", serial)
    return [
        json.loads(each.body)
        for each in broker.received
        if unquote(each.path) == f"/topics/{topic}"
    ]


def test_device_is_nudged_when_jobs_are_submitted_freed_and_tried_again(
    yard: Yard, broker: Receiver, held_clock: HeldClock
) -> None:
    yard.report(calls=True)
    first, second = (yard.submit(priority=priority)["job_id"] for priority in (9, 0))
    submitted = heard(broker)

    yard.complete(first, yard.claim(first))
    freed = heard(broker)[1:]

    yard.fail(second, yard.claim(second))
    reminded = heard(broker)[2:]

    look = {"v": 1, "k": "look"}
    assert submitted == [{**look, "lane": "high"}]
    assert freed == [{**look, "lane": "normal"}]
    assert reminded == [{**look, "lane": "normal", "after_s": 5}]


def test_device_is_nudged_when_its_report_says_that_it_is_there(
    yard: Yard, broker: Receiver
) -> None:
    yard.report(ready=False, calls=True)
    yard.submit()
    assert heard(broker) == []

    yard.report(calls=True)

    assert [each["k"] for each in heard(broker)] == ["look"]


def test_job_is_accepted_and_sent_when_the_broker_refuses(yard: Yard, broker: Receiver) -> None:
    broker.status = 500
    yard.report(calls=True)

    job_id = yard.submit()["job_id"]

    assert len(heard(broker)) == 1
    assert (yard.receive() or {})["job_id"] == job_id
