"""What is asked about usage: statistics, comparisons, gates, baselines, files of runs."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from evalyard.core.sending import Patience, ask, exchange, follow, get, post, with_json
from evalyard.core.wire import Params, Request, Steps, query
from evalyard.errors import UnreadableAnswer
from evalyard.models import (
    Baseline,
    BaselineDetail,
    Changes,
    Compare,
    Gate,
    Import,
    Summary,
    UsageTable,
)


def summary(params: Params, patience: Patience) -> Steps[Summary]:
    """The statistics of some runs."""
    return ask(get("/usage/summary", params), Summary, patience)


def usage(params: Params, patience: Patience) -> Steps[UsageTable]:
    """Statistics over time and by groups."""
    return ask(get("/usage", params), UsageTable, patience)


def compare(params: Params, patience: Patience) -> Steps[Compare]:
    """Two sides, metric by metric."""
    return ask(get("/usage/compare", params), Compare, patience)


def changes(params: Params, patience: Patience) -> Steps[Changes]:
    """When a metric shifted."""
    return ask(get("/usage/changes", params), Changes, patience)


def gate(body: dict[str, Any], patience: Patience) -> Steps[Gate]:
    """Whether the candidate is worse than the baseline."""
    return ask(post("/usage/gate", body), Gate, patience)


def export(params: Params, sink: Callable[[bytes], object], patience: Patience) -> Steps[None]:
    """The runs as a file, whole however many, piece by piece to `sink`.

    Raises UnreadableAnswer where what came is no file but a page of something on the way.
    """
    reply = yield from follow(Request("GET", "/usage/export.csv", params, sink=sink), patience)
    if "html" in reply.headers.get("content-type", ""):
        detail = "a page came instead of runs; is this address an Evalyard API?"
        raise UnreadableAnswer(status=reply.status, code="unreadable_answer", detail=detail)


def import_file(
    content: bytes, media_type: str, params: dict[str, object], patience: Patience
) -> Steps[Import]:
    """Sends a file of runs; what it is, the service recognises."""
    return ask(import_request(content, media_type, params), Import, patience)


def import_request(
    content: bytes, media_type: str, params: Mapping[str, object], key: str | None = None
) -> Request:
    """A call that imports; with the same key it is the same call."""
    headers = {"content-type": media_type, "idempotency-key": key or secrets.token_hex(16)}
    return Request("POST", "/usage/import", query(params), _packed(content, headers), headers)


def set_baseline(name: str, body: dict[str, Any], patience: Patience) -> Steps[Baseline]:
    """Keeps the figures of some runs under a name."""
    return ask(with_json("PUT", _path(name), body), Baseline, patience)


def baseline(name: str, patience: Patience) -> Steps[BaselineDetail]:
    """A baseline with its history."""
    return ask(get(_path(name)), BaselineDetail, patience)


def remove_baseline(name: str, patience: Patience) -> Steps[None]:
    """Deletes a baseline."""
    yield from exchange(Request("DELETE", _path(name)), patience)


def _path(name: str) -> str:
    return f"/usage/baselines/{quote(name, safe='')}"


def _packed(content: bytes, headers: dict[str, str]) -> bytes:
    """The content, with gzip where it is worth it."""
    if len(content) < 1_024:
        return content
    headers["content-encoding"] = "gzip"
    return gzip.compress(content, compresslevel=6, mtime=0)
