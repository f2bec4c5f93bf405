"""What maintenance makes good."""

from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

from functions.maintain_jobs.handler import lambda_handler
from shared.isolation import StepsFailed
from tests.kit.faults import UNFORESEEN, about, watched_calls
from tests.kit.gateway import LambdaContext


@pytest.fixture
def broken_sends(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """While `on`, no message can be sent."""
    original = BaseClient._make_api_call  # type: ignore[attr-defined]
    broken = {"on": False}

    def call(client: Any, operation: str, parameters: Any) -> Any:
        if broken["on"] and operation == "SendMessage":
            raise ConnectionClosedError(endpoint_url="https://aws.invalid")
        return original(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return broken


def test_a_message_is_sent_when_the_submit_could_not(yard, held_clock, broken_sends) -> None:
    broken_sends["on"] = True
    job_id = yard.submit()["job_id"]
    broken_sends["on"] = False
    held_clock.advance(61)

    before = yard.messages()
    done = yard.sweep()

    assert (before, yard.messages()) == (0, 1)
    assert done == {"message_sent": 1}
    assert yard.claim(job_id) == 1


def test_nothing_is_done_when_nothing_is_due(yard, held_clock) -> None:
    yard.submit()
    held_clock.advance(30)

    assert yard.sweep() == {}
    assert yard.messages() == 1


def test_a_waiting_job_is_sent_when_its_feed_was_missed(yard, held_clock, broken_sends) -> None:
    jobs = [yard.submit()["job_id"] for _ in range(5)]
    for _ in range(4):
        yard.receive()
    broken_sends["on"] = True
    yard.claim(jobs[0])
    broken_sends["on"] = False

    sent = []
    for _ in range(3):
        held_clock.advance(61)
        yard.say("heartbeat", jobs[0], attempt=1)
        yard.sweep()
        sent.append(yard.messages())

    assert sent[-1] >= 1
    yard.report()
    assert yard.job(jobs[4])["status_reason"] is None


def test_places_are_freed_when_a_crash_left_them_taken(yard, held_clock) -> None:
    jobs = [yard.submit()["job_id"] for _ in range(4)]
    for job_id in jobs:
        yard.user().post(f"/api/jobs/{job_id}/cancel")
    table = yard.tables["JobsTable"]
    table.put({"pk": "WINDOW#pool/default/normal", "sk": "USER#ada", "sent": set(jobs)})
    late = yard.submit()["job_id"]
    for _ in range(4):
        yard.receive()

    for _ in range(2):
        held_clock.advance(61)
        yard.sweep()

    message = yard.receive()
    assert message is not None
    assert message["job_id"] == late


def test_a_job_goes_back_to_the_queue_when_its_device_is_lost(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.receive()
    yard.claim(job_id)
    held_clock.advance(61)

    done = yard.sweep()

    job = yard.job(job_id)
    assert done == {"attempt_lapsed": 1}
    assert (job["status"], job["failure"]["code"]) == ("queued", "device_lost")
    assert yard.messages() == 1
    assert yard.claim(job_id) == 2


def test_a_lease_is_left_alone_when_it_is_live(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    for _ in range(5):
        held_clock.advance(20)
        yard.say("heartbeat", job_id, attempt=attempt)

    done = yard.sweep()

    assert done == {"lease_live": 1}
    assert yard.job(job_id)["status"] == "running"


def test_a_job_is_dead_when_all_its_devices_are_lost(yard, held_clock) -> None:
    job_id = yard.submit(max_attempts=2)["job_id"]

    for _ in range(2):
        yard.claim(job_id)
        held_clock.advance(61)
        yard.sweep()

    job = yard.job(job_id)
    assert (job["status"], job["failure"]["code"]) == ("dead", "device_lost")
    assert [run.ok for run in yard.runs()] == [False]


def test_a_message_is_sent_again_when_the_device_never_gave_it_back(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.receive()
    yard.fail(job_id, yard.claim(job_id))
    held_clock.advance(901)

    yard.sweep()

    assert yard.messages() == 1


def test_all_others_are_tended_when_one_item_makes_no_sense(yard, held_clock, capsys) -> None:
    broken = {"pk": "USER#ada", "status": "running", "attempt": "x"}
    for shard in range(4):
        due = {"due_in": f"DUE#{shard}", "due_at": "0" * 17}
        yard.tables["JobsTable"].put({**broken, "sk": f"JOB#broken-{shard}", **due})
    job_id = yard.submit()["job_id"]
    yard.claim(job_id)
    held_clock.advance(61)

    done = yard.sweep()

    assert done == {"failed_unforeseen": 4, "attempt_lapsed": 1}
    assert yard.job(job_id)["status"] == "queued"
    assert capsys.readouterr().out.count('"JobsNotTended"') >= 4


def test_a_new_message_is_sent_when_a_runner_deletes_that_of_a_failed_attempt(
    yard, held_clock
) -> None:
    job_id = yard.submit()["job_id"]
    yard.fail(job_id, yard.claim(job_id))
    while yard.receive():
        pass
    held_clock.advance(181)

    yard.sweep()

    assert (yard.receive() or {})["job_id"] == job_id


@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_all_others_are_tended_when_one_job_fails_and_that_one_in_the_next_sweep(
    yard, held_clock, capsys, failure
) -> None:
    jobs = [yard.submit()["job_id"] for _ in range(4)]
    for job_id in jobs:
        yard.claim(job_id)
    held_clock.advance(61)

    with watched_calls() as calls:
        calls.failing.append((about(jobs[1], "GetItem"), failure))
        yard.sweep()
    states = [yard.job(job_id)["status"] for job_id in jobs]
    told = capsys.readouterr().out
    held_clock.advance(60)
    yard.sweep()

    assert states == ["queued", "running", "queued", "queued"]
    assert '"JobsNotTended"' in told
    assert yard.job(jobs[1])["status"] == "queued"


def test_every_due_job_has_its_turn_when_there_is_time_for_few_and_one_always_fails(
    yard, held_clock
) -> None:
    jobs = [yard.submit()["job_id"] for _ in range(6)]
    for job_id in jobs:
        yard.claim(job_id)
        held_clock.advance(0.001)
    held_clock.advance(61)

    with watched_calls() as calls:
        calls.failing.append((about(jobs[0], "GetItem"), RuntimeError("always")))
        for _ in range(4):
            lambda_handler({}, TimeFor(2))
            held_clock.advance(0.001)

    # Seven turns at the most were needed: six jobs, and the one that fails once more.
    assert [yard.job(job_id)["status"] for job_id in jobs] == ["running"] + ["queued"] * 5


def test_retired_devices_are_drained_when_what_is_due_cannot_be_listed(yard, held_clock) -> None:
    admin = yard.api("devices", user="root", admin=True)
    assert admin.delete("/devices/dev-1").status == 204

    with watched_calls() as calls:
        calls.failing.append((about("DUE#0", "Query"), RuntimeError("unforeseen")))
        with pytest.raises(StepsFailed, match="due"):
            yard.sweep()

    assert yard.tables["DevicesTable"].get("RETIRED", "DEVICE#dev-1") is None


class TimeFor(LambdaContext):
    """Time for so many things: the clock is looked at before each."""

    def __init__(self, number: int) -> None:
        super().__init__()
        object.__setattr__(self, "looks", iter([100_000] * (1 + number)))

    def get_remaining_time_in_millis(self) -> int:
        return next(self.looks, 0)


def test_jobs_behind_it_are_sent_when_one_that_waits_makes_no_sense(yard, capsys) -> None:
    first = yard.submit()["job_id"]
    broken = {"pk": "USER#ada", "sk": "JOB#broken", "status": "queued", "attempt": "x"}
    waits = {"waits_in": "pool/default/normal#ada", "rank": "0#broken"}
    yard.tables["JobsTable"].put({**broken, **waits})

    second = yard.submit()["job_id"]

    assert {(yard.receive() or {})["job_id"] for _ in range(2)} == {first, second}
    assert '"JobsNotTended"' in capsys.readouterr().out


def test_all_others_move_to_the_pool_when_one_job_of_a_retired_device_fails(yard) -> None:
    jobs = [yard.submit(device_serial="dev-1")["job_id"] for _ in range(3)]
    admin = yard.api("devices", user="root", admin=True)
    assert admin.delete("/devices/dev-1").status == 204

    with watched_calls() as calls:
        calls.failing.append((about(jobs[0], "GetItem"), RuntimeError("unforeseen")))
        yard.sweep()
    moved = {(yard.receive() or {}).get("job_id") for _ in range(3)}
    yard.sweep()

    assert moved == {jobs[1], jobs[2], None}
    assert (yard.receive() or {})["job_id"] == jobs[0]
