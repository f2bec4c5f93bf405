"""Retiring: `DELETE /devices/{serial}`, and what becomes of its jobs and queues."""

import pytest

from shared.accounts import find_credential
from tests.kit.cloud import aws_client
from tests.kit.faults import crash, lose_answer, watched_calls
from tests.kit.yard import Yard


def retire(
    yard: Yard,
    serial: str = "dev-1",
    *,
    user: str = "root",
    admin: bool = True,
    query: str = "",
):
    return yard.api("devices", user=user, admin=admin).delete(f"/devices/{serial}{query}")


def own_queues() -> list[str]:
    names = [url.rpartition("/")[2] for url in aws_client("sqs").list_queues()["QueueUrls"]]
    return [name for name in names if "-device-dev-1-" in name]


def test_the_device_and_its_token_are_gone_when_it_is_retired(yard: Yard) -> None:
    token = yard.register("dev-1").json()["device_token"]

    answers = [retire(yard).status, retire(yard).status]

    assert answers == [204, 404]
    assert find_credential(yard.tables["AccountsTable"], token) is None
    assert yard.api("devices", user="root", admin=True).get("/devices").json()["data"] == []
    assert yard.device().post("/devices/dev-1/session", json={}).status == 404


def test_only_administrators_retire_devices(yard: Yard) -> None:
    answer = retire(yard, user="ada", admin=False)

    assert (answer.status, answer.code) == (403, "forbidden")


def test_its_pinned_jobs_are_dead_when_a_device_is_retired(yard, held_clock) -> None:
    yard.add("dev-2")
    jobs = [yard.submit(device_serial="dev-1")["job_id"] for _ in range(3)]
    running = jobs[0]
    yard.claim(running)
    free = yard.submit()["job_id"]
    retire(yard)

    yard.sweep()
    waited = [yard.job(job_id)["status"] for job_id in jobs]
    for _ in range(3):
        held_clock.advance(61)
        yard.report("dev-2")
        yard.sweep()

    ended = [yard.job(job_id) for job_id in jobs]
    assert waited == ["running", "dead", "dead"]
    assert {job["failure"]["code"] for job in ended} == {"device_retired"}
    assert {(job["status"], job["pinned_to"]) for job in ended} == {("dead", "dev-1")}
    assert yard.claim(free, "dev-2") == 1
    assert own_queues() == []


def test_a_dead_job_goes_on_elsewhere_when_it_is_requeued_after_its_device(
    yard, held_clock
) -> None:
    yard.add("dev-2")
    yard.report("dev-1", ready=False)
    job_id = yard.submit(device_serial="dev-1")["job_id"]
    retire(yard)
    yard.sweep()

    said = {"device_serial": "dev-2"}
    requeued = yard.user().post(f"/jobs/{job_id}/requeue", json=said).json()

    assert (requeued["device_serial"], requeued["pinned_to"]) == ("dev-2", "dev-2")
    assert yard.claim(job_id, "dev-2") == 1


def test_its_jobs_ride_with_their_pool_when_they_are_to_move(yard, held_clock) -> None:
    yard.add("dev-2", queue_tags=["short"])
    jobs = [
        yard.submit(device_serial="dev-1", queue_tag="short", priority=n)["job_id"]
        for n in range(7)
    ]
    retire(yard, query="?move=1")

    done = [dict(yard.sweep()), dict(yard.sweep())]

    assert done == [{"device_drained": 1}, {"device_queues_deleted": 1}]
    assert own_queues() == []
    ran = []
    while len(ran) < len(jobs):
        job_id = (yard.receive("dev-2") or yard.receive("dev-2", "high"))["job_id"]
        yard.complete(job_id, yard.claim(job_id, "dev-2"), "dev-2")
        ran.append(job_id)
    assert sorted(ran) == sorted(jobs)
    moved = yard.job(jobs[0])
    assert (moved["device_serial"], moved["pinned_to"]) == (None, "dev-1")


def test_the_job_moves_too_when_it_ran_on_the_device_as_it_was_retired(yard, held_clock) -> None:
    yard.add("dev-2")
    job_id = yard.submit(device_serial="dev-1")["job_id"]
    yard.claim(job_id)
    retire(yard, query="?move=1")

    for _ in range(4):
        held_clock.advance(61)
        yard.report("dev-2")
        yard.sweep()

    assert (yard.receive("dev-2") or {})["job_id"] == job_id
    assert yard.job(job_id)["failure"]["code"] == "device_lost"


def test_the_serial_is_free_again_when_its_queues_are_drained(yard, held_clock) -> None:
    retire(yard)

    early = yard.register("dev-1")
    yard.sweep()
    late = yard.register("dev-1")

    assert (early.status, early.code) == (409, "device_retiring")
    assert early.headers["retry-after"] == "60"
    assert late.status == 201


@pytest.mark.exhaustive
def test_nothing_is_left_behind_when_any_call_of_retiring_fails(yard, held_clock) -> None:
    for fault in (crash, lose_answer):
        for number in range(4):
            yard.register(f"dev-{number}")
            job_id = yard.submit(device_serial=f"dev-{number}")["job_id"]
            with watched_calls() as calls:
                calls.after[number + 2] = fault
                retire(yard, f"dev-{number}")
            retire(yard, f"dev-{number}")
            for _ in range(3):
                held_clock.advance(61)
                yard.sweep()
            assert yard.job(job_id)["failure"]["code"] == "device_retired", calls.names


def test_the_queues_stay_when_a_device_is_registered_as_it_is_retired(yard: Yard) -> None:
    table = yard.tables["DevicesTable"]
    urls = table.get("FLEET", "DEVICE#dev-1")["queue_urls"]
    table.put({"pk": "RETIRED", "sk": "DEVICE#dev-1", "serial": "dev-1", "queue_urls": urls})

    done = dict(yard.sweep())

    assert done == {"device_is_back": 1}
    assert len(own_queues()) == 2
    assert yard.register("dev-1").status == 200
