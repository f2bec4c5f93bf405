"""Whatever fails between the AWS calls of a callback: it arrives, and the log tells all.

Every AWS call is made to fail in turn: before it reaches AWS, after it was carried out
(the answer is lost), or the process ends there. Then SQS hands the message over again.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.callbacks import CallbackOutbox, CallbackRecords, JobEnd
from shared.errors import EvalyardError
from tests.conftest import HeldClock
from tests.kit.effort import examples, some_calls
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.outbox import CallbackQueue
from tests.kit.receiver import Receiver
from tests.kit.yard import Yard

Fault = Callable[[], None]
FAULTS = {"lost": lose_answer, "crashed": crash}
# A message that was not handled comes back after this (VisibilityTimeout).
_HIDDEN_S = 180


def end_of(number: int, url: str) -> JobEnd:
    return JobEnd(f"job_{number}", "ada", url, "job.dead", 1_767_225_600_000_000 + number, {"a": 1})


def enqueue(yard: Yard, end: JobEnd) -> None:
    records = CallbackRecords(yard.tables["JobsTable"])
    CallbackOutbox(records, yard.queues["CallbacksQueue"]).enqueue(end)


def disturbed(number: int | None, place: str, fault: Fault, work: Callable[[], Any]) -> list[str]:
    """Do the work while an AWS call fails; the names of the calls."""
    with watched_calls() as calls:
        if number is not None:
            getattr(calls, place)[number] = fault
        with suppress(Crash, EvalyardError):
            work()
    return list(calls.names)


def deliver_until_quiet(yard: Yard, outbox: CallbackQueue, clock: HeldClock, message: Any) -> None:
    """SQS repeats a message until it is handled; so with all that follow."""
    waiting = [message]
    while waiting:
        waiting.sort(key=lambda one: one["due_us"])
        one = waiting.pop(0)
        clock.now_us = max(clock.now_us, one["due_us"])
        if yard.deliver(one):
            clock.advance(_HIDDEN_S)
            waiting.append(one)
        waiting += outbox.take()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", ["before", "after"])
def test_one_callback_is_kept_and_queued_when_any_call_of_enqueueing_fails(
    yard, outbox, held_clock, place, fault
) -> None:
    total = len(disturbed(None, place, crash, lambda: enqueue(yard, end_of(0, "https://e.com/"))))
    outbox.take()

    for number in range(total):
        end = end_of(number + 1, "https://example.com/")
        disturbed(number, place, FAULTS[fault], lambda end=end: enqueue(yard, end))
        enqueue(yard, end)

        kept = CallbackRecords(yard.tables["JobsTable"]).of_job(end.job_id)
        queued = outbox.take()
        assert len(kept) == 1
        assert {message["webhook_id"] for message in queued} == {kept[0].webhook_id}
    assert total == 2


@pytest.mark.exhaustive
def test_a_dead_end_is_told_when_its_job_is_requeued_before_it_was(yard, outbox) -> None:
    def claimed() -> tuple[str, int]:
        yard.heal()
        job_id = str(yard.submit(callback_url="https://example.com/")["job_id"])
        return job_id, yard.claim(job_id)

    def die(job: tuple[str, int]) -> None:
        yard.fail(*job, retryable=False)

    requeued = 0
    counted = claimed()
    total = len(disturbed(None, "before", lose_answer, lambda: die(counted)))
    for number in range(total):
        job = claimed()
        disturbed(number, "before", lose_answer, lambda job=job: die(job))
        if yard.user().post(f"/jobs/{job[0]}/requeue").status != 202:
            yard.fail(*job, retryable=False)
            continue
        requeued += 1
        yard.complete(job[0], yard.claim(job[0]))

        kept = CallbackRecords(yard.tables["JobsTable"]).of_job(job[0])
        assert sorted(one.kind for one in kept) == ["job.dead", "job.succeeded"], number
    assert requeued > 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", [200, 410, 500])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
def test_it_arrives_and_the_log_is_complete_when_any_call_of_delivering_fails(
    yard, receiver, outbox, held_clock, status, place, fault
) -> None:
    receiver.status = status

    def try_once(job: int, number: int | None) -> tuple[list[str], Any]:
        enqueue(yard, end_of(job, f"{receiver.url}/{job}"))
        message = outbox.take_one()
        work = disturbed(number, place, FAULTS[fault], lambda: yard.deliver(message))
        return work, message

    total = len(try_once(0, None)[0])
    outbox.take()
    for number in some_calls(total, share=1 if status == 200 else 2):
        calls, message = try_once(number + 1, number)
        lost = outbox.take()
        held_clock.advance(_HIDDEN_S)
        receiver.status = 200 if status == 500 else status
        deliver_until_quiet(yard, outbox, held_clock, message)
        for one in lost:
            deliver_until_quiet(yard, outbox, held_clock, one)
        receiver.status = status

        (callback,) = CallbackRecords(yard.tables["JobsTable"]).of_job(f"job_{number + 1}")
        requests = [one for one in receiver.received if one.path == f"/{number + 1}"]
        assert callback.over, (number, calls)
        assert callback.running is None
        assert len(requests) <= 2
        # Every request has its place in the log, if only as one of unknown outcome.
        told = [tried for tried in callback.tries if tried.error != "disabled"]
        assert len(told) >= len(requests) >= 1, (number, calls)
        assert len({(one.headers["webhook-id"], one.body) for one in requests}) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", ["before", "after"])
def test_one_redelivery_is_made_when_any_call_of_asking_fails(
    yard, receiver, outbox, ended_job, held_clock, place, fault
) -> None:
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    (callback,) = CallbackRecords(yard.tables["JobsTable"]).of_job(job_id)
    path = f"/api/jobs/{job_id}/callbacks/{callback.webhook_id}/redeliver"

    def ask(key: str) -> Any:
        return yard.user().post(path, headers={"Idempotency-Key": key})

    total = len(disturbed(None, place, crash, lambda: ask("counted")))
    outbox.deliver_all()
    for number in range(total):
        before = len(receiver.received)
        disturbed(number, place, FAULTS[fault], lambda key=f"k{number}": ask(key))
        # A call that was cut off holds its key for a while.
        held_clock.advance(40)
        answer = ask(f"k{number}")
        outbox.deliver_all()

        assert answer.status == 202, answer.text
        assert len(receiver.received) == before + 1, number


@pytest.mark.parametrize("moment", range(1, 5))
def test_one_post_is_made_when_two_deliver_at_once(
    yard, receiver, outbox, ended_job, moment
) -> None:
    ended_job(receiver.url)
    message = outbox.take_one()
    seconds: list[list[str]] = []

    with watched_calls() as calls:
        calls.before[moment] = lambda: seconds.append(yard.deliver(message))
        first = yard.deliver(message)

    # One of them has made the try; the other's message comes again, and settles then.
    assert sorted([first, *seconds]) == [[], ["message-0"]]
    assert yard.deliver(message) == []
    assert len(receiver.received) == 1


STEPS = st.one_of(
    st.tuples(st.just("deliver"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("crash"), st.integers(0, 3), st.integers(0, 6)),
    st.tuples(st.just("redeliver"), st.none(), st.none()),
    st.tuples(st.just("answer"), st.sampled_from([200, 500, 503, 410, 302]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([3, 61, 4_000, 40_000]), st.none()),
)


class Play:
    """One callback, the messages of its queue, a receiver of many moods."""

    def __init__(self, yard: Yard, outbox: CallbackQueue, clock: HeldClock, url: str) -> None:
        self.yard, self.outbox, self.clock = yard, outbox, clock
        self.job_id = str(yard.submit(callback_url=url)["job_id"])
        yard.complete(self.job_id, yard.claim(self.job_id))
        self.messages = outbox.take()
        self.asked = 0

    def step(self, receiver: Receiver, what: str, one: Any, two: Any) -> None:
        """One step of anybody."""
        if what == "wait":
            self.clock.advance(one)
        elif what == "answer":
            receiver.status = one
        elif what == "redeliver":
            self._redeliver()
        elif self.messages:
            self._hand_over(self.messages[one % len(self.messages)], what, two)

    def _redeliver(self) -> None:
        webhook_id = self.callback().webhook_id
        path = f"/api/jobs/{self.job_id}/callbacks/{webhook_id}/redeliver"
        status = self.yard.user().post(path).status
        assert status in (202, 409)
        self.asked += status == 202
        self.messages += self.outbox.take()

    def _hand_over(self, message: Any, what: str, two: Any) -> None:
        fault = crash if what == "crash" else None
        with watched_calls() as calls:
            if fault is not None:
                calls.before[two] = fault
            try:
                handled = self.yard.deliver(message) == []
            except Crash:
                handled = False
        doubled = what == "deliver" and two
        if handled and not doubled:
            self.messages.remove(message)
        self.messages += self.outbox.take()

    def callback(self) -> Any:
        """What is stored."""
        (found,) = CallbackRecords(self.yard.tables["JobsTable"]).of_job(self.job_id)
        return found


@pytest.mark.exhaustive
@settings(
    max_examples=examples(0.4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=20), path=st.uuids())
def test_log_and_bounds_hold_when_anything_happens_in_any_order(
    yard: Yard, receiver: Receiver, outbox: CallbackQueue, held_clock: HeldClock, steps, path
) -> None:
    receiver.status = 500
    receiver.received.clear()
    play = Play(yard, outbox, held_clock, f"{receiver.url}/{path}")

    for step in steps:
        play.step(receiver, *step)
    for message in play.messages:
        held_clock.advance(61)
        deliver_until_quiet(yard, outbox, held_clock, message)

    callback = play.callback()
    planned = [tried for tried in callback.tries if not tried.asked]
    ended = [tried for tried in planned if tried.error != "outcome_unknown"]
    requests = len(receiver.received)
    silent = sum(tried.error == "disabled" for tried in callback.tries)
    assert callback.over
    assert callback.running is None
    assert len(ended) == callback.made <= 7
    assert sum(tried.asked and tried.error != "outcome_unknown" for tried in callback.tries) <= (
        play.asked
    )
    assert requests <= len(callback.tries) - silent
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) <= 1
    # It was delivered, or the receiver had its chances, or said that it is gone.
    final = ended[-1] if ended else callback.tries[-1]
    assert any(tried.ok for tried in callback.tries) or final.error in ("gone", "disabled") or (
        callback.made == 7 or final.next_us is None
    )  # fmt: skip
