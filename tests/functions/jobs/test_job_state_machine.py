"""Any order of what users, devices, SQS and maintenance do: a job ends once, with one run.

Hypothesis plays a user, two devices (one of them may come back from the dead), SQS that
doubles and delays, a clock, and AWS calls that fail or lose their answer; a small model
says what must hold after every step, and when all is settled.
"""

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.aws import Update
from shared.errors import EvalyardError
from shared.isolation import StepsFailed
from shared.jobs import BodyStore
from shared.jobs.dead_counts import DeadGroup
from shared.jobs.store import JobStore
from tests.kit.effort import examples
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.gateway import ApiResponse
from tests.kit.yard import LARGE, METRICS, Yard

DEVICES = ("dev-1", "dev-2")
ENDS = ("succeeded", "cancelled", "dead")
REPORTS = ("heartbeat", "complete", "fail", "give_up", "confirm_cancel")
CODES = {"fail": "runtime_crash", "give_up": "model_invalid", "confirm_cancel": "cancelled"}

# A fault, whether it strikes after the call took effect, and the number of the call.
FAULTY = st.tuples(
    st.sampled_from([None, None, None, crash, lose_answer]), st.booleans(), st.integers(0, 14)
)
STEPS = st.one_of(
    st.tuples(st.sampled_from(("claim", *REPORTS)), st.sampled_from(DEVICES), st.booleans()),
    st.tuples(
        st.sampled_from(["cancel", "sweep", "redrive", "requeue", "delete"]),
        st.none(),
        st.booleans(),
    ),
    st.tuples(st.just("wait"), st.sampled_from([5, 65, 700]), st.just(False)),
)


class Play:
    """Carries steps out, and keeps what the devices believe and how the job ended."""

    def __init__(self, yard: Yard, clock: Any, prompt: str) -> None:
        self.yard, self.clock = yard, clock
        fields = {"max_attempts": 2, "callback_url": "https://example.com/hook", "prompt": prompt}
        self.job_id = str(yard.submit(**fields)["job_id"])
        self.attempts: dict[str, list[tuple[int, str]]] = {serial: [] for serial in DEVICES}
        self.holders: dict[str, str] = {}
        self.seen = "queued"
        self.ends: list[str] = []
        self.deaths_after_running = 0
        self.reports = 0

    def step(self, what: str, who: Any, old: bool, faulty: tuple[Any, bool, int]) -> None:
        """One step, perhaps with a fault; whatever it answers is one of the contract's answers."""
        fault, after, number = faulty
        with watched_calls() as calls:
            if fault:
                (calls.after if after else calls.before)[number] = fault
            # Lambda calls a function again that failed as a whole; here the next sweep does.
            with suppress(Crash, EvalyardError, StepsFailed):
                self._step(what, who, old)
        self.look(by_user=what in ("requeue", "delete"))

    def look(self, *, by_user: bool = False) -> None:
        """Note what became of the job: an end is left only by its user."""
        document = self.yard.job(self.job_id)
        status = str(document["status"]) if "job_id" in document else "removed"
        if self.seen in (*ENDS, "removed") and status != self.seen:
            assert by_user, f"{self.seen} became {status}"
        if status != self.seen and status in ENDS:
            self.ends.append(status)
            self.deaths_after_running += status == "dead" and document["attempt"] > 0
        self.seen = status
        self._check_slots()

    def _check_slots(self) -> None:
        """The job and the device that it was sent to know of each other, at every moment."""
        item = self.yard.tables["JobsTable"].get("USER#ada", f"JOB#{self.job_id}") or {}
        presences = [(f"DEVICE#{serial}", "PRESENCE") for serial in DEVICES]
        slots = self.yard.tables["DevicesTable"].get_many(presences)
        holders = [slot["pk"].removeprefix("DEVICE#") for slot in slots if "holds" in slot]
        assert holders == ([item["sent_to"]] if "sent_to" in item else [])

    def settle(self) -> None:
        """Time and maintenance bring the job to an end, or to where a device can run it."""
        for _ in range(4):
            self.clock.advance(1_000)
            self.yard.sweep()
            self.look()
        for serial in DEVICES:
            answer = self.yard.say("claim", self.job_id, serial)
            if answer.status == 200:
                self._complete(answer.json()["attempt"], serial)
        self.look()

    def _step(self, what: str, who: Any, old: bool) -> None:
        if what == "wait":
            self.clock.advance(who)
        elif what == "sweep":
            self.yard.sweep()
        elif what == "redrive":
            self.yard.collect({"job_id": self.job_id, "attempt": 0})
        elif what == "claim":
            self._claim(who)
        elif what in REPORTS:
            self._report(what, who, old)
        else:
            self._user(what)

    def _user(self, what: str) -> None:
        user = self.yard.user()
        if what == "cancel":
            _check(user.post(f"/api/jobs/{self.job_id}/cancel"), 200, 202, 404, 409)
        elif what == "requeue":
            _check(user.post(f"/jobs/{self.job_id}/requeue"), 202, 404, 409)
        else:
            _check(user.delete(f"/jobs/{self.job_id}"), 204, 404, 409)

    def _claim(self, who: str) -> None:
        answer = _check(self.yard.say("claim", self.job_id, who), 200, 409, 410)
        if answer.status == 200:
            attempt, fence = answer.json()["attempt"], answer.headers["x-evalyard-attempt"]
            # One attempt is one device's, for ever.
            assert self.holders.setdefault(fence, who) == who
            self.attempts[who].append((attempt, fence))

    def _report(self, what: str, who: str, old: bool) -> None:
        if not self.attempts[who]:
            return
        attempt, fence = self.attempts[who][0 if old else -1]
        if what == "heartbeat":
            answer = self.yard.say("heartbeat", self.job_id, who, attempt=attempt, fence=fence)
        elif what == "complete":
            answer = self._complete(attempt, who, fence=fence)
        else:
            answer = self.yard.fail(self.job_id, attempt, who, code=CODES[what], fence=fence)
        _check(answer, 200, 409, 410)

    def _complete(self, attempt: int, who: str, **fields: Any) -> ApiResponse:
        """Report a result unlike all others, each other one too large for an item."""
        self.reports += 1
        output = f"{who}: {LARGE if self.reports % 2 else ''}"
        metrics = {**METRICS, "latency_ms": float(self.reports)}
        return self.yard.complete(
            self.job_id, attempt, who, output=output, metrics=metrics, **fields
        )


