"""`POST /usage/import`: runs from elsewhere."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from functions.usage import wiring
from functions.usage.import_answers import import_answer, refused
from functions.usage.import_schemas import (
    CSV_SCHEMA,
    LINES_SCHEMA,
    ROWS_SCHEMA,
    TEXT_SCHEMA,
    FormatName,
    FormatsAnswer,
    ImportAnswer,
)
from shared.datasets import Adapter, AdapterNotFound, check_dataset_name, load_adapter
from shared.errors import MalformedInput
from shared.http import (
    CurrentUser,
    RepeatableCall,
    UserRoute,
    creates,
    described,
    media_type,
    page_of,
)
from shared.imports import (
    ALSO_CSV,
    CSV,
    FORMATS,
    LINES,
    MARKDOWN,
    TEXT,
    Batch,
    import_runs,
    read_records,
)
from shared.runs import PREFIX, ConditionInvalid, written_conditions

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)

Flag = Annotated[bool, Query()]
Otherwise = Annotated[
    str | None, Query(max_length=256, description="The value for rows that have none themselves.")
]
Conditions = Annotated[
    list[str],
    Query(
        default_factory=list,
        alias=f"{PREFIX}<name>",
        description="A condition of the rows that do not say it themselves, by its name, as in "
        "`cond.commit=4f2c1d9`; a plain number, `true` and `false` are such.",
    ),
]


@router.post(
    "/import",
    summary="Import usage data",
    response_model=ImportAnswer,
    responses={
        **described(207, "Some runs were imported; `errors` names the others.", model=ImportAnswer),
        **described(404, "The dataset has no adapter (`adapter_not_found`)."),
        **described(
            422,
            "No run was imported, or with `strict=1` not all could be; `format_ambiguous` where "
            "two formats fit, which `?format=` decides; `nearly_known` where the header of CSV has "
            "a column that is nearly one of a run (`Modell`, `latency_msec`).",
        ),
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
                **{kind: {"schema": TEXT_SCHEMA} for kind in (MARKDOWN, TEXT)},
            },
        }
    },
)
@creates()
async def import_(
    request: Request,
    user: CurrentUser,
    call: RepeatableCall,
    conditions: Conditions,
    strict: Annotated[Flag, Query(description="All runs or none.")] = False,
    dry_run: Annotated[Flag, Query(description="Validate only; store nothing.")] = False,
    guard: Annotated[
        Flag,
        Query(description="Remove the `'` that guards CSV text from spreadsheets."),
    ] = True,
    device: Otherwise = None,
    model: Otherwise = None,
    tag: Otherwise = None,
    adapter: Annotated[
        str | None, Query(description="The dataset whose adapter maps the members of the rows.")
    ] = None,
    format_: Annotated[
        FormatName | None,
        Query(alias="format", description="What the records are of, where two formats could fit."),
    ] = None,
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

    What known tools write is recognised record by record: `GET /usage/import/formats` lists it, and
    `format=` decides where two formats fit. Streams may come as `text/event-stream`; chunks with
    one `id` are one run, a stream without an end is `incomplete`. The ids of such runs are derived
    from their content. With `adapter=` nothing is recognised: the rows are mapped as that dataset's
    adapter maps its own, in its fields, units and words, and its time field must be there.

    `span` is the earliest and the latest time of the new runs, null for none; a dry run also
    answers `sample`: the first three as they would be stored.

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
    if adapter is not None and format_ is not None:
        raise MalformedInput("an adapter takes the place of a format", code="invalid_parameter")
    mapped_by = None if adapter is None else _adapter(user.user_id, adapter)
    kind = media_type(request, *LINES, CSV, ALSO_CSV, MARKDOWN, TEXT)
    records = read_records(await request.body(), kind, guard=guard, adapter=mapped_by)
    labels = {"device": device, "model": model, "tag": tag}
    batch = Batch(
        user.user_id,
        user.tenant,
        call.ulid(),
        call.started_us,
        call.key is not None,
        {name: label for name, label in labels.items() if label is not None},
        _conditions(conditions),
        format_,
        mapped_by,
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
        raise refused(result, "strict: nothing was imported")
    return import_answer(result, empty_is_fine=records.has_header, dry_run=dry_run)


@router.get("/import/formats", summary="What an import recognises", response_model=FormatsAnswer)
async def import_formats() -> Response:
    """How each format is recognised, which member becomes which, in which unit, and what is left
    out; the same text as docs/import-formats.md.
    """
    known = [each.document() for each in FORMATS]
    return Response(msgspec.json.encode(page_of(known, None)), media_type="application/json")


def _conditions(pairs: list[str]) -> dict[str, str]:
    """What the query says of all rows, as kept. Raises MalformedInput."""
    texts = {name: text for name, _, text in (pair.partition("=") for pair in pairs)}
    if len(texts) < len(pairs):
        raise MalformedInput("a condition has one value", code="repeated_parameter")
    try:
        return written_conditions(texts)
    except ConditionInvalid as exc:
        raise MalformedInput(exc.detail, code="invalid_parameter") from exc


def _adapter(user_id: str, dataset: str) -> Adapter:
    name = check_dataset_name(dataset)
    found = load_adapter(wiring.catalog().table, user_id, name)
    if found is None:
        raise AdapterNotFound(f"the dataset {name!r} has no adapter; POST one to save_adapter")
    return found
