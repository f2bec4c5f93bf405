"""Usage: runs imported, asked about, judged, exported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from evalyard import arrow
from evalyard.core import questions, usage
from evalyard.core.appending import Upload
from evalyard.core.parts import Undividable, parts
from evalyard.core.pushing import Pushing, PushReport
from evalyard.core.questions import Filters, Rules, Window
from evalyard.errors import EvalyardError
from evalyard.models import Changes, Compare, Gate, Import, Summary, UsageTable

if TYPE_CHECKING:
    from evalyard.aio.deployment import AsyncEvalyard


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
        the same file; so does that of the report that `on_part` was given last, which is called
        before the first part and after each. `name` is that of an open file. Options are the API's:
        `dry_run`, `device`, `model`, `tag`, `adapter`, `format`, conditions as
        `**{"cond.commit": "4f2c1d9"}`. Raises Invalid where nothing is recognised, and TooLarge for
        a large document that is one piece.

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
