"""`POST /usage/import`: runs from elsewhere."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from functions.usage import wiring
from functions.usage.import_schemas import (
    CSV_SCHEMA,
    LINES_SCHEMA,
    ROWS_SCHEMA,
    ImportAnswer,
)
from shared.errors import Fault, Unacceptable
from shared.http import CurrentUser, RepeatableCall, UserRoute, creates, described, media_type
from shared.http.problems import MAX_LISTED_FAULTS, fault_document
from shared.imports import ALSO_CSV, CSV, LINES, Batch, ImportResult, import_runs, read_records

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)

MAX_LISTED_ASSUMPTIONS = 50

Flag = Annotated[bool, Query()]
Otherwise = Annotated[
    str | None, Query(max_length=256, description="The value for rows that have none themselves.")
]


@router.post(
    "/import",
    summary="Import usage data",
    response_model=ImportAnswer,
    responses={
        **described(207, "Some runs were imported; `errors` names the others.", model=ImportAnswer),
        **described(422, "No run was imported, or with `strict=1` not all could be."),
        **described(
            429,
            "Too many of your appends wait for compaction (`too_many_pending`), the runs that you "
            "may import a day are used up (`daily_runs_exceeded`), or you make too many requests "
            "a minute (`rate_exceeded`).",
        ),
        **described(
            503,
            "Another import of the same user is running (`import_busy`), or a dependency failed.",
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": ROWS_SCHEMA},
                **{kind: {"schema": LINES_SCHEMA} for kind in LINES},
                CSV: {"schema": CSV_SCHEMA},
            },
        }
    },
)
@creates()
async def import_(
    request: Request,
    user: CurrentUser,
    call: RepeatableCall,
    strict: Annotated[Flag, Query(description="All runs or none.")] = False,
    dry_run: Annotated[Flag, Query(description="Validate only; store nothing.")] = False,
    guard: Annotated[
        Flag,
        Query(description="Remove the `'` that guards CSV text from spreadsheets."),
    ] = True,
    device: Otherwise = None,
    model: Otherwise = None,
    tag: Otherwise = None,
) -> Response:
    """Valid rows become runs, invalid ones are named: 200 all, 207 some, 422 none.

    Once answered, the runs are durable and counted from the next request on. At most 50,000 runs
    and 5 MB a call: a JSON array, JSON lines, or CSV in the export's columns (in any order; an
    empty cell is null, `""` is empty text).

    A `run_id` that exists already, or occurs twice in the body, is a duplicate and no error, so the
    same file may be sent again. Without a `run_id` every row is a new run; an `Idempotency-Key`
    makes the call repeatable. `POST /user/data/undo` removes the batch.

    Each known member may be absent or null, except `ts`: absent it means now, null or unreadable it
    is an error. A time under another name (`timestamp`, `created`, `created_at`, `startTime`,
    `datetime_utc`, `_timestamp`, …) stands for an absent `ts`. The array may be in an object as
    `rows`, `runs`, `results` or `data`, whose labels and time hold for rows without. Further
    members that are numbers become extras, others are ignored; `assumed` names them and everything
    else that the rows did not state themselves.

    Results of llama-bench (JSON, JSONL, CSV), answers and streams of Ollama, of the llama.cpp
    server, of OpenAI-compatible servers and of Anthropic, single requests of vLLM, AIPerf, LiteLLM,
    Langfuse, `llm` and ExecuTorch, and llama-batched-bench are recognised, streams also as
    `text/event-stream`; chunks with one `id` are one run, a stream without an end is `incomplete`;
    the ids of their runs are derived from their content.

    A row is refused as `not_a_run` (no known member), `nothing_measured` (no count, time, speed or
    extra, no failure, and neither `ts` nor `run_id`: a label alone is no run), `time_missing`,
    `time_unreadable`, `time_implausible` (before 2000, or more than 24 hours ahead),
    `not_a_number`, `not_an_integer`, `out_of_range`, `not_a_string`,
    `not_a_boolean`, `not_a_list`, `label_too_long`, `too_many_extras`, `empty`,
    `wrong_number_of_cells`, `incomplete`, `format_ambiguous` (two tools could have written it),
    `unit_unknown`, or for the same reasons as the rows of an append (`row_unreadable`: a fault of
    the service). `pointer` counts rows from 0, `line` lines of the body from 1. A row has the same
    verdict in JSON and in JSON lines; bytes that are not UTF-8 in JSON or CSV are 400
    `invalid_utf8`.
    """
    records = read_records(
        await request.body(), media_type(request, *LINES, CSV, ALSO_CSV), guard=guard
    )
    labels = {"device": device, "model": model, "tag": tag}
    batch = Batch(
        user.user_id,
        user.tenant,
        call.ulid(),
        call.started_us,
        call.key is not None,
        {name: label for name, label in labels.items() if label is not None},
    )
    bucket, catalog = wiring.bucket(), wiring.catalog()
    result = import_runs(
        bucket,
        catalog,
        batch,
        records,
        backlog=wiring.backlog(),
        quota=wiring.quota(),
        strict=strict,
        dry_run=dry_run,
    )
    if strict and result.faults:
        raise _refused(result, "strict: nothing was imported")
    return _answer(result, empty_is_fine=records.has_header)


def _answer(result: ImportResult, *, empty_is_fine: bool) -> Response:
    if not result.received and not empty_is_fine:
        fault = Fault("/rows", "empty", "there is no row")
        raise Unacceptable("there is nothing to import", code="no_rows", faults=(fault,))
    if result.faults and not result.imported + result.duplicates:
        raise _refused(result, f"none of the {result.received} runs was imported")
    document = {
        "batch_id": result.batch_id,
        **_counts(result),
        "errors": [fault_document(fault) for fault in result.faults[:MAX_LISTED_FAULTS]],
        "errors_truncated": len(result.faults) > MAX_LISTED_FAULTS,
        "format": result.format,
        "assumed": result.assumed[:MAX_LISTED_ASSUMPTIONS],
    }
    status = 207 if result.faults else 200
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _refused(result: ImportResult, detail: str) -> Unacceptable:
    return Unacceptable(
        detail,
        code="no_row_stored",
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
