"""Results as JSON documents and CSV."""

import csv
import io
from typing import Any

import msgspec

from shared import clock
from shared.jobs import METRICS, Job, Outcome, Question, Result

_COUNTS = ("prompt_tokens", "completion_tokens")
# A spreadsheet takes a text that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def result_document(
    job: Job, outcome: Outcome, question: Question | None, log_url: str | None = None
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
        "finished_at": clock.iso_or_none(job.finished_us),
    }
    if question is None:
        return brief
    return {
        **brief,
        **msgspec.structs.asdict(question),
        "samples": result.samples,
        "telemetry": result.telemetry,
        "log": result.log,
        "log_url": log_url,
        "log_bytes": _log_bytes(result),
        "provenance": result.provenance,
    }


def result_csv(document: dict[str, Any]) -> str:
    """One header and one row (RFC 4180); members that are no numbers or texts are JSON."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat |= value if name == "metrics" else {name: value}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(flat)
    writer.writerow([_cell(value) for value in flat.values()])
    return text.getvalue()


def _log_bytes(result: Result) -> int | None:
    """Of the uploaded log, if there is one; else of the one that came along."""
    if result.log_uploaded or result.log is None:
        return result.log_bytes
    return len(result.log.encode())


def _metric(name: str, value: float | None) -> float | int | None:
    return round(value) if value is not None and name in _COUNTS else value


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    cell = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
