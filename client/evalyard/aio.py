"""The SDK for asyncio. `evalyard.client` is made from this file by `make openapi`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Generic, TypeVar

import httpx

from evalyard import arrow
from evalyard.core import datasets, jobs, places, questions, usage
from evalyard.core.appending import Appending, AppendReport, RowVerdict, Upload
from evalyard.core.pages import page
from evalyard.core.parts import Undividable, parts
from evalyard.core.pushing import Pushing, PushReport
from evalyard.core.questions import Filters, Rules, Window
from evalyard.core.rows import records
from evalyard.core.sending import Patience
from evalyard.core.wire import Params, Steps, query, without_nones
from evalyard.errors import EvalyardError, JobFailed
from evalyard.models import (
    Baseline,
    BaselineDetail,
    Changes,
    Compare,
    Dataset,
    DeadJob,
    Device,
    DeviceDetail,
    Gate,
    Health,
    Import,
    JobDetail,
    JobPreview,
    JobRecord,
    JobResult,
    Me,
    SavedAdapter,
    Summary,
    Undo,
    UsageTable,
)
from evalyard.settings import Target, resolve
from evalyard.transport import TIMEOUT_S, AsyncWalker, async_each

T = TypeVar("T")
_PATIENCE = Patience()


class AsyncPages(Generic[T]):
    """A list of the API, read page by page while it is iterated.

    >>> [device.serial async for device in ev.devices.list(model="m")]
    ['dev-1']
    """

    def __init__(self, api: AsyncEvalyard, path: str, params: Params, kind: type[T]) -> None:
        self._api = api
        self._path = path
        self._params = params
        self._kind = kind

    async def __aiter__(self) -> AsyncIterator[T]:
        async for items in self.pages():
            for item in items:
                yield item

    async def pages(self) -> AsyncIterator[list[T]]:
        """The pages as lists.

        >>> [len(page) async for page in ev.devices.list(model="m").pages()]
        [1]
        """
        cursor: str | None = None
        for _ in count():
            steps = page(self._path, self._params, self._kind, cursor, self._api.patience)
            items, cursor = await self._api.walk(steps)
            yield items
            if cursor is None:
                return

    async def to_arrow(self) -> Any:
        """All items as a `pyarrow.Table`.

        >>> table = await ev.devices.list().to_arrow()
        """
        return arrow.table([item async for item in self])


class AsyncJob:
    """A job that was submitted. `record` is its last known state.

    >>> job = await ev.jobs.run("Why?", model="m")
    >>> job.id.startswith("job_"), job.status, job.record.model
    (True, 'queued', 'm')
    """

    def __init__(self, api: AsyncEvalyard, record: JobRecord) -> None:
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

    async def wait(
        self,
        timeout: float | None = None,
        on_progress: Callable[[JobRecord], object] | None = None,
    ) -> AsyncJob:
        """Wait until it is finished, at most `timeout` seconds; raises WaitTimeout.

        `on_progress` is called with each change: position, reason, device, attempt.

        >>> job = await ev.jobs.run("Why?", model="m")
        >>> job = await job.wait(timeout=60, on_progress=lambda record: print(record.status))
        succeeded
        """
        steps = jobs.wait(self.id, timeout, on_progress, time.monotonic, self._api.patience)
        self.record = await self._api.walk(steps)
        return self

    async def result(self, *, full: bool = False, timeout: float | None = None) -> JobResult:
        """Wait for the result; raises JobFailed where the job is dead or cancelled.

        `full` adds prompt, samples, telemetry, log and provenance.

        >>> job = await ev.jobs.run("Why?", model="m")
        >>> result = await job.result(timeout=60)
        >>> result.output, result.device, result.metrics.completion_tokens
        ('Why?', 'dev-1', 41)
        """
        if not jobs.is_finished(self.record):
            await self.wait(timeout)
        if self.status != "succeeded":
            raise JobFailed(self.record)
        return await self._api.walk(jobs.result(self.id, full, self._api.patience))

    async def cancel(self) -> AsyncJob:
        """Cancel it, or ask its device to stop.

        >>> job = await ev.jobs.run("Why?", model="slow")
        >>> job = await job.cancel()
        >>> job.status
        'cancelled'
        """
        self.record = await self._api.walk(jobs.cancel(self.id, self._api.patience))
        return self


class AsyncJobs:
    """Jobs: prompts for models on devices."""

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    async def run(self, prompt: str, *, model: str, **options: Any) -> AsyncJob:
        """Submit a job. `options` are members of the body: `device_serial`, `repeat`, `tag`, ….

        >>> job = await ev.jobs.run("Why is the sky blue?", model="m", options={"num_predict": 64})
        >>> job.status
        'queued'
        """
        body = {"prompt": prompt, "model": model, **options}
        return AsyncJob(self._api, await self._api.walk(jobs.submit(body, self._api.patience)))

    async def preview(self, prompt: str, *, model: str, **options: Any) -> JobPreview:
        """What `run` would do, without doing it.

        >>> plan = await ev.jobs.preview("Why?", model="m")
        >>> plan.would
        'queue'
        """
        body = {"prompt": prompt, "model": model, **options}
        return await self._api.walk(jobs.preview(body, self._api.patience))

    async def map(
        self,
        prompts: Iterable[str] | AsyncIterable[str],
        *,
        model: str,
        in_flight: int = 32,
        timeout: float | None = None,
        return_errors: bool = False,
        **options: Any,
    ) -> AsyncIterator[JobResult | JobFailed]:
        """The results of many prompts, in their order; at most `in_flight` jobs wait at a time.

        A job that failed raises JobFailed in its turn, or is yielded with `return_errors`.

        >>> results = ev.jobs.map(["One?", "Two?"], model="m", in_flight=8)
        >>> [result.output async for result in results]
        ['One?', 'Two?']
        """
        waiting: deque[AsyncJob] = deque()
        async for prompt in async_each(prompts):
            waiting.append(await self.run(prompt, model=model, **options))
            if len(waiting) >= in_flight:
                yield await self._next(waiting, timeout, return_errors)
        while waiting:
            yield await self._next(waiting, timeout, return_errors)

    async def get(self, job_id: str) -> AsyncJob:
        """A job by its id, to wait for it or to take its result.

        >>> job = await ev.jobs.run("Why?", model="slow")
        >>> again = await ev.jobs.get(job.id)
        >>> again.status
        'queued'
        """
        return AsyncJob(self._api, await self._api.walk(jobs.look(job_id, self._api.patience)))

    async def read(self, job_id: str) -> JobDetail:
        """A job with its prompt, options and attempts.

        >>> job = await ev.jobs.run("Why?", model="slow")
        >>> detail = await ev.jobs.read(job.id)
        >>> detail.prompt, detail.attempts
        ('Why?', [])
        """
        return await self._api.walk(jobs.read(job_id, self._api.patience))

    async def result(self, job_id: str, *, full: bool = False) -> JobResult:
        """The result of a job that is finished.

        >>> job = await ev.jobs.run("Why?", model="m")
        >>> job = await job.wait(timeout=60)
        >>> result = await ev.jobs.result(job.id, full=True)
        >>> result.prompt
        'Why?'
        """
        return await self._api.walk(jobs.result(job_id, full, self._api.patience))

    def list(self, **filters: object) -> AsyncPages[JobRecord]:
        """Jobs, newest first: `status`, `model`, `device`, `queue_tag`, `tag`, a window.

        >>> job = await ev.jobs.run("Why?", model="slow", tag="nightly")
        >>> [each.job_id == job.id async for each in ev.jobs.list(tag="nightly")]
        [True]
        """
        return AsyncPages(self._api, "/api/jobs", questions.parameters(filters, None), JobRecord)

    def dead(self, **filters: object) -> AsyncPages[DeadJob]:
        """The dead-letter queue: `device`, `model`, `failure`.

        >>> job = await ev.jobs.run("Why?", model="broken")
        >>> job = await job.wait(timeout=60)
        >>> [dead.failure.code async for dead in ev.jobs.dead(model="broken")]
        ['out_of_memory']
        """
        return AsyncPages(self._api, "/jobs/dlq", query(filters), DeadJob)

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job by its id.

        >>> job = await ev.jobs.run("Why?", model="slow")
        >>> cancelled = await ev.jobs.cancel(job.id)
        >>> cancelled.status
        'cancelled'
        """
        return await self._api.walk(jobs.cancel(job_id, self._api.patience))

    async def requeue(self, job_id: str, **changes: Any) -> JobRecord:
        """Queue a dead job again: `device_serial`, `queue_tag`, `options`, `max_attempts`.

        >>> [dead] = [job async for job in ev.jobs.dead(model="broken")]
        >>> queued = await ev.jobs.requeue(dead.job_id, max_attempts=1)
        >>> queued.status
        'queued'
        """
        return await self._api.walk(jobs.requeue(job_id, changes, self._api.patience))

    async def delete(self, job_id: str) -> None:
        """Delete a dead job.

        >>> job = await ev.jobs.run("Why?", model="broken")
        >>> job = await job.wait(timeout=60)
        >>> await ev.jobs.delete(job.id)
        """
        await self._api.walk(jobs.remove(job_id, self._api.patience))

    async def _next(
        self, waiting: deque[AsyncJob], timeout: float | None, return_errors: bool
    ) -> JobResult | JobFailed:
        try:
            return await waiting.popleft().result(timeout=timeout)
        except JobFailed as error:
            if not return_errors:
                raise
            return error


