"""The datasets endpoints."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from functions.datasets import wiring
from functions.datasets.bodies import JSON_LINES, read_append
from functions.datasets.parameters import asked_for_what_there_is, saves_plainly
from functions.datasets.schemas import (
    AdapterAnswer,
    AdapterBody,
    AppendAnswer,
    DatasetEntry,
    RowsAnswer,
)
from functions.datasets.views import append_answer, dataset_entry, rows_answer
from shared.datasets import (
    Adapter,
    AdapterNotFound,
    Batch,
    Position,
    append_rows,
    check_dataset_name,
    list_datasets,
    load_adapter,
    read_rows,
    save_adapter,
)
from shared.http import (
    CurrentUser,
    Cursors,
    Page,
    PageLimit,
    RepeatableCall,
    UserRoute,
    creates,
    described,
    media_type,
)

router = APIRouter(prefix="/user/data", tags=["Datasets"], route_class=UserRoute)

DatasetName = Annotated[str, Query(description="The dataset's name.")]
Flag = Annotated[bool, Query()]


_APPEND_SCHEMA = {
    "type": "object",
    "required": ["dataset", "rows"],
    "properties": {
        "dataset": {"type": "string", "example": "my_server_metrics"},
        "rows": {"type": "array", "items": {"type": "object"}, "maxItems": 10_000},
    },
}
_LINES_SCHEMA = {
    "type": "string",
    "description": "One row, a JSON object, on each line.",
    "example": '{"ts":"2025-12-03T18:00:00Z","latency_ms":900}\n',
}


@router.post(
    "/append_jsonl",
    summary="Append rows to a dataset and record usage",
    response_model=AppendAnswer,
    responses={
        **described(207, "Some rows were stored; `errors` names the others.", model=AppendAnswer)
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _APPEND_SCHEMA},
                JSON_LINES: {"schema": _LINES_SCHEMA},
            },
        }
    },
)
@creates()
async def append_jsonl(
    request: Request,
    user: CurrentUser,
    call: RepeatableCall,
    strict: Annotated[Flag, Query(description="All rows or none.")] = False,
    dry_run: Annotated[Flag, Query(description="Validate only; store nothing.")] = False,
    dataset: Annotated[
        str | None, Query(description="The dataset, where the body is JSON lines.")
    ] = None,
) -> Response:
    """Valid rows are stored, bad ones are named: 200 all, 207 some, 422 none.

    The answer means durable: the rows, and the usage they give, are readable by the
    next request. Up to 10,000 rows, as JSON or as JSON lines (blank lines do not
    count); `pointer` counts rows from 0, `line` lines of the body from 1. A row is
    refused as `not_an_object`, `invalid_json`, `invalid_utf8`, `duplicate_key` (at any
    depth), `row_too_deep` (more than 64 levels) or `row_too_large` (more than 256 KB).
    """
    kind = media_type(request, JSON_LINES)
    sent = read_append(await request.body(), kind, dataset)
    batch = Batch(
        user.user_id,
        user.tenant,
        check_dataset_name(sent.dataset),
        call.ulid(),
        call.key is not None,
    )
    log, catalog = wiring.segment_log(), wiring.catalog().table
    result = append_rows(log, catalog, batch, sent.rows, strict=strict, dry_run=dry_run)
    return append_answer(sent.dataset, result)


@router.get("/list", summary="List datasets", response_model=Page[DatasetEntry])
async def list_(
    user: CurrentUser,
    limit: PageLimit = 50,
    cursor: Annotated[str | None, Query(description="Where the last page ended.")] = None,
) -> dict[str, Any]:
    """The datasets of the caller by name, with exact counts."""
    cursors = Cursors(("datasets.list", user.user_id))
    after = cursors.read(cursor) or ""
    found = list_datasets(wiring.bucket(), wiring.catalog(), user.user_id)
    rest = [summary for summary in found if summary.name > after]
    page, more = rest[:limit], len(rest) > limit
    return {
        "data": [dataset_entry(summary) for summary in page],
        "next_cursor": cursors.write(page[-1].name) if more else None,
        "has_more": more,
    }


@router.get(
    "/get",
    summary="Get raw dataset rows",
    dependencies=[Depends(asked_for_what_there_is)],
    response_model=RowsAnswer,
    responses=described(404, "There is no such dataset (`dataset_not_found`)."),
)
async def get(
    user: CurrentUser,
    dataset: DatasetName,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows, at most.")] = 1_000,
    cursor: Annotated[str | None, Query(description="Where the last page ended.")] = None,
) -> Response:
    """Rows in append order, a page at a time; a page ends early at 4.5 MB."""
    cursors = Cursors(("datasets.get", user.user_id, check_dataset_name(dataset)))
    start = Position(*(cursors.read(cursor) or ()))
    page = read_rows(wiring.bucket(), wiring.catalog(), user.user_id, dataset, limit, start)
    return rows_answer(dataset, page, cursors)


@router.get(
    "/get_adapter",
    summary="Get dataset adapter configuration",
    response_model=AdapterAnswer,
    responses=described(404, "The dataset has no adapter (`adapter_not_found`)."),
)
async def get_adapter(user: CurrentUser, dataset: DatasetName) -> dict[str, Any]:
    """The adapter as it was saved last."""
    name = check_dataset_name(dataset)
    adapter = load_adapter(wiring.catalog().table, user.user_id, name)
    if adapter is None:
        raise AdapterNotFound(f"the dataset {name!r} has no adapter; POST one to save_adapter")
    return adapter.document()


@router.post(
    "/save_adapter",
    summary="Save/update dataset adapter configuration",
    dependencies=[Depends(saves_plainly)],
    response_model=AdapterAnswer,
)
@creates()
async def save_adapter_(user: CurrentUser, body: AdapterBody) -> dict[str, Any]:
    """Rows that are appended from now on are converted by this adapter."""
    check_dataset_name(body.dataset)
    adapter = msgspec.convert(body.model_dump(), Adapter)
    return save_adapter(wiring.catalog().table, user.user_id, adapter).document()
