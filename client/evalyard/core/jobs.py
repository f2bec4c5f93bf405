"""What is asked about jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from evalyard.core.sending import Patience, ask, decode, exchange, follow, get, post
from evalyard.core.wire import Pause, Request, Steps, query
from evalyard.errors import (
    Conflict,
    EvalyardError,
    JobFailed,
    OutOfReach,
    RateLimited,
    ServerError,
    UnreadableAnswer,
    WaitTimeout,
)
from evalyard.models import JobDetail, JobPreview, JobRecord, JobResult

# The service passes over members that it does not know: a job for `device` would run on any.
MEMBERS = frozenset(
    {
        *("adapter_id", "callback_url", "conditions", "device_serial", "expires_in_s"),
        *("max_attempts", "model", "options", "priority", "prompt", "queue_tag", "repeat"),
        *("system", "tag", "timeout_s", "warmup"),
    }
)
CHANGES = frozenset({"device_serial", "queue_tag", "options", "max_attempts"})
_FINISHED = ("succeeded", "cancelled", "dead")
# A short job is seen soon, a long one costs a request every few seconds.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0
# A network or a service that is gone for so long ends a wait; the job goes on all the same.
_OUTAGE_S = 300.0


def submit(body: dict[str, Any], patience: Patience) -> Steps[JobRecord]:
    """Queues a job; raises TypeError for a member that a job does not have."""
    _known(body, MEMBERS)
    return ask(post("/api/jobs", body), JobRecord, patience)


def preview(body: dict[str, Any], patience: Patience) -> Steps[JobPreview]:
    """What a submit would do; raises TypeError likewise."""
    _known(body, MEMBERS)
    return ask(post("/api/jobs", body, query({"dry_run": True})), JobPreview, patience)


def read(job_id: str, patience: Patience) -> Steps[JobDetail]:
    """The job with its prompt and attempts."""
    return ask(get(_path(job_id)), JobDetail, patience)


def look(job_id: str, patience: Patience) -> Steps[JobRecord]:
    """The job as lists show it."""
    return ask(get(_path(job_id)), JobRecord, patience)


def result(job_id: str, full: bool, patience: Patience) -> Steps[JobResult]:
    """The result of a job that succeeded; raises JobFailed for one that has none."""
    request = get(f"{_path(job_id)}/result", query({"full": full or None}))
    try:
        reply = yield from follow(request, patience)
    except Conflict as error:
        if error.code != "job_has_no_result":
            raise
        raise JobFailed((yield from ask(get(_path(job_id)), JobRecord, patience))) from error
    return decode(reply, JobResult)


def wait(
    job_id: str,
    timeout_s: float | None,
    on_progress: Callable[[JobRecord], object] | None,
    clock: Callable[[], float],
    patience: Patience,
) -> Steps[JobRecord]:
    """The job when it is finished; raises WaitTimeout. Progress is each change of its state.

    Raises OutOfReach and the like where no answer came for five minutes, or until the wait is over.
    """
    start, pause_s, seen = clock(), _FIRST_PAUSE_S, None
    heard = start
    while True:
        try:
            job = yield from ask(get(_path(job_id)), JobRecord, patience)
        except EvalyardError as error:
            now = clock()
            is_over = timeout_s is not None and now - start >= timeout_s
            if is_over or now - heard >= _OUTAGE_S or not _may_pass(error):
                raise
            yield Pause(_LONGEST_PAUSE_S)
            continue
        heard = clock()
        if on_progress is not None and (state := _state(job)) != seen:
            seen = state
            on_progress(job)
        if is_finished(job):
            return job
        left_s = None if timeout_s is None else timeout_s - (clock() - start)
        if left_s is not None and timeout_s is not None and left_s <= 0:
            raise WaitTimeout(job, timeout_s)
        yield Pause(pause_s if left_s is None else min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def is_finished(job: JobRecord) -> bool:
    """Whether nothing more comes, also in a state that this version does not know."""
    return job.status in _FINISHED or job.finished_at is not None


def _may_pass(error: EvalyardError) -> bool:
    """Whether it says nothing about the job: no answer, or one of something on the way."""
    if isinstance(error, UnreadableAnswer):
        return not isinstance(error.__cause__, msgspec.ValidationError)
    return isinstance(error, (OutOfReach, RateLimited, ServerError))


def cancel(job_id: str, patience: Patience) -> Steps[JobRecord]:
    """Cancels a queued job, or asks the device of a running one to stop."""
    return ask(post(f"{_path(job_id)}/cancel"), JobRecord, patience)


def requeue(job_id: str, changes: dict[str, Any], patience: Patience) -> Steps[JobRecord]:
    """Queues a dead job again; its attempts start at 0. Raises TypeError likewise."""
    _known(changes, CHANGES)
    return ask(post(f"/jobs/{quote(job_id, safe='')}/requeue", changes), JobRecord, patience)


def remove(job_id: str, patience: Patience) -> Steps[None]:
    """Deletes a dead job."""
    yield from exchange(Request("DELETE", f"/jobs/{quote(job_id, safe='')}"), patience)


def _known(given: dict[str, Any], members: frozenset[str]) -> None:
    for name in given:
        if name not in members:
            raise TypeError(
                f"there is no {name!r} here, but {', '.join(sorted(members))}; "
                "how to generate is said in options={…}"
            )


def _path(job_id: str) -> str:
    return f"/api/jobs/{quote(job_id, safe='')}"


def _state(job: JobRecord) -> tuple[object, ...]:
    ahead = job.queue.ahead if job.queue else None
    return job.status, job.status_detail, job.device, job.attempt, ahead
