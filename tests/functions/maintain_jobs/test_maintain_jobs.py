"""What maintenance makes good."""

from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

from functions.maintain_jobs.handler import lambda_handler
from shared.errors import Unavailable
from shared.isolation import StepsFailed
from tests.conftest import HeldClock
from tests.kit.faults import UNFORESEEN, about, watched_calls
from tests.kit.gateway import LambdaContext
from tests.kit.yard import Yard


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


def run_at_once(yard: Yard, number: int, clock: HeldClock | None = None) -> list[str]:
    """Jobs that run, each on a device of its own; begun a moment apart by the clock."""
    jobs = []
    for n in range(1, number + 1):
        if n > 1:
            yard.add(f"dev-{n}")
        jobs.append(yard.submit()["job_id"])
        yard.claim(jobs[-1], f"dev-{n}")
        if clock:
            clock.advance(0.001)
    return jobs


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
    held_clock.advance(29)

    assert yard.sweep() == {}
    assert yard.messages() == 1


def test_a_free_device_is_served_when_the_end_before_could_not(yard, held_clock) -> None:
    first, second = [yard.submit()["job_id"] for _ in range(2)]
    attempt = yard.claim(first)
    with watched_calls() as calls:
        calls.failing.append((about("LINES", "Query"), Unavailable("away")))
        yard.complete(first, attempt)

    before = yard.messages()
    done = yard.sweep()

    assert (before, done) == (1, {"device_served": 1})
    assert [(yard.receive() or {})["job_id"] for _ in range(2)] == [first, second]


def test_a_job_goes_elsewhere_when_its_device_falls_silent_before_it_claims(yard, held_clock):
    yard.report()
    job_id = yard.submit()["job_id"]
    held_clock.advance(61)
    yard.add("dev-2")

    done = yard.sweep()

    assert done == {"job_recalled": 1}
    assert yard.receive("dev-2") == {"job_id": job_id, "attempt": 0}
    assert yard.say("claim", job_id, "dev-1").code == "job_gone"


def test_a_job_goes_elsewhere_at_once_when_its_device_says_that_it_cannot(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.add("dev-2")

    yard.report(ready=False, not_ready_reason="hot")

    assert yard.receive("dev-2") == {"job_id": job_id, "attempt": 0}


def test_a_job_goes_elsewhere_when_a_ready_device_does_not_claim_it(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.report()
    yard.add("dev-2")

    held_clock.advance(31)
    done = [yard.sweep()]
    yard.report()
    yard.report("dev-2")
    held_clock.advance(31)
    done.append(yard.sweep())

    assert done == [{"message_sent": 1}, {"job_recalled": 1}]
    assert yard.receive("dev-2") == {"job_id": job_id, "attempt": 0}


def test_a_slot_is_freed_when_its_job_is_gone(yard, held_clock) -> None:
    lost, next_ = [yard.submit()["job_id"] for _ in range(2)]
    yard.tables["JobsTable"].delete("USER#ada", f"JOB#{lost}")
    held_clock.advance(61)

    done = yard.sweep()

    assert done == {"slot_freed": 1}
    assert next_ in {(yard.receive() or {})["job_id"] for _ in range(2)}


def test_a_line_is_struck_off_when_it_was_not_used_for_an_hour(yard, held_clock) -> None:
    first, second = [yard.submit()["job_id"] for _ in range(2)]
    yard.user().post(f"/api/jobs/{second}/cancel")
    lines = [len(list(yard.tables["JobsTable"].query("LINES")))]
    held_clock.advance(3_601)

    yard.sweep()

    lines.append(len(list(yard.tables["JobsTable"].query("LINES"))))
    assert lines == [1, 0]
    assert yard.job(first)["status"] == "queued"


def test_a_job_goes_back_to_the_queue_when_its_device_is_lost(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.receive()
    yard.claim(job_id)
    held_clock.advance(61)

    done = yard.sweep()

    job = yard.job(job_id)
    assert done == {"attempt_lapsed": 1}
    assert (job["status"], job["failure"]["code"]) == ("queued", "device_lost")
    held_clock.advance(5)
    yard.report()
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
        held_clock.advance(5)

    job = yard.job(job_id)
    assert (job["status"], job["failure"]["code"]) == ("dead", "device_lost")
    assert [run.ok for run in yard.runs()] == [False]


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


def test_a_new_message_is_sent_when_an_attempt_failed(yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.receive()

    yard.fail(job_id, yard.claim(job_id))
    held_clock.advance(5)
    yard.sweep()

    assert yard.receive() == {"job_id": job_id, "attempt": 1}


@pytest.mark.exhaustive
@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_all_others_are_tended_when_one_job_fails_and_that_one_in_the_next_sweep(
    yard, held_clock, capsys, failure
) -> None:
    jobs = run_at_once(yard, 4)
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
    jobs = run_at_once(yard, 6, held_clock)
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
    first, second = [yard.submit()["job_id"] for _ in range(2)]
    broken = {"pk": "USER#ada", "sk": "JOB#broken", "status": "queued", "attempt": "x"}
    waits = {"waits_in": "pool/default/normal/m#ada", "rank": "0#broken"}
    yard.tables["JobsTable"].put({**broken, **waits})

    yard.complete(first, yard.claim(first))

    assert {(yard.receive() or {})["job_id"] for _ in range(2)} == {first, second}
    assert '"JobsNotTended"' in capsys.readouterr().out


def test_all_others_move_to_the_pool_when_one_job_of_a_retired_device_fails(yard) -> None:
    jobs = [yard.submit(device_serial="dev-1")["job_id"] for _ in range(3)]
    admin = yard.api("devices", user="root", admin=True)
    assert admin.delete("/devices/dev-1?move=1").status == 204
    yard.add("dev-2")
    yard.add("dev-3")

    with watched_calls() as calls:
        calls.failing.append((about(jobs[1], "GetItem"), RuntimeError("unforeseen")))
        yard.sweep()
    moved = {(yard.receive(serial) or {}).get("job_id") for serial in ("dev-2", "dev-3")}
    yard.sweep()

    assert moved == {jobs[0], jobs[2]}
    assert yard.job(jobs[1])["device_serial"] is None
