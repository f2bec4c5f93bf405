"""Jobs: submitted, waited for, listed.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from evalyard.client.pages import Pages
from evalyard.core import jobs, questions
from evalyard.errors import JobFailed
from evalyard.models import DeadJob, JobDetail, JobPreview, JobRecord, JobResult
from evalyard.transport import each

if TYPE_CHECKING:
    from evalyard.client.deployment import Evalyard


class Job:
    """A job that was submitted. `record` is its last known state.

    >>> job = ev.jobs.run("Why?", model="m")
    >>> job.id.startswith("job_"), job.status, job.record.model
    (True, 'queued', 'm')
    """

    def __init__(self, api: Evalyard, record: JobRecord) -> None:
        self._api = api
        self.record = record

    @property
    def id(self) -> str:
        """`job_…`."""
        return self.record.job_id

    @property
    def status(self) -> str:
        """`queued`, `running`, `cancelling`, `succeeded`, `cancelled` or `dead`."""
        return self.record.status

    def wait(
        self,
        timeout: float | None = None,
        on_progress: Callable[[JobRecord], object] | None = None,
    ) -> Job:
        """Wait until it is finished, at most `timeout` seconds; raises WaitTimeout.

        `on_progress` is called with each change: position, reason, device, attempt.

        >>> job = ev.jobs.run("Why?", model="m")
        >>> job = job.wait(timeout=60, on_progress=lambda record: print(record.status))
        succeeded
        """
        steps = jobs.wait(self.id, timeout, on_progress, time.monotonic, self._api.patience)
        self.record = self._api.walk(steps)
        return self

    def result(self, *, full: bool = False, timeout: float | None = None) -> JobResult:
        """Wait for the result; raises JobFailed where the job is dead or cancelled.

        `full` adds prompt, samples, telemetry, log and provenance.

        >>> job = ev.jobs.run("Why?", model="m")
        >>> result = job.result(timeout=60)
        >>> result.output, result.device, result.metrics.completion_tokens
        ('Why?', 'dev-1', 41)
        """
        if not jobs.is_finished(self.record):
            self.wait(timeout)
        if self.status != "succeeded":
            raise JobFailed(self.record)
        return self._api.walk(jobs.result(self.id, full, self._api.patience))

    def cancel(self) -> Job:
        """Cancel it, or ask its device to stop.

        >>> job = ev.jobs.run("Why?", model="slow")
        >>> job = job.cancel()
        >>> job.status
        'cancelled'
        """
        self.record = self._api.walk(jobs.cancel(self.id, self._api.patience))
        return self


class Jobs:
    """Jobs: prompts for models on devices."""

    def __init__(self, api: Evalyard) -> None:
        self._api = api

    def run(self, prompt: str, *, model: str, **options: Any) -> Job:
        """Submit a job. `options` are members of the body: `device_serial`, `repeat`, `tag`, ….

        >>> job = ev.jobs.run("Why is the sky blue?", model="m", options={"num_predict": 64})
        >>> job.status
        'queued'
        """
        body = {"prompt": prompt, "model": model, **options}
        return Job(self._api, self._api.walk(jobs.submit(body, self._api.patience)))

    def preview(self, prompt: str, *, model: str, **options: Any) -> JobPreview:
        """What `run` would do, without doing it.

        >>> plan = ev.jobs.preview("Why?", model="m")
        >>> plan.would
        'queue'
        """
        body = {"prompt": prompt, "model": model, **options}
        return self._api.walk(jobs.preview(body, self._api.patience))

    def map(
        self,
        prompts: Iterable[str],
        *,
        model: str,
        in_flight: int = 32,
        timeout: float | None = None,
        return_errors: bool = False,
        **options: Any,
    ) -> Iterator[JobResult | JobFailed]:
        """The results of many prompts, in their order; at most `in_flight` jobs wait at a time.

        A job that failed raises JobFailed in its turn, or is yielded with `return_errors`.

        >>> results = ev.jobs.map(["One?", "Two?"], model="m", in_flight=8)
        >>> [result.output for result in results]
        ['One?', 'Two?']
        """
        waiting: deque[Job] = deque()
        for prompt in each(prompts):
            waiting.append(self.run(prompt, model=model, **options))
            if len(waiting) >= in_flight:
                yield self._next(waiting, timeout, return_errors)
        while waiting:
            yield self._next(waiting, timeout, return_errors)

    def get(self, job_id: str) -> Job:
        """A job by its id, to wait for it or to take its result.

        >>> job = ev.jobs.run("Why?", model="slow")
        >>> again = ev.jobs.get(job.id)
        >>> again.status
        'queued'
        """
        return Job(self._api, self._api.walk(jobs.look(job_id, self._api.patience)))

    def read(self, job_id: str) -> JobDetail:
        """A job with its prompt, options and attempts.

        >>> job = ev.jobs.run("Why?", model="slow")
        >>> detail = ev.jobs.read(job.id)
        >>> detail.prompt, detail.attempts
        ('Why?', [])
        """
        return self._api.walk(jobs.read(job_id, self._api.patience))

    def result(self, job_id: str, *, full: bool = False) -> JobResult:
        """The result of a job that is finished.

        >>> job = ev.jobs.run("Why?", model="m")
        >>> job = job.wait(timeout=60)
        >>> result = ev.jobs.result(job.id, full=True)
        >>> result.prompt
        'Why?'
        """
        return self._api.walk(jobs.result(job_id, full, self._api.patience))

    def list(self, **filters: object) -> Pages[JobRecord]:
        """Jobs, newest first: `status`, `model`, `device`, `queue_tag`, `tag`, a window.

        >>> job = ev.jobs.run("Why?", model="slow", tag="nightly")
        >>> [each.job_id == job.id for each in ev.jobs.list(tag="nightly")]
        [True]
        """
        return Pages(self._api, "/api/jobs", questions.parameters(filters, None), JobRecord)

    def dead(self, **filters: object) -> Pages[DeadJob]:
        """The dead-letter queue: `device`, `model`, `failure`.

        >>> job = ev.jobs.run("Why?", model="broken")
        >>> job = job.wait(timeout=60)
        >>> [dead.failure.code for dead in ev.jobs.dead(model="broken")]
        ['out_of_memory']
        """
        return Pages(self._api, "/jobs/dlq", questions.parameters(filters, None), DeadJob)

    def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job by its id.

        >>> job = ev.jobs.run("Why?", model="slow")
        >>> cancelled = ev.jobs.cancel(job.id)
        >>> cancelled.status
        'cancelled'
        """
        return self._api.walk(jobs.cancel(job_id, self._api.patience))

    def requeue(self, job_id: str, **changes: Any) -> JobRecord:
        """Queue a dead job again: `device_serial`, `queue_tag`, `options`, `max_attempts`.

        >>> [dead] = [job for job in ev.jobs.dead(model="broken")]
        >>> queued = ev.jobs.requeue(dead.job_id, max_attempts=1)
        >>> queued.status
        'queued'
        """
        return self._api.walk(jobs.requeue(job_id, changes, self._api.patience))

    def delete(self, job_id: str) -> None:
        """Delete a dead job.

        >>> job = ev.jobs.run("Why?", model="broken")
        >>> job = job.wait(timeout=60)
        >>> ev.jobs.delete(job.id)
        """
        self._api.walk(jobs.remove(job_id, self._api.patience))

    def _next(
        self, waiting: deque[Job], timeout: float | None, return_errors: bool
    ) -> JobResult | JobFailed:
        try:
            return waiting.popleft().result(timeout=timeout)
        except JobFailed as error:
            if not return_errors:
                raise
            return error