def _check(answer: ApiResponse, *allowed: int) -> ApiResponse:
    # A fault on the way is told as 503, and as 500 where it ended the process.
    assert answer.status in (*allowed, 500, 503), answer.text
    return answer


@pytest.mark.exhaustive
@settings(
    max_examples=examples(),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(STEPS, FAULTY), min_size=3, max_size=14))
def test_one_run_and_one_callback_per_end_when_anything_happens_in_any_order(
    yard: Yard, held_clock: Any, steps: list[tuple[tuple[str, Any, bool], Any]]
) -> None:
    # The yard is the same for all examples; each begins with devices that are free.
    yard.register("dev-2")
    for serial in DEVICES:
        begun = ("holds", "failing", "failing_code")
        slot = Update(f"DEVICE#{serial}", "PRESENCE", remove=begun)
        yard.tables["DevicesTable"].update(slot)
        yard.report(serial)
    play = Play(yard, held_clock, prompt=LARGE if len(steps) % 2 else "Why?")

    for (what, who, old), faulty in steps:
        play.step(what, who, old, faulty)
    play.settle()

    runs = [run for run in yard.runs() if run.job_id == play.job_id]
    assert sum(run.ok for run in runs) == play.ends.count("succeeded")
    assert sum(not run.ok for run in runs) == play.deaths_after_running
    kept = list(yard.tables["JobsTable"].query(f"JOB#{play.job_id}", prefix="CALLBACK#"))
    if play.seen == "removed":
        assert not kept
        assert not list(yard.bucket.list(f"jobs/ada/{play.job_id}/"))
        assert not list(yard.tables["JobsTable"].query("USER#ada", prefix=f"BODY#{play.job_id}"))
    else:
        assert play.seen in ENDS
        assert sorted(item["kind"] for item in kept) == sorted(f"job.{end}" for end in play.ends)
    if play.seen == "succeeded":
        _check_result(play, [run.latency_ms for run in runs if run.ok][-1])
    bodies = BodyStore(yard.tables["JobsTable"], yard.bucket, 400)
    store = JobStore(yard.tables["JobsTable"], bodies, yard.tables["DevicesTable"])
    groups = Counter(DeadGroup.of(job, job.failure) for job in store.dead("ada", at_once=100))
    assert {each.group: each.count for each in store.dead_counts.of("ada")} == groups


def _check_result(play: Play, recorded_ms: float | None) -> None:
    """What is shown is what was recorded, by the device that ended the job."""
    result = play.yard.user().get(f"/api/jobs/{play.job_id}/result").json()
    assert result["metrics"]["latency_ms"] == recorded_ms
    assert result["output"].startswith(f"{result['device']}: ")


@pytest.mark.parametrize("device", DEVICES)
def test_a_zombies_word_changes_nothing_when_another_has_finished(yard, held_clock, device) -> None:
    other = DEVICES[1 - DEVICES.index(device)]
    yard.add("dev-2")
    yard.report(other, ready=False)
    job_id = yard.submit()["job_id"]
    old = yard.claim(job_id, device)
    held_clock.advance(61)
    yard.sweep()
    held_clock.advance(5)
    yard.report(other)
    yard.complete(job_id, yard.claim(job_id, other), other)

    said = [
        yard.complete(job_id, old, device),
        yard.fail(job_id, old, device),
        yard.say("heartbeat", job_id, device, attempt=old),
    ]

    assert {(answer.status, answer.code) for answer in said} == {(409, "lease_lost")}
    assert len(yard.runs()) == 1
