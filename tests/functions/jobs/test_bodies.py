"""Small prompts and results are items, large ones objects; no answer shows which, nor what came of
a call that lost.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from functions.devices import wiring as devices
from shared.aws import Update
from shared.jobs import BodyStore, JobStore, Result, Speaker
from tests.conftest import HeldClock
from tests.functions.jobs.test_cancel_and_dead_letters import dead_job
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.gateway import ApiResponse
from tests.kit.yard import LARGE, Yard

SIZES = pytest.mark.parametrize("text", ["Because.", LARGE], ids=["small", "large"])
PLACES = pytest.mark.parametrize("place", ["before", "after"])


def kept(yard: Yard, job_id: str) -> tuple[list[str], list[str]]:
    """The names of a job's bodies: items, objects."""
    items = yard.tables["JobsTable"].query("USER#ada", prefix=f"BODY#{job_id}#")
    objects = yard.bucket.list(f"jobs/ada/{job_id}/")
    return (
        [str(item["sk"]).rpartition("#")[2] for item in items],
        [stored.key.rpartition("/")[2] for stored in objects],
    )


def result(yard: Yard, job_id: str) -> dict[str, Any]:
    document: dict[str, Any] = yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()
    return document


def move_to_bucket(yard: Yard, job_id: str, name: str, attribute: str, value: str | None) -> None:
    """Have a body be where the version before kept it, and its job not say more than then."""
    jobs, store = yard.tables["JobsTable"], _store(yard)
    job = store.get("ada", job_id)
    yard.bucket.put(f"jobs/ada/{job_id}/{name}.json", store.bodies.get(job, name))
    jobs.delete("USER#ada", f"BODY#{job_id}#{name}")
    said: dict[str, Any] = (
        {"remove": (attribute,)} if value is None else {"set": {attribute: value}}
    )
    jobs.update(Update("USER#ada", f"JOB#{job_id}", **said))


def _store(yard: Yard) -> JobStore:
    jobs = yard.tables["JobsTable"]
    return JobStore(jobs, BodyStore(jobs, yard.bucket, 400), yard.tables["DevicesTable"])


@SIZES
def test_one_job_with_its_prompt_is_there_when_a_submit_is_repeated_after_any_fault(
    yard: Yard, held_clock: HeldClock, text: str
) -> None:
    wanted = {"prompt": text, "model": "m"}

    def submit(key: str) -> ApiResponse:
        return yard.user().post("/api/jobs", json=wanted, headers={"Idempotency-Key": key})

    with watched_calls() as calls:
        submitted = [submit("first").json()["job_id"]]
    number_of_calls = len(calls.names)

    assert number_of_calls >= 6
    for number in range(number_of_calls):
        for place in ("before", "after"):
            key = f"{place} {number}"
            yard.complete(submitted[-1], yard.claim(submitted[-1]))
            with watched_calls() as calls:
                getattr(calls, place)[number] = lose_answer
                answer = submit(key)
            assert answer.status in (202, 503), answer.text
            held_clock.advance(40)
            yard.report()
            again = submit(key)
            assert again.status == 202, (key, calls.names, again.text)
            submitted.append(again.json()["job_id"])
            assert yard.job(submitted[-1])["prompt"] == text
    listed = yard.user().get("/api/jobs?limit=1000").json()["data"]
    assert {job["job_id"] for job in listed} == set(submitted)


@SIZES
@PLACES
def test_claim_gives_the_prompt_when_it_is_repeated_after_any_fault(
    yard: Yard, text: str, place: str
) -> None:
    job_id = yard.submit(prompt=text)["job_id"]
    with watched_calls() as calls:
        yard.complete(job_id, yard.claim(job_id))

    for number in range(len(calls.names)):
        job_id = yard.submit(prompt=text)["job_id"]
        with watched_calls() as calls:
            getattr(calls, place)[number] = lose_answer
            yard.say("claim", job_id)

        claimed = yard.say("claim", job_id)

        assert (claimed.status, claimed.json()["prompt"]) == (200, text), (number, calls.names)
        assert yard.complete(job_id, claimed.json()["attempt"]).status == 200


def test_small_bodies_are_items_and_large_ones_objects(yard: Yard) -> None:
    small, large = (yard.submit(prompt=text)["job_id"] for text in ("Why?", LARGE))
    for job_id, output in ((small, "Because."), (large, LARGE)):
        yard.complete(job_id, yard.claim(job_id), output=output)

    assert kept(yard, small) == (["outcome-1", "request"], [])
    assert kept(yard, large) == ([], ["outcome-1.json", "request.json"])
    assert (result(yard, small)["prompt"], result(yard, small)["output"]) == ("Why?", "Because.")
    assert (result(yard, large)["prompt"], result(yard, large)["output"]) == (LARGE, LARGE)


@pytest.mark.parametrize("texts", [("Mine.", LARGE), (LARGE, "Mine.")], ids=["item", "object"])
def test_only_the_outcome_of_the_call_that_ended_the_attempt_is_seen(
    yard: Yard, texts: tuple[str, str]
) -> None:
    """Two calls for one attempt, one of which says more: both may store what they were given."""
    slow, quick = texts
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    with watched_calls() as calls:
        yard.complete(job_id, attempt)

    shown = [_two_calls(yard, slow, quick, number) for number in range(len(calls.names))]

    assert shown[0] == shown[1] == shown[2] == shown[3] == quick
    assert set(shown[4:]) == {slow}