class AsyncDatasets:
    """Datasets: rows of your own, which an adapter turns into runs."""

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    async def append(
        self,
        name: str,
        rows: Any,
        *,
        resume: str | None = None,
        on_verdict: Callable[[RowVerdict], object] | None = None,
        on_part: Callable[[AppendReport], object] | None = None,
    ) -> AppendReport:
        """Append any number of rows: dicts, lines of JSON, a DataFrame, an Arrow table.

        Rows go in gzip parts within the limits of a call, one in memory at a time. A part whose
        answer was lost is sent again under its key and stored once. `resume` of AppendInterrupted
        or of a report goes on with the same rows where an upload was cut. Verdicts on bad rows
        are in the report, or go to `on_verdict` one by one; `on_part` is called after each part.

        >>> report = await ev.datasets.append("runs", ({"latency_ms": n} for n in (900.0, 850.0)))
        >>> report.appended, report.verdicts
        (2, [])
        """
        now_s = time.time()
        upload = Upload.resume(resume, now_s) if resume else Upload.begin(now_s)
        appending = Appending(name, upload, self._api.patience, on_verdict, on_part)
        skip = appending.to_skip
        try:
            async for row in async_each(records(rows)):
                if skip:
                    skip -= 1
                elif (steps := appending.add(row)) is not None:
                    await self._api.walk(steps)
            if (steps := appending.finish()) is not None:
                await self._api.walk(steps)
        except EvalyardError as error:
            cut = appending.cut(error)
            if cut is error:
                raise
            raise cut from error
        return appending.report

    def list(self) -> AsyncPages[Dataset]:
        """The datasets by name.

        >>> report = await ev.datasets.append("listed", [{"latency_ms": 900.0}])
        >>> [each.rows async for each in ev.datasets.list() if each.dataset == "listed"]
        [1]
        """
        return AsyncPages(self._api, "/user/data/list", (), Dataset)

    def rows(self, name: str, *, order: str = "asc", limit: int = 1_000) -> AsyncPages[Any]:
        """All rows, in the order of appending (`desc`: the newest first).

        >>> report = await ev.datasets.append("read", [{"n": 1}, {"n": 2}])
        >>> [row["n"] async for row in ev.datasets.rows("read", order="desc")]
        [2, 1]
        """
        params = query({"dataset": name, "order": order, "limit": limit})
        return AsyncPages(self._api, "/user/data/get", params, dict)

    async def tail(self, name: str, rows: int = 10) -> Sequence[dict[str, Any]]:
        """The last rows, in the order of appending.

        >>> report = await ev.datasets.append("long", ({"n": n} for n in range(100)))
        >>> last = await ev.datasets.tail("long", 3)
        >>> [row["n"] for row in last]
        [97, 98, 99]
        """
        steps = datasets.rows(name, {"tail": rows}, self._api.patience)
        return (await self._api.walk(steps)).data

    async def adapter(self, name: str) -> SavedAdapter:
        """The dataset's adapter; NotFound where there is none.

        >>> saved = await ev.datasets.save_adapter("adapted", device_field="host")
        >>> adapter = await ev.datasets.adapter("adapted")
        >>> adapter.device_field, adapter.version
        ('host', 1)
        """
        return await self._api.walk(datasets.adapter(name, self._api.patience))

    async def save_adapter(
        self, name: str, *, backfill: bool = False, **fields: Any
    ) -> SavedAdapter:
        """Save which fields of rows are the members of a run.

        >>> power = {"field": "watts", "label": "Power (W)", "better": "lower"}
        >>> saved = await ev.datasets.save_adapter("powered", extra_fields=[power])
        >>> saved.version
        1
        """
        body = {"dataset": name, **fields}
        return await self._api.walk(datasets.save_adapter(body, backfill, self._api.patience))

    async def undo(self, batch_id: str) -> Undo:
        """Take one append or import back.

        >>> report = await ev.datasets.append("undone", [{"n": 1}, {"n": 2}])
        >>> undone = await ev.datasets.undo(report.batches[-1])
        >>> undone.removed_rows
        2
        """
        return await self._api.walk(datasets.undo(batch_id, self._api.patience))

    async def delete(self, name: str, *, usage: bool = False) -> None:
        """Delete a dataset; `usage` removes the runs that came of it too.

        >>> report = await ev.datasets.append("old", [{"n": 1}])
        >>> await ev.datasets.delete("old", usage=True)
        """
        await self._api.walk(datasets.remove(name, usage, self._api.patience))


