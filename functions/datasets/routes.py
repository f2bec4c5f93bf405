"""The datasets endpoints."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from functions.datasets import wiring
from functions.datasets.backfills import backfill_member, backfilled, previewed
from functions.datasets.bodies import read_append
from functions.datasets.formats import CSV_AND_LINES, RowFormat, rows_answer
from functions.datasets.parameters import Reading
from functions.datasets.schemas import (
    AdapterBody,
    AdapterPreview,
    AppendAnswer,
    DatasetEntry,
    RowsAnswer,
    SavedAdapter,
    UndoAnswer,
    UndoBody,
)
from functions.datasets.views import append_answer, dataset_entry, json_answer
from shared.datasets import (
    DATASET_NAME,
    Adapter,
    AdapterNotFound,
    AppendBatch,
    Cursor,
    DatasetNotFound,
    adapter_key,
    append_rows,
    check_dataset_name,
    list_datasets,
    load_adapter,
    save_adapter,
)
from shared.errors import TooLarge
from shared.http import (
    CurrentUser,
    Cursors,
    Page,
    PageLimit,
    RepeatableCall,
    UserRoute,
    creates,
    described,
    inline,
    key_form,
    media_type,
    page_of,
)
from shared.row_bodies import JSON_LINES
from shared.storage.log import delete_dataset

router = APIRouter(prefix="/user/data", tags=["Datasets"], route_class=UserRoute)

_POSITION = key_form(DATASET_NAME)
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
        **described(207, "Some rows were stored; `errors` names the others.", model=AppendAnswer),
        **described(
            429,
            "Too many appends wait for compaction (`too_many_pending`), the rows that you may "
            "append a day are used up (`daily_rows_exceeded`), or you make too many requests a "
            "minute (`rate_exceeded`).",
        ),
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
    """Valid rows are stored, invalid ones are named: 200 all, 207 some, 422 none.

    Once answered, the rows are durable, and the next request can read them and their usage. Up to
    10,000 rows, as JSON or as JSON lines (blank lines do not count); `pointer` counts rows from 0,
    `line` lines of the body from 1. A row is refused as `not_an_object`, `invalid_json`,
    `invalid_utf8`, `duplicate_key` (at any depth), `row_too_deep` (more than 64 levels) or
    `row_too_large` (more than 256 KB), with the same verdict in both forms. A JSON body as a whole
    is refused with 400 only when its structure cannot be read, or it has `NaN`, `Infinity`
    (`malformed_json`) or bytes that are not UTF-8 (`invalid_utf8`). `row_unreadable` is a fault of
    the service that affects this row only: in `usage.errors` the row is stored and can be converted
    later; in `errors` it is not stored, so send it again.

    A row that is stored but gives no run is named in `usage.errors`: `time_missing`,
    `time_unreadable`, `time_implausible` (before 2000, or more than 24 hours ahead),
    `not_a_number`, `not_an_integer`, `out_of_range`, `not_a_string`, `not_a_boolean`,
    `label_too_long` (more than 256 characters).
    """
    kind = media_type(request, JSON_LINES)
    sent = read_append(await request.body(), kind, dataset)
    batch = AppendBatch(
        user.user_id,
        user.tenant,
        check_dataset_name(sent.dataset),
        call.ulid(),
        call.key is not None,
    )
    log, catalog = wiring.segment_log(), wiring.catalog().table
    result = append_rows(
        log,
        catalog,
        batch,
        sent.rows,
        limits=wiring.limits(),
        backlog=wiring.backlog(),
        strict=strict,
        dry_run=dry_run,
    )
    return append_answer(sent.dataset, result)


@router.get("/list", summary="List datasets", response_model=Page[DatasetEntry])
async def list_(
    user: CurrentUser,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> dict[str, Any]:
    """The datasets of the caller by name, with exact counts."""
    cursors = Cursors[str](("datasets.list", user.user_id), _POSITION)
    after = cursors.read(cursor) or ""
    found = list_datasets(wiring.user_log(user.user_id))
    rest = [summary for summary in found if summary.name > after]
    page, more = rest[:limit], len(rest) > limit
    next_cursor = cursors.write(page[-1].name) if more else None
    return page_of([dataset_entry(summary) for summary in page], next_cursor)


@router.get(
    "/get",
    summary="Get raw dataset rows",
    response_model=RowsAnswer,
    responses={
        **CSV_AND_LINES,
        **described(404, "There is no such dataset (`dataset_not_found`)."),
    },
)
async def get(
    request: Request,
    user: CurrentUser,
    dataset: DatasetName,
    reading: Annotated[Reading, inline(Reading)],
    format_: Annotated[
        RowFormat, Query(alias="format", description="The format of the rows.")
    ] = "json",
    guard: Annotated[
        Flag,
        Query(description="Prefix CSV text that a spreadsheet would take for a formula with `'`."),
    ] = True,
) -> Response:
    """Rows in append order, a page at a time; a page ends early at 4.5 MB.

    Pages hold every row exactly once, also while rows are appended. When the dataset is deleted
    meanwhile, the cursor is refused with `cursor_mismatch`.

    As `jsonl` or `csv` the body is rows only; the `Link` header then leads to the next page.
    CSV has a column for each key of the page's rows, in order of first appearance; nested
    values are JSON, null and missing are empty, and a page without rows is empty. Text that
    a spreadsheet would take for a formula gets a leading `'`, unless `guard=0`.
    """
    check_dataset_name(dataset)
    cursors = Cursors[Cursor](("datasets.get", user.user_id, dataset, reading.order), Cursor)
    while True:
        page = reading.page(wiring.user_log(user.user_id), dataset, cursors)
        try:
            return rows_answer(dataset, page, cursors, format_, url=request.url, guard=guard)
        except TooLarge:
            # As CSV, or escaped on its way out, a page may outgrow its rows: it ends earlier then.
            if len(page.lines) == 1:
                raise
            reading.limit = len(page.lines) // 2


@router.delete(
    "/delete",
    summary="Delete a dataset",
    status_code=204,
    responses=described(404, "There is no such dataset (`dataset_not_found`)."),
)
async def delete(
    user: CurrentUser,
    dataset: DatasetName,
    usage: Annotated[
        Flag, Query(description="Also delete the runs that come from its rows.")
    ] = False,
) -> Response:
    """Deletes the rows and the adapter. Usage stays, unless `usage=1`."""
    name = check_dataset_name(dataset)
    deleted = delete_dataset(
        wiring.user_log(user.user_id),
        name,
        runs=usage,
        also=(adapter_key(name),),
    )
    if not deleted:
        raise DatasetNotFound(name)
    return Response(status_code=204)


@router.post(
    "/undo",
    summary="Undo one append or import",
    response_model=UndoAnswer,
    responses=described(404, "There is no such batch (`batch_not_found`)."),
)
async def undo(user: CurrentUser, body: UndoBody) -> dict[str, Any]:
    """Removes the batch's rows and the runs that they gave.

    Repeated: nothing is left to remove, and `already_undone` is true.
    """
    # The analytics layer is loaded where it is needed: appends must start fast.
    from shared.storage.assembly import revert_batch

    undone = revert_batch(wiring.user_log(user.user_id), body.batch_id)
    return {
        "removed_rows": undone.rows,
        "removed_runs": undone.runs,
        "already_undone": undone.already,
    }


@router.get(
    "/get_adapter",
    summary="Get dataset adapter configuration",
    response_model=SavedAdapter,
    response_model_exclude_unset=True,
    responses=described(404, "The dataset has no adapter (`adapter_not_found`)."),
)
async def get_adapter(user: CurrentUser, dataset: DatasetName) -> dict[str, Any]:
    """The adapter as last saved, with the progress of its backfill, if there is one."""
    name = check_dataset_name(dataset)
    adapter = load_adapter(wiring.catalog().table, user.user_id, name)
    if adapter is None:
        raise AdapterNotFound(f"the dataset {name!r} has no adapter; POST one to save_adapter")
    return adapter.document() | backfill_member(wiring.user_log(user.user_id), name)


@router.post(
    "/save_adapter",
    summary="Save/update dataset adapter configuration",
    response_model=SavedAdapter | AdapterPreview,
    response_model_exclude_unset=True,
    responses={
        **described(202, "Saved; the backfill continues (see get_adapter).", model=SavedAdapter)
    },
)
@creates()
async def save_adapter_(
    user: CurrentUser,
    body: AdapterBody,
    preview: Annotated[
        Flag, Query(description="Save nothing; show the runs that the last 20 rows would give.")
    ] = False,
    backfill: Annotated[
        Flag, Query(description="Also convert the rows that are stored already, each exactly once.")
    ] = False,
) -> Response:
    """The adapter converts the rows that are appended from now on.

    With `backfill=1` it also converts the rows that are stored already; what the request does not
    finish continues in the background.
    """
    check_dataset_name(body.dataset)
    adapter = msgspec.convert(body.model_dump(), Adapter)
    if preview:
        return previewed(user, adapter)
    if backfill:
        return backfilled(user, adapter)
    saved = save_adapter(wiring.catalog().table, user.user_id, adapter)
    return json_answer(saved.document())
