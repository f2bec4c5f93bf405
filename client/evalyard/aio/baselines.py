"""Baselines: set, shown, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalyard.aio.pages import AsyncPages
from evalyard.core import questions, usage
from evalyard.core.questions import Filters, Window
from evalyard.core.wire import without_nones
from evalyard.models import Baseline, BaselineDetail

if TYPE_CHECKING:
    from evalyard.aio.deployment import AsyncEvalyard


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