class AsyncUsage:
    """Usage: statistics, comparisons and gates over runs.

    Filters are given by name (`model="m"`, a list for any of several, `{"cond.quant": "Q4"}` with
    `**`); `window` has `minutes`, `last_s`, or `from` and `to`.
    """

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    async def summary(self, *, window: Window | None = None, **filters: object) -> Summary:
        """The statistics of some runs.

        >>> summary = await ev.usage.summary(window={"last_s": 3600}, model="none")
        >>> summary.runs, summary.latency_ms.p95
        (0, None)
        """
        params = questions.parameters(filters, window)
        return await self._api.walk(usage.summary(params, self._api.patience))

    async def query(
        self,
        *,
        group_by: Sequence[str] = (),
        top: int | None = None,
        bucket: str | int = "auto",
        window: Window | None = None,
        **filters: object,
    ) -> UsageTable:
        """Statistics over time and by up to three dimensions or conditions.

        `top` names only so many groups, those with the most runs; the others are one entry.

        >>> rows = b'[{"model": "a", "latency_ms": 900.0}, {"model": "b", "latency_ms": 850.0}]'
        >>> imported = await ev.usage.import_file(rows, tag="asked")
        >>> usage = await ev.usage.query(group_by=["model"], tag="asked")
        >>> [(group.key, group.runs) for group in usage.breakdown]
        [({'model': 'a'}, 1), ({'model': 'b'}, 1)]
        """
        by = ",".join([group_by] if isinstance(group_by, str) else group_by) or None
        params = questions.parameters(filters, window, group_by=by, top=top, bucket=bucket)
        return await self._api.walk(usage.usage(params, self._api.patience))

    async def compare(
        self,
        a: Filters | None = None,
        b: Filters | None = None,
        *,
        a_window: Window | None = None,
        b_window: Window | None = None,
        min_effect_pct: float | None = None,
    ) -> Compare:
        """Whether side `b` is better or worse than side `a`, metric by metric.

        >>> rows = b'[{"tag": "cpu", "latency_ms": 900.0}, {"tag": "gpu", "latency_ms": 300.0}]'
        >>> imported = await ev.usage.import_file(rows)
        >>> today = {"last_s": 86_400}
        >>> sides = {"tag": "cpu"}, {"tag": "gpu"}
        >>> compared = await ev.usage.compare(*sides, a_window=today, b_window=today)
        >>> {each.metric: each.verdict for each in compared.metrics}["latency_ms"]
        'inconclusive'
        """
        params = questions.compared(a, b, a_window, b_window, min_effect_pct=min_effect_pct)
        return await self._api.walk(usage.compare(params, self._api.patience))

    async def gate(
        self,
        baseline: str | None = None,
        *,
        reference: Mapping[str, object] | None = None,
        filters: Filters | None = None,
        window: Window | None = None,
        by: Sequence[str] | None = None,
        rules: Rules | None = None,
        min_runs: int | None = None,
        require_same: Sequence[str] | None = None,
        fdr: float | None = None,
    ) -> Gate:
        """Whether the candidate (`filters`, `window`) is worse than a baseline or a reference.

        >>> rows = [{"model": "gated", "latency_ms": 900.0 + n % 3} for n in range(8)]
        >>> imported = await ev.usage.import_file(json.dumps(rows).encode())
        >>> today = {"last_s": 86_400}
        >>> runs = {"filters": {"model": ["gated"]}, "window": today}
        >>> gate = await ev.usage.gate(reference=runs, filters={"model": "gated"}, window=today)
        >>> gate.verdict
        'pass'
        """
        body = questions.gate_body(
            baseline=baseline,
            reference=reference,
            filters=filters,
            window=window,
            by=by,
            rules=rules,
            min_runs=min_runs,
            require_same=require_same,
            fdr=fdr,
        )
        return await self._api.walk(usage.gate(body, self._api.patience))

    async def changes(
        self,
        metric: str = "tok_s",
        *,
        group_by: Sequence[str] = (),
        window: Window | None = None,
        **filters: object,
    ) -> Changes:
        """When a metric shifted, and what else changed then.

        >>> found = await ev.usage.changes("tok_s", group_by="model", model="none")
        >>> found.changes
        []
        """
        by = ",".join([group_by] if isinstance(group_by, str) else group_by) or None
        params = questions.parameters(filters, window, metric=metric, group_by=by)
        return await self._api.walk(usage.changes(params, self._api.patience))

    async def export(
        self,
        path: str | Path,
        *,
        format: str = "csv",  # noqa: A002  # The API's word.
        window: Window | None = None,
        **filters: object,
    ) -> Path:
        """Write the runs to a file: `csv`, `jsonl` or `parquet`; never a part of one.

        >>> rows = b'[{"tag": "exported", "latency_ms": 900.0}]'
        >>> imported = await ev.usage.import_file(rows)
        >>> path = await ev.usage.export("runs.csv", tag="exported")
        >>> len(path.read_text().splitlines())
        2
        """
        target = Path(path)
        draft = target.with_name(target.name + ".part")
        try:
            with draft.open("wb") as file:
                await self._export(file.write, format, window, filters)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return target

    async def to_arrow(self, *, window: Window | None = None, **filters: object) -> Any:
        """The runs as a `pyarrow.Table`.

        >>> table = await ev.usage.to_arrow(window={"last_s": 3600})
        """
        pieces: list[bytes] = []
        await self._export(pieces.append, "parquet", window, filters)
        return arrow.parquet(b"".join(pieces))

    async def import_file(
        self, content: bytes, media_type: str = "application/json", **options: Any
    ) -> Import:
        """Import what another tool wrote; the service recognises it.

        Options are the API's: `dry_run`, `strict`, `device`, `model`, `tag`, `adapter`, `format`;
        `**{"cond.commit": "4f2c1d9"}` is a condition of all rows that do not say it.

        >>> rows = b'[{"latency_ms": 900.0}, {"latency_ms": "slow"}]'
        >>> imported = await ev.usage.import_file(rows, dry_run=True)
        >>> imported.imported, [error.pointer for error in imported.errors]
        (1, ['/rows/1/latency_ms'])
        """
        steps = usage.import_file(content, media_type, options, self._api.patience)
        return await self._api.walk(steps)

    async def push(
        self,
        file: str | Path | BinaryIO,
        *,
        name: str | None = None,
        resume: str | None = None,
        on_part: Callable[[PushReport], object] | None = None,
        **options: Any,
    ) -> PushReport:
        """Import a file of any size that another tool wrote; the service recognises it.

        Above 5 MB it goes in parts, one in memory at a time: JSON lines, CSV and JSON arrays are
        cut between records, streams between answers. `resume` of AppendInterrupted goes on with
        the same file. `name` is that of an open file. Options are the API's: `dry_run`, `device`,
        `model`, `tag`, `adapter`, `format`, conditions as `**{"cond.commit": "4f2c1d9"}`. Raises
        Invalid where nothing is recognised, and TooLarge for a large document that is one piece.

        >>> written = Path("bench.json").write_text('[{"device": "d", "latency_ms": 900.0}]')
        >>> report = await ev.usage.push("bench.json", tag="nightly")
        >>> report.imported, report.format
        (1, 'rows')
        """
        if isinstance(file, (str, Path)):
            with open(file, "rb") as opened:
                return await self.push(
                    opened, name=name or str(file), resume=resume, on_part=on_part, **options
                )
        now_s = time.time()
        upload = Upload.resume(resume, now_s) if resume else Upload.begin(now_s)
        pushing = Pushing(name or "file", upload, options, self._api.patience, on_part)
        try:
            for part in parts(file, name or "", upload.start):
                await self._api.walk(pushing.send(part))
        except Undividable as error:
            raise await self._api.walk(pushing.undividable(error)) from error
        except EvalyardError as error:
            cut = pushing.cut(error)
            if cut is error:
                raise
            raise cut from error
        return pushing.report

    async def _export(
        self,
        sink: Callable[[bytes], object],
        kind: str,
        window: Window | None,
        filters: Filters,
    ) -> None:
        params = questions.parameters(filters, window, format=kind)
        await self._api.walk(usage.export(params, sink, self._api.patience))


