"""Which device gets which job, and when: one at a time, in turn, by priority, never another's."""

from collections.abc import Callable

import pytest

from shared import clock
from shared.config import read_settings
from shared.devices import Telemetry
from shared.jobs import Jobs, JobsSettings
from tests.conftest import HeldClock
from tests.kit.cloud import aws_client
from tests.kit.faults import crash, lose_answer, watched_calls
from tests.kit.yard import Yard


def drained(yard: Yard, serial: str = "dev-1") -> list[str]:
    """The jobs that a device runs one after the other until it gets none."""
    ran = []
    while message := yard.receive(serial, "high") or yard.receive(serial):
        attempt = yard.claim(message["job_id"], serial)
        assert yard.complete(message["job_id"], attempt, serial).status == 200
        ran.append(message["job_id"])
    return ran


def messages(yard: Yard, serial: str) -> int:
    return yard.messages(serial) + yard.messages(serial, "high")


def test_a_device_has_one_job_at_a_time_when_many_wait(yard: Yard) -> None:
    jobs = [yard.submit()["job_id"] for _ in range(4)]

    sent = yard.messages()

    assert sent == 1
    assert drained(yard) == jobs


def test_priority_then_age_decides_among_ones_own_jobs_when_the_device_is_free_again(
    yard: Yard,
) -> None:
    first = yard.submit()["job_id"]
    waiting = [yard.submit(priority=priority)["job_id"] for priority in (0, 4, 0, 2)]

    ran = drained(yard)

    assert ran == [first, waiting[1], waiting[3], waiting[0], waiting[2]]


def test_users_take_turns_when_one_of_them_floods_the_pool(yard: Yard, held_clock) -> None:
    """Also where the clock stands: turns are counted."""
    flood, late = [], []
    for user, jobs in (*[("flood", flood)] * 5, *[("late", late)] * 2):
        jobs.append(yard.submit(user)["job_id"])
        held_clock.advance(0.001)

    ran = drained(yard)

    assert ran == [flood[0], flood[1], late[0], flood[2], late[1], flood[3], flood[4]]


def test_turns_are_the_users_when_one_asks_for_many_models(yard: Yard) -> None:
    yard.report(models=["m", "n", "o"])
    first = yard.submit("ada")["job_id"]
    adas = [yard.submit("ada", model=model)["job_id"] for model in ("m", "n", "o")]
    eves = [yard.submit("eve")["job_id"] for _ in range(2)]

    assert drained(yard) == [first, adas[0], eves[0], adas[1], eves[1], adas[2]]


def test_high_goes_first_but_for_every_fourth_job_when_both_levels_wait(yard: Yard) -> None:
    high = [yard.submit("ada", priority=9)["job_id"] for _ in range(6)]
    normal = [yard.submit("eve")["job_id"] for _ in range(2)]

    assert drained(yard) == [*high[:3], normal[0], *high[3:], normal[1]]


def test_nobody_sees_anothers_message_when_devices_differ(yard: Yard) -> None:
    accounts = yard.api("accounts", user="root", admin=True)
    accounts.post("/accounts/users", json={"user_id": "eve"})
    yard.report(models=["small"])
    yard.add("eves", owner="eve", models=["big"])
    yard.add("other-pool", models=["big"], queue_tags=["long"])
    yard.add("right", models=["big"])

    yard.submit("ada", model="big")

    serials = ("dev-1", "eves", "other-pool", "right")
    assert [messages(yard, serial) for serial in serials] == [0, 0, 0, 1]


def test_the_device_that_was_free_for_longest_gets_it_when_several_are(yard: Yard) -> None:
    yard.add("dev-2")

    for _ in range(4):
        job_id = yard.submit()["job_id"]
        serial = "dev-1" if yard.messages("dev-1") else "dev-2"
        message = yard.receive(serial) or {}
        yard.complete(job_id, yard.claim(message["job_id"], serial), serial)

    presences = [("DEVICE#dev-1", "PRESENCE"), ("DEVICE#dev-2", "PRESENCE")]
    turns = [item["turns"] for item in yard.tables["DevicesTable"].get_many(presences)]
    assert turns == [2, 2]


def test_a_claimed_message_that_comes_twice_is_deleted_when_the_job_has_ended(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    aws_client("sqs").send_message(QueueUrl=yard.queue(), MessageBody=f'{{"job_id":"{job_id}"}}')
    yard.complete(job_id, yard.claim(job_id))

    again = yard.say("claim", job_id)

    assert (again.status, again.code) == (410, "job_gone")
    assert len(yard.runs()) == 1


def test_a_late_message_is_refused_when_the_device_has_another_job(yard: Yard) -> None:
    yard.submit()
    waiting = yard.submit()["job_id"]

    answer = yard.say("claim", waiting)

    assert (answer.status, answer.code) == (410, "job_gone")
    assert yard.job(waiting)["status"] == "queued"


@pytest.mark.parametrize("fault", [crash, lose_answer])
@pytest.mark.parametrize("number", range(3, 6))
def test_a_job_is_sent_when_any_call_of_its_submission_fails_or_dies(
    yard: Yard, held_clock: HeldClock, fault: Callable[[], None], number: int
) -> None:
    submitted = {"json": {"prompt": "?", "model": "m"}, "headers": {"Idempotency-Key": "k"}}
    with watched_calls() as calls:
        calls.after[number] = fault
        yard.user().post("/api/jobs", **submitted)
    held_clock.advance(61)
    answer = yard.user().post("/api/jobs", **submitted)
    yard.sweep()

    assert answer.status == 202, calls.names
    assert {answer.json()["job_id"]} == set(drained_once(yard))


def drained_once(yard: Yard) -> list[str]:
    """As `drained`, where messages may be doubled: what ran, in order."""
    ran = []
    while message := yard.receive():
        claimed = yard.say("claim", message["job_id"])
        if claimed.status == 200:
            yard.complete(message["job_id"], claimed.json()["attempt"])
            ran.append(message["job_id"])
    return ran


def test_users_stay_in_turn_when_another_dispatcher_is_quicker(yard: Yard) -> None:
    """Before each transaction of one dispatcher, another serves the other device."""
    jobs = Jobs.of(read_settings(JobsSettings))
    yard.report("dev-1", ready=False)
    adas = [yard.submit("ada")["job_id"] for _ in range(2)]
    eve = yard.submit("eve")["job_id"]
    yard.register("dev-2")
    for serial in ("dev-1", "dev-2"):
        jobs.fleet.report(serial, {"reported_ready": True}, Telemetry(at_us=clock.now_us()))

    with watched_calls() as calls:
        quicker = jobs.fleet.get("dev-2")
        calls.before_each["TransactWriteItems"] = lambda: jobs.dispatcher.heard(quicker)
        jobs.dispatcher.heard(jobs.fleet.get("dev-1"))

    assert yard.receive("dev-2") == {"job_id": adas[0], "attempt": 0}
    assert yard.receive("dev-1") == {"job_id": eve, "attempt": 0}
    assert yard.messages("dev-1") + yard.messages("dev-2") == 0
