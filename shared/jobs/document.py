"""A job as the API and callbacks show it."""

from typing import Any

import msgspec

from shared import clock
from shared.jobs.job import Attempt, Failure, Job
from shared.runs import condition_values


def job_document(job: Job) -> dict[str, Any]:
    """The job without what takes other reads (its place in the queue, its prompt)."""
    return {
        "job_id": job.job_id,
        "status": job.status,
        "status_reason": None,
        "status_detail": None,
        "model": job.model,
        "prompt_preview": job.prompt_preview,
        "priority": job.priority,
        "queue_tag": job.queue_tag,
        "device_serial": job.device_serial,
        "pinned_to": job.pinned_to or job.device_serial,
        "device": job.device,
        "adapter_id": job.adapter_id,
        "callback_url": job.callback_url,
        "tag": job.tag,
        "conditions": condition_values(job.conditions),
        "attempt": job.attempts_made,
        "max_attempts": job.max_attempts,
        "timeout_s": job.timeout_s,
        "warmup": job.warmup,
        "repeat": job.repeat,
        "created_at": clock.iso(job.created_us),
        "started_at": clock.iso_or_none(job.started_us),
        "finished_at": clock.iso_or_none(job.finished_us if job.finished else None),
        "queue_ms": _ms_between(job.queued_us, job.started_us),
        "run_ms": _ms_between(job.started_us, job.finished_us if job.finished else None),
        "failure": failure_document(job.failure),
        "queue": None,
    }


def failure_document(failure: Failure | None) -> dict[str, Any] | None:
    """A failure as the API shows it."""
    return None if failure is None else msgspec.to_builtins(failure)


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """One attempt as the API shows it."""
    return {
        "attempt": attempt.number or attempt.attempt,
        "device": attempt.device,
        "started_at": clock.iso(attempt.started_us),
        "finished_at": clock.iso_or_none(attempt.ended_us),
        "failure": failure_document(attempt.failure),
    }


def _ms_between(start_us: int | None, end_us: int | None) -> float | None:
    if start_us is None or end_us is None:
        return None
    return max(0, end_us - start_us) / 1_000
