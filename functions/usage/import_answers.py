"""How the outcome of an import is answered."""

from typing import Any

import msgspec
from fastapi import Response

from shared.errors import Fault, Unacceptable
from shared.http import span_document
from shared.imports import ImportResult
from shared.problem_documents import MAX_LISTED_FAULTS, fault_document

MAX_LISTED_ASSUMPTIONS = 50
_SAMPLED = 3
_AMBIGUOUS = "format_ambiguous"


def import_answer(result: ImportResult, *, empty_is_fine: bool, dry_run: bool) -> Response:
    """200 when all runs are imported, 207 when some are. Raises Unacceptable when none is."""
    if not result.received and not empty_is_fine:
        fault = Fault("/rows", "empty", "there is no row")
        raise Unacceptable("there is nothing to import", code="no_rows", faults=(fault,))
    if result.faults and not result.imported + result.duplicates:
        raise refused(result, f"none of the {result.received} runs was imported")
    document = {
        "batch_id": result.batch_id,
        **_counts(result),
        "errors": [fault_document(fault) for fault in result.faults[:MAX_LISTED_FAULTS]],
        "errors_truncated": len(result.faults) > MAX_LISTED_FAULTS,
        "format": result.format,
        "assumed": result.assumed[:MAX_LISTED_ASSUMPTIONS],
        "span": span_document(result.span),
    }
    if dry_run:
        document["sample"] = [run.document() for run in result.runs[:_SAMPLED]]
    status = 207 if result.faults else 200
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def refused(result: ImportResult, detail: str) -> Unacceptable:
    """Why nothing was imported."""
    ambiguous = {fault.code for fault in result.faults} == {_AMBIGUOUS}
    return Unacceptable(
        f"{detail}: {result.faults[0].detail}" if ambiguous else detail,
        code=_AMBIGUOUS if ambiguous else "no_row_stored",
        faults=result.faults,
        **_counts(result),
        errors_truncated=len(result.faults) > MAX_LISTED_FAULTS,
        format=result.format,
    )


def _counts(result: ImportResult) -> dict[str, Any]:
    return {
        "received": result.received,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "rejected": len(result.faults),
    }
