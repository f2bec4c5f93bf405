"""How datasets look in answers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import Response

from shared import clock
from shared.datasets import AppendResult, DatasetSummary
from shared.errors import Fault, Unacceptable
from shared.http import span_document
from shared.problem_documents import MAX_LISTED_FAULTS, fault_document


def append_answer(dataset: str, result: AppendResult) -> Response:
    """200 when all rows are stored, 207 when some are. Raises Unacceptable when none is."""
    if not result.appended:
        raise _nothing_stored(result)
    document = {
        "dataset": dataset,
        "batch_id": result.batch_id,
        "received": result.received,
        "appended": result.appended,
        "rejected": len(result.faults),
        "errors": listed(result.faults),
        "errors_truncated": _is_truncated(result),
        "usage": _usage(result),
    }
    return json_answer(document, 207 if result.faults else 200)


def dataset_entry(summary: DatasetSummary) -> dict[str, Any]:
    """A dataset in the list."""
    adapter = summary.adapter
    return {
        "dataset": summary.name,
        "rows": summary.rows,
        "bytes": summary.bytes,
        "created_at": clock.iso(summary.created_us),
        "updated_at": clock.iso(summary.updated_us),
        "adapter": None if adapter is None else {"enabled": adapter.enabled},
    }


def json_answer(document: object, status: int = 200) -> Response:
    """An answer of plain values."""
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _nothing_stored(result: AppendResult) -> Unacceptable:
    if not result.received:
        fault = Fault("/rows", "empty", "rows holds no row")
        return Unacceptable("there is no row to append", code="no_rows", faults=(fault,))
    return Unacceptable(
        f"none of the {result.received} rows was stored",
        code="no_row_stored",
        faults=result.faults,
        received=result.received,
        rejected=len(result.faults),
        errors_truncated=len(result.faults) > MAX_LISTED_FAULTS,
    )


def _usage(result: AppendResult) -> dict[str, Any] | None:
    usage = result.usage
    if usage is None:
        return None
    return {
        "recorded": usage.recorded,
        "skipped": len(usage.faults),
        "errors": listed(usage.faults),
        "span": span_document(usage.span),
    }


def _is_truncated(result: AppendResult) -> bool:
    """Whether more is wrong with rows, or with their usage, than the answer lists."""
    unconverted = result.usage.faults if result.usage else ()
    return max(len(result.faults), len(unconverted)) > MAX_LISTED_FAULTS


def listed(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """As many faults as an answer lists."""
    return [fault_document(fault) for fault in faults[:MAX_LISTED_FAULTS]]