class AsyncBaselines:
    """Baselines: figures that gates are held against."""

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    async def set(
        self,
        name: str,
        *,
        reason: str,
        window: Window,
        filters: Filters | None = None,
        by: Sequence[str] | None = None,
    ) -> Baseline:
        """Keep the figures of some runs under a name, and why.

        >>> imported = await ev.usage.import_file(b'[{"model": "set", "latency_ms": 900.0}]')
        >>> saved = await ev.baselines.set(
        ...     "main", reason="release 1.4", window={"last_s": 86_400}, filters={"model": "set"}
        ... )
        >>> saved.version, saved.runs
        (1, 1)
        """
        side = questions.side_body(filters, window)
        body = {**side, **without_nones([("by", by), ("reason", reason)])}
        return await self._api.walk(usage.set_baseline(name, body, self._api.patience))

    async def get(self, name: str) -> BaselineDetail:
        """A baseline with its history.

        >>> imported = await ev.usage.import_file(b'[{"model": "kept", "latency_ms": 900.0}]')
        >>> today, kept = {"last_s": 86_400}, {"model": "kept"}
        >>> saved = await ev.baselines.set("kept", reason="first", window=today, filters=kept)
        >>> baseline = await ev.baselines.get("kept")
        >>> [each.reason for each in baseline.history]
        ['first']
        """
        return await self._api.walk(usage.baseline(name, self._api.patience))

    def list(self) -> AsyncPages[Baseline]:
        """All baselines.

        >>> imported = await ev.usage.import_file(b'[{"model": "named", "latency_ms": 900.0}]')
        >>> today, named = {"last_s": 86_400}, {"model": "named"}
        >>> saved = await ev.baselines.set("named", reason="first", window=today, filters=named)
        >>> "named" in [baseline.name async for baseline in ev.baselines.list()]
        True
        """
        return AsyncPages(self._api, "/usage/baselines", (), Baseline)

    async def delete(self, name: str) -> None:
        """Delete a baseline.

        >>> imported = await ev.usage.import_file(b'[{"model": "gone", "latency_ms": 900.0}]')
        >>> today, gone = {"last_s": 86_400}, {"model": "gone"}
        >>> saved = await ev.baselines.set("gone", reason="first", window=today, filters=gone)
        >>> await ev.baselines.delete("gone")
        """
        await self._api.walk(usage.remove_baseline(name, self._api.patience))


