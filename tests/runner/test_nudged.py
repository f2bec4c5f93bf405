"""A whole runner with a broker: idle it hardly looks into its queues, and has a job at a word."""

from collections.abc import Iterator

import pytest

from tests.kit.broker import ThreadedBroker
from tests.kit.faults import watched_calls
from tests.runner.kit.api import job
from tests.runner.kit.bench import Bench

DOWN, UP = "yard/d/x/down", "yard/d/x/up/"


@pytest.fixture
def broker(bench: Bench) -> Iterator[ThreadedBroker]:
    """Where the device's session says that it is reached."""
    with ThreadedBroker() as threaded:
        url = f"ws://{threaded.broker.endpoint}/mqtt"
        ids = ["dev-a", "dev-b"]
        bench.api.channel = {"url": url, "client_ids": ids, "down": DOWN, "up": UP}
        yield threaded


def is_idle(bench: Bench) -> bool:
    """Whether the API knows that the device is connected and free."""
    last = next(iter(bench.api.heard("status")[-1:]), {})
    return bool(last.get("calls") and last.get("ready") and not last["using"])


@pytest.mark.exhaustive
def test_job_is_taken_at_a_word_when_the_device_waits_for_one(
    bench: Bench, broker: ThreadedBroker
) -> None:
    bench.queue("high", "high")
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    idle_rounds = []

    def idle_then_nudged() -> bool:
        if is_idle(bench) and len(idle_rounds) < 100:
            idle_rounds.append(calls.names.count("ReceiveMessage"))
        if len(idle_rounds) == 100:
            idle_rounds.append(0)
            bench.send(url, "job_1")
            broker.say(DOWN, v=1, k="look", lane="normal")
        return bool(bench.api.heard("complete"))

    with watched_calls() as calls:
        bench.run_until(idle_then_nudged)

    # A hundred times ten milliseconds; without a broker a round of this runner takes one or two.
    assert idle_rounds[99] - idle_rounds[20] <= 3
    assert len(bench.api.heard("claim")) == 1


def test_job_is_found_when_it_came_while_the_connection_was_broken(
    bench: Bench, broker: ThreadedBroker
) -> None:
    url = bench.queue("normal")
    bench.api.jobs["job_1"] = job()
    broken = []

    def broken_then_sent() -> bool:
        if is_idle(bench) and not broken:
            broker.drop_all()
            broken.append(bench.send(url, "job_1"))
        return bool(bench.api.heard("complete"))

    bench.run_until(broken_then_sent)

    assert broker.broker.connected == ["dev-a", "dev-b"]
    assert len(bench.api.heard("claim")) == 1
