"""Datasets: appended to, read, adapted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from evalyard.aio.pages import AsyncPages
from evalyard.core import datasets
from evalyard.core.appending import Appending, AppendReport, RowVerdict, Upload
from evalyard.core.rows import records
from evalyard.core.wire import query
from evalyard.errors import EvalyardError
from evalyard.models import Dataset, SavedAdapter, Undo
from evalyard.transport import async_each

if TYPE_CHECKING:
    from evalyard.aio.deployment import AsyncEvalyard


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
        are in the report, or go to `on_verdict` one by one; `on_part` is called before the first
        part and after each, so that `resume` of its report is known wherever it is cut.

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
