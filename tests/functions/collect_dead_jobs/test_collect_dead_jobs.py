"""What becomes of messages that SQS gave up."""

from tests.kit.cloud import aws_client
from tests.kit.yard import Yard


def message(job_id: str, attempt: int = 0) -> dict[str, object]:
    return {"job_id": job_id, "attempt": attempt}


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


def test_it_waits_on_when_the_message_is_one_of_before(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    yard.report(ready=False)

    failed = yard.collect(message(job_id))

    assert failed == []
    assert yard.job(job_id)["status"] == "queued"


def test_it_is_dead_when_the_message_names_the_user_as_older_ones_do(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]

    yard.collect({**message(job_id), "user_id": "ada"})

    assert yard.job(job_id)["status"] == "dead"


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
