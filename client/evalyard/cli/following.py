"""Follows a job on stderr: a line that changes on a terminal, a line per change elsewhere."""

from __future__ import annotations

from rich.console import Console

from evalyard.cli.session import Session
from evalyard.client import Job
from evalyard.errors import OutOfReach, ServerError
from evalyard.models import JobRecord


def follow(session: Session, job: Job, timeout_s: float | None) -> Job:
    """Wait for the job. One that is interrupted is named, as it goes on."""
    try:
        if session.lively:
            return _with_spinner(job, timeout_s)
        return job.wait(timeout_s, lambda record: session.say(f"{job.id}: {state(record)}"))
    except KeyboardInterrupt:
        session.warn(f"{job.id} goes on; to stop it: evalyard jobs cancel {job.id}")
        raise
    except (OutOfReach, ServerError):
        session.warn(f"{job.id} goes on; its result later: evalyard jobs result {job.id}")
        raise


def state(record: JobRecord) -> str:
    """Where a job is, in a few words."""
    parts = [record.status]
    if record.queue is not None and record.status == "queued":
        parts.append(f"{record.queue.ahead} ahead")
    if record.status_detail:
        parts.append(record.status_detail)
    if record.device and record.status != "queued":
        parts.append(f"on {record.device}")
    if record.attempt > 1:
        parts.append(f"attempt {record.attempt} of {record.max_attempts}")
    return ", ".join(parts)


def _with_spinner(job: Job, timeout_s: float | None) -> Job:
    with Console(stderr=True).status(job.id) as line:
        return job.wait(timeout_s, lambda record: line.update(f"{job.id}: {state(record)}"))