def _two_calls(yard: Yard, slow: str, quick: str, number: int) -> str:
    """One call before the n-th AWS call of the other; the output that is shown then."""
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    quick_result = Result(output=quick, metrics={"latency_ms": 2_000.0})

    def come_between() -> None:
        devices.leases().complete(Speaker("dev-1", attempt), job_id, quick_result)

    with watched_calls() as calls:
        calls.before[number] = come_between
        answer = yard.complete(job_id, attempt, output=slow)

    shown = result(yard, job_id)
    (run,) = [run for run in yard.runs() if run.job_id == job_id]
    assert (answer.status, answer.json()["status"]) == (200, "succeeded"), answer.text
    assert run.latency_ms == shown["metrics"]["latency_ms"]
    assert (run.latency_ms == 2_000.0) == (shown["output"] == quick)
    return str(shown["output"])


@pytest.mark.parametrize("first", ["Mine.", LARGE], ids=["item", "object"])
def test_outcome_of_a_device_that_lost_the_job_is_never_seen(
    yard: Yard, held_clock: HeldClock, first: str
) -> None:
    """Its body is stored, then another device gets the job and ends it."""
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    with watched_calls() as calls:
        calls.after[2] = crash
        with suppress(Crash):
            yard.complete(job_id, attempt, output=first)
    assert calls.names[2:3] == (["PutItem"] if first == "Mine." else ["PutObject"])
    held_clock.advance(70)
    yard.add("dev-2")
    yard.sweep()
    held_clock.advance(5)
    second = yard.claim(job_id, "dev-2")

    late = yard.complete(job_id, attempt, output=first)
    done = yard.complete(job_id, second, "dev-2", output="Theirs.")

    assert (late.code, done.status) == ("lease_lost", 200)
    assert (result(yard, job_id)["output"], result(yard, job_id)["device"]) == ("Theirs.", "dev-2")
    assert len(yard.runs()) == 1


def test_job_of_the_version_before_is_claimed_and_ends(yard: Yard) -> None:
    job_id = yard.submit(prompt="From before.")["job_id"]
    move_to_bucket(yard, job_id, "request", "request_body", "request.json")

    claimed = yard.say("claim", job_id).json()
    yard.complete(job_id, claimed["attempt"])

    assert (claimed["prompt"], yard.job(job_id)["prompt"]) == ("From before.", "From before.")
    assert kept(yard, job_id) == (["outcome-1"], ["request.json"])


@pytest.mark.parametrize("finisher", ["device", "maintenance"])
def test_job_that_the_version_before_began_to_end_ends_as_it_began(
    yard: Yard, held_clock: HeldClock, finisher: str
) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    with watched_calls() as calls:
        calls.after[3] = crash
        with suppress(Crash):
            yard.complete(job_id, attempt, output="From before.")
    assert calls.names[2:] == ["PutItem", "UpdateItem"]
    move_to_bucket(yard, job_id, "outcome-1", "outcome_body", None)
    held_clock.advance(70)

    if finisher == "device":
        assert yard.complete(job_id, attempt, output="Again.").status == 200
    else:
        yard.sweep()

    assert result(yard, job_id)["output"] == "From before."
    assert [run.job_id for run in yard.runs()] == [job_id]


@SIZES
def test_requeued_job_has_its_new_options(yard: Yard, text: str) -> None:
    job_id = dead_job(yard, prompt=text)

    for seed in (7, 8):
        yard.heal()
        asked = {"options": {"seed": seed}}
        assert yard.user().post(f"/jobs/{job_id}/requeue", json=asked).status == 202
        claimed = yard.say("claim", job_id).json()
        assert (claimed["prompt"], claimed["options"]) == (text, {"seed": seed})
        yard.fail(job_id, claimed["attempt"], code="unsupported", retryable=False)


@SIZES
@PLACES
def test_nothing_is_left_of_a_removed_job_when_any_call_of_removing_it_fails(
    yard: Yard, held_clock: HeldClock, place: str, text: str
) -> None:
    def removed(disturb: Callable[[Any], None]) -> list[str]:
        job_id = dead_job(yard, prompt=text)
        with watched_calls() as calls:
            disturb(calls)
            yard.user().delete(f"/jobs/{job_id}")
        yard.user().delete(f"/jobs/{job_id}")
        held_clock.advance(120)
        yard.sweep()
        assert yard.user().get(f"/api/jobs/{job_id}").code == "job_not_found"
        assert kept(yard, job_id) == ([], []), calls.names
        assert not list(yard.tables["JobsTable"].query(f"JOB#{job_id}"))
        yard.heal()
        yard.report()
        return calls.names

    number_of_calls = len(removed(lambda _: None))
    assert number_of_calls > 6

    for number in range(number_of_calls):
        removed(lambda calls, n=number: getattr(calls, place).update({n: lose_answer}))


def test_items_carry_no_readable_prompt_and_a_readable_day(yard: Yard) -> None:
    """What an operator finds in the table: packed content, and when it goes."""
    job_id = yard.submit(prompt="Why is the sky blue?")["job_id"]

    (item,) = yard.tables["JobsTable"].query("USER#ada", prefix=f"BODY#{job_id}#")

    assert item.keys() == {"pk", "sk", "body", "expires_at"}
    assert json.dumps({"prompt": "Why is the sky blue?"}).encode() not in item["body"]
