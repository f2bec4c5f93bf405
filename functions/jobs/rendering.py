"""Results as JSON documents and CSV."""

from typing import Any

import msgspec

from shared import clock
from shared.jobs import METRICS, Job, ModelRequest, Outcome, Result
from shared.runs import condition_values
from shared.spreadsheets import csv_line, plain_cell, text_cell

_COUNTS = ("prompt_tokens", "completion_tokens")


def result_document(
    job: Job, outcome: Outcome, request: ModelRequest | None, log_url: str | None = None
) -> dict[str, Any]:
    """The result; with the question, everything that is known."""
    result = outcome.result
    brief = {
        "job_id": job.job_id,
        "status": job.status,
        "model": job.model,
        "device": job.device,
        "output": result.output,
        "metrics": {name: _metric(name, result.metrics.get(name)) for name in METRICS},
        "extra": result.extra,
        "conditions": condition_values(outcome.run.conditions),
        "finished_at": clock.iso_or_none(job.finished_us),
    }
    if request is None:
        return brief
    return {
        **brief,
        "flags": list(result.flags),
        **msgspec.structs.asdict(request),
        "samples": result.samples,
        "telemetry": result.telemetry,
        "log": result.log,
        "log_url": log_url,
        "log_bytes": _log_bytes(result),
        "provenance": result.provenance,
    }


def result_csv(document: dict[str, Any]) -> str:
    """One header and one row (RFC 4180); members that are no texts are JSON, null is empty."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat |= value if name == "metrics" else {name: value}
    return csv_line(map(plain_cell, flat)) + csv_line(map(_cell, flat.values()))


def _log_bytes(result: Result) -> int | None:
    """Of the uploaded log, if there is one; else of the one that came along."""
    if result.log_uploaded or result.log is None:
        return result.log_bytes
    return len(result.log.encode())


def _metric(name: str, value: float | None) -> float | int | None:
    return round(value) if value is not None and name in _COUNTS else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return text_cell(value, guard=True)
    return plain_cell(msgspec.json.encode(value).decode())
