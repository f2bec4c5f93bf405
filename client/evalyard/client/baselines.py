"""Baselines: set, shown, deleted.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalyard.client.pages import Pages
from evalyard.core import questions, usage
from evalyard.core.questions import Filters, Window
from evalyard.core.wire import without_nones
from evalyard.models import Baseline, BaselineDetail

if TYPE_CHECKING:
    from evalyard.client.deployment import Evalyard


class Baselines:
    """Baselines: figures that gates are held against."""

    def __init__(self, api: Evalyard) -> None:
        self._api = api

    def set(
        self,
        name: str,
        *,
        reason: str,
        window: Window,
        filters: Filters | None = None,
        by: Sequence[str] | None = None,
    ) -> Baseline:
        """Keep the figures of some runs under a name, and why.

        >>> imported = ev.usage.import_file(b'[{"model": "set", "latency_ms": 900.0}]')
        >>> saved = ev.baselines.set(
        ...     "main", reason="release 1.4", window={"last_s": 86_400}, filters={"model": "set"}
        ... )
        >>> saved.version, saved.runs
        (1, 1)
        """
        side = questions.side_body(filters, window)
        body = {**side, **without_nones([("by", by), ("reason", reason)])}
        return self._api.walk(usage.set_baseline(name, body, self._api.patience))

    def get(self, name: str) -> BaselineDetail:
        """A baseline with its history.

        >>> imported = ev.usage.import_file(b'[{"model": "kept", "latency_ms": 900.0}]')
        >>> today, kept = {"last_s": 86_400}, {"model": "kept"}
        >>> saved = ev.baselines.set("kept", reason="first", window=today, filters=kept)
        >>> baseline = ev.baselines.get("kept")
        >>> [each.reason for each in baseline.history]
        ['first']
        """
        return self._api.walk(usage.baseline(name, self._api.patience))

    def list(self) -> Pages[Baseline]:
        """All baselines.

        >>> imported = ev.usage.import_file(b'[{"model": "named", "latency_ms": 900.0}]')
        >>> today, named = {"last_s": 86_400}, {"model": "named"}
        >>> saved = ev.baselines.set("named", reason="first", window=today, filters=named)
        >>> "named" in [baseline.name for baseline in ev.baselines.list()]
        True
        """
        return Pages(self._api, "/usage/baselines", (), Baseline)

    def delete(self, name: str) -> None:
        """Delete a baseline.

        >>> imported = ev.usage.import_file(b'[{"model": "gone", "latency_ms": 900.0}]')
        >>> today, gone = {"last_s": 86_400}, {"model": "gone"}
        >>> saved = ev.baselines.set("gone", reason="first", window=today, filters=gone)
        >>> ev.baselines.delete("gone")
        """
        self._api.walk(usage.remove_baseline(name, self._api.patience))
