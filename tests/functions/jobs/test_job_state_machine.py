"""Any order of what users, devices, SQS and maintenance do: a job ends once, with one run.

Hypothesis plays a user, two devices (one of them may come back from the dead), SQS that
doubles and delays, and a clock; a small model says what must hold after every step.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit.yard import Yard

DEVICES = ("dev-1", "dev-2")
ENDS = ("succeeded", "cancelled", "dead")

STEPS = st.one_of(
    st.tuples(
        st.sampled_from(["claim", "heartbeat", "complete", "fail", "confirm_cancel"]),
        st.sampled_from(DEVICES),
        st.booleans(),
    ),
    st.tuples(st.sampled_from(["cancel", "sweep", "redrive", "requeue"]), st.none(), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([5, 65, 700]), st.none()),
)


class Play:
    """Carries steps out and keeps what the devices believe."""

    def __init__(self, yard: Yard, clock: Any) -> None:
        self.yard, self.clock = yard, clock
        self.job_id = str(yard.submit(max_attempts=2)["job_id"])
        self.attempts: dict[str, list[int]] = {serial: [] for serial in DEVICES}
        self.holders: dict[int, str] = {}
        self.oks = 0

    def step(self, what: str, who: Any, old: Any) -> None:
        """One step; whatever it answers must be one of the contract's answers."""
        if what == "wait":
            self.clock.advance(who)
        elif what == "sweep":
            self.yard.sweep()
        elif what == "redrive":
            self.yard.collect({"job_id": self.job_id, "user_id": "ada", "attempt": 0})
        elif what in ("cancel", "requeue"):
            path = f"/api/jobs/{self.job_id}/cancel"
            path = path if what == "cancel" else f"/jobs/{self.job_id}/requeue"
            assert self.yard.user().post(path).status in (200, 202, 409)
        elif what == "claim":
            self._claim(who)
        elif self.attempts[who]:
            attempt = self.attempts[who][0 if old else -1]
            self._report(what, who, attempt)

    def _claim(self, who: str) -> None:
        answer = self.yard.say("claim", self.job_id, who)
        assert answer.status in (200, 409, 410), answer.text
        if answer.status == 200:
            attempt = answer.json()["attempt"]
            # One attempt is one device's, for ever.
            assert self.holders.setdefault(attempt, who) == who
            self.attempts[who].append(attempt)

    def _report(self, what: str, who: str, attempt: int) -> None:
        before = self.status()
        if what == "heartbeat":
            answer = self.yard.say("heartbeat", self.job_id, who, attempt=attempt)
        elif what == "complete":
            answer = self.yard.complete(self.job_id, attempt, who)
        else:
            code = "cancelled" if what == "confirm_cancel" else "runtime_crash"
            answer = self.yard.fail(self.job_id, attempt, who, code=code)
        assert answer.status in (200, 409, 410), answer.text
        if before in ENDS:
            assert self.status() == before, "an end was left by a device"

    def status(self) -> str:
        """The job's status as its user sees it."""
        return str(self.yard.job(self.job_id)["status"])


@pytest.mark.exhaustive
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_one_run_per_end_when_anything_happens_in_any_order(
    yard: Yard, held_clock: Any, steps: list[tuple[str, Any, Any]]
) -> None:
    yard.register("dev-2")
    play = Play(yard, held_clock)

    ends: list[str] = []
    for step in steps:
        before = play.status()
        play.step(*step)
        after = play.status()
        if after != before and after in ENDS:
            ends.append(after)

    runs = [run for run in yard.runs() if run.job_id == play.job_id]
    assert sum(run.ok for run in runs) == ends.count("succeeded")
    assert sum(not run.ok for run in runs) <= ends.count("dead")
    # However it was left, time and maintenance bring it to where a device can end it.
    for _ in range(3):
        held_clock.advance(1_000)
        yard.sweep()
    assert play.status() in (*ENDS, "queued")


@pytest.mark.parametrize("device", DEVICES)
def test_a_zombies_word_changes_nothing_when_another_has_finished(yard, held_clock, device) -> None:
    yard.register("dev-2")
    job_id = yard.submit()["job_id"]
    old = yard.claim(job_id, device)
    held_clock.advance(61)
    other = DEVICES[1 - DEVICES.index(device)]
    yard.complete(job_id, yard.claim(job_id, other), other)

    said = [
        yard.complete(job_id, old, device),
        yard.fail(job_id, old, device),
        yard.say("heartbeat", job_id, device, attempt=old),
    ]

    assert {(answer.status, answer.code) for answer in said} == {(409, "lease_lost")}
    assert len(yard.runs()) == 1
