"""Waits for a job: what is an outage, and for how long one is waited out."""

import msgspec
import pytest
from evalyard import Forbidden, OutOfReach
from evalyard.core.jobs import wait
from evalyard.core.sending import Patience
from evalyard.core.wire import Lost, Pause, Reply
from evalyard.errors import UnreadableAnswer
from evalyard.models import JobRecord

LOST = Lost("no route to host", True)
PAGE = Reply(200, {"content-type": "text/html"}, b"<html>Please sign in.</html>")
OF_ANOTHER_VERSION = Reply(200, {}, b'{"job_id": 1}')


def _answer(status: str) -> Reply:
    job = JobRecord(
        job_id="job_1", status=status, model="m", prompt_preview="Why?", priority=5,
        queue_tag="default", attempt=1, max_attempts=3, timeout_s=600, warmup=0, repeat=1,
        created_at="2026-11-29T00:00:00Z",
    )  # fmt: skip
    return Reply(200, {}, msgspec.json.encode(job))


def _waited(outcomes, timeout_s=None):
    """The job, and for how long it was waited for: each answer takes no time."""
    now = [0.0]
    steps = wait("job_1", timeout_s, None, lambda: now[0], Patience(retries=0))
    step, left = next(steps), list(outcomes)
    try:
        while True:
            if isinstance(step, Pause):
                now[0] += step.seconds
                step = steps.send(None)
            else:
                step = steps.send(left.pop(0) if len(left) > 1 else left[0])
    except StopIteration as end:
        return end.value.status, now[0]


@pytest.mark.parametrize("outage", [LOST, Reply(502, {}, b""), Reply(429, {}, b""), PAGE])
def test_the_job_is_waited_for_when_its_service_is_away_for_some_minutes(outage) -> None:
    status, waited_s = _waited([_answer("running"), *[outage] * 50, _answer("succeeded")])

    assert status == "succeeded"
    assert waited_s > 240


def test_another_outage_has_its_own_time_when_an_answer_came_between() -> None:
    away = [LOST] * 40

    status, waited_s = _waited([*away, _answer("running"), *away, _answer("succeeded")])

    assert status == "succeeded"
    assert waited_s > 300


def test_the_outage_is_raised_when_it_does_not_end() -> None:
    with pytest.raises(OutOfReach):
        _waited([_answer("running"), LOST])


def test_the_outage_is_raised_when_the_wait_is_over() -> None:
    with pytest.raises(OutOfReach):
        _waited([LOST] * 4 + [_answer("succeeded")], timeout_s=12.0)


@pytest.mark.parametrize(
    ("answer", "kind"), [(Reply(403, {}, b"{}"), Forbidden), (OF_ANOTHER_VERSION, UnreadableAnswer)]
)
def test_it_is_raised_at_once_when_it_will_not_pass(answer, kind) -> None:
    with pytest.raises(kind):
        _waited([answer, _answer("succeeded")])
