"""What becomes of messages that SQS gave up."""

from tests.kit.cloud import aws_client
from tests.kit.yard import Yard


def message(job_id: str, attempt: int = 0) -> dict[str, object]:
    return {"job_id": job_id, "user_id": "ada", "attempt": attempt}


def test_a_job_is_dead_when_its_message_was_received_too_often(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    for _ in range(20):
        assert yard.receive(visibility_s=0) is not None
    assert yard.receive() is None
    moved = aws_client("sqs").receive_message(QueueUrl=yard.queues["DeadJobsQueue"].url)

    failed = yard.collect(moved["Messages"][0]["Body"])

    job = yard.job(job_id)
    assert failed == []
    assert (job["status"], job["failure"]["code"]) == ("dead", "undeliverable")
    assert yard.runs() == []
    assert [dead["job_id"] for dead in yard.user().get("/jobs/dlq").json()["data"]] == [job_id]


def test_it_waits_on_when_its_message_was_left_to_another_device_too_often(yard, held_clock):
    yard.register("dev-2")
    yard.report("dev-1", models=["other"])
    yard.report("dev-2", models=["m"], using=True)
    job_id = yard.submit()["job_id"]
    refused = yard.say("claim", job_id, "dev-1")
    while yard.receive(visibility_s=0):
        pass

    failed = yard.collect(message(job_id), message(job_id))

    assert (refused.status, failed) == (403, [])
    assert yard.job(job_id)["status_reason"] == "device_busy"
    assert (yard.receive() or {})["job_id"] == job_id
    assert yard.claim(job_id, "dev-2") == 1


def test_it_is_dead_when_nobody_left_it_to_others_lately(yard, held_clock):
    yard.register("dev-2")
    yard.report("dev-1", models=["other"])
    yard.report("dev-2", models=["m"])
    job_id = yard.submit()["job_id"]
    yard.say("claim", job_id, "dev-1")
    held_clock.advance(3_600)

    yard.collect(message(job_id))

    assert yard.job(job_id)["failure"]["code"] == "undeliverable"


def test_nothing_changes_when_the_message_is_delivered_twice(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]

    failed = [yard.collect(message(job_id), message(job_id)), yard.collect(message(job_id))]

    assert failed == [[], []]
    assert yard.job(job_id)["status"] == "dead"
    assert len(yard.user().get("/jobs/dlq").json()["data"]) == 1


def test_the_message_is_dropped_when_its_job_ended_or_is_absent(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))

    failed = yard.collect(message(job_id), message("job_01J00000000000000000000000"))

    assert failed == []
    assert yard.job(job_id)["status"] == "succeeded"


def test_a_running_job_goes_on_when_an_older_message_of_it_dies(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)

    yard.collect(message(job_id))

    assert yard.complete(job_id, attempt).json()["status"] == "succeeded"


def test_the_new_chance_stands_when_a_message_from_before_the_requeue_dies(yard: Yard) -> None:
    job_id = yard.submit(max_attempts=1)["job_id"]
    yard.fail(job_id, yard.claim(job_id))
    yard.user().post(f"/jobs/{job_id}/requeue")

    yard.collect(message(job_id, attempt=0))

    assert yard.job(job_id)["status"] == "queued"


def test_it_is_dropped_when_a_message_is_not_one(yard: Yard) -> None:
    assert yard.collect("not json", {"job": 1}, []) == []


def test_a_death_is_counted_once_when_its_message_comes_twice(yard: Yard, capsys) -> None:
    job_id = yard.submit()["job_id"]
    capsys.readouterr()

    yard.collect(message(job_id), message(job_id))

    assert capsys.readouterr().out.count('"JobsDied":[1') == 1