class AsyncDevices:
    """Devices as they are now."""

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    def list(self, **filters: object) -> AsyncPages[Device]:
        """Devices: `present`, `ready`, `using`, `state`, `model`, `queue_tag`.

        >>> [device.serial async for device in ev.devices.list(state="available", model="m")]
        ['dev-1']
        """
        params = questions.parameters(filters, None)
        return AsyncPages(self._api, "/devices", params, Device)

    async def get(self, serial: str) -> DeviceDetail:
        """A device with its last readings and troubles.

        >>> device = await ev.devices.get("dev-1")
        >>> device.state, device.troubles
        ('available', [])
        """
        return await self._api.walk(places.device(serial, self._api.patience))


class AsyncEvalyard:
    """A deployment of Evalyard, as one user.

    Without arguments: `EVALYARD_URL` and `EVALYARD_TOKEN`, else a profile of `evalyard login`,
    else a local cloud that runs in this folder or one above. `patience` says how often and how
    long a request is retried.

    >>> async with AsyncEvalyard("https://evalyard.example.com", "eyt_…") as other:
    ...     print(other.target.url)
    https://evalyard.example.com
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        profile: str | None = None,
        patience: Patience = _PATIENCE,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.target: Target = resolve(url, token, profile)
        self.patience = patience
        self._walker = AsyncWalker(self.target, timeout_s, transport)
        self.jobs = AsyncJobs(self)
        self.datasets = AsyncDatasets(self)
        self.usage = AsyncUsage(self)
        self.baselines = AsyncBaselines(self)
        self.devices = AsyncDevices(self)

    async def whoami(self) -> Me:
        """Whose token this is, and what it may do.

        >>> me = await ev.whoami()
        >>> me.user_id, me.scope
        ('ada', 'full')
        """
        return await self.walk(places.whoami(self.patience))

    async def health(self) -> Health:
        """How the service is.

        >>> health = await ev.health()
        >>> health.status in ("ok", "degraded", "down")
        True
        """
        return await self.walk(places.health(self.patience))

    async def walk(self, steps: Steps[T]) -> T:
        """Carry an operation of `evalyard.core` out.

        >>> reply = await ev.walk(places.ping(ev.patience))
        >>> reply.body
        b'{"ok":true}'
        """
        return await self._walker.walk(steps)

    async def close(self) -> None:
        """Close the connections.

        >>> other = AsyncEvalyard("https://evalyard.example.com", "eyt_…")
        >>> await other.close()
        """
        await self._walker.close()

    async def __aenter__(self) -> AsyncEvalyard:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
