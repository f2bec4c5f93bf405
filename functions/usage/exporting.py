"""`GET /usage/export.csv`: raw runs as a file, in the answer or behind a signed address."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from functions.usage import wiring
from functions.usage.parameters import AskedQuery
from shared import clock
from shared.http import QUESTION_RESPONSES, UserRoute, described, fits_an_answer
from shared.usage import CSV_COLUMNS, Export, Exported, ExportFormat, export_runs

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)

_EXAMPLE_RUN = {
    "ts": "1764784800.0",
    "time": "2025-12-03T18:00:00.000Z",
    "device": "server-1",
    "model": "llama3-8b",
    "tenant": "ada",
    "prompt_tokens": "12",
    "completion_tokens": "41",
    "latency_ms": "900.0",
    "ttft_ms": "120.0",
    "tok_s": "51.28",
    "ok": "true",
    "dataset": "my_server_metrics",
    "source_kind": "dataset",
    "run_id": "run_01JF…_0",
    "extra": '"{""GPU power (W)"":51.5}"',
    "conditions": '"{""quant"":""Q4_K_M"",""threads"":4}"',
}
_CSV_EXAMPLE = "".join(
    f"{','.join(cells)}\r\n"
    for cells in (CSV_COLUMNS, [_EXAMPLE_RUN.get(name, "") for name in CSV_COLUMNS])
)
_FILE_HEADERS = {
    "X-Row-Count": {"description": "How many runs there are.", "schema": {"type": "integer"}},
    "Content-Disposition": {
        "description": "The file's name, which contains the window.",
        "schema": {"type": "string"},
        "example": 'attachment; filename="evalyard-usage_20251203T000000Z_…_UTC.csv"',
    },
}
_LINK_HEADERS = {
    "X-Row-Count": _FILE_HEADERS["X-Row-Count"],
    "Location": {
        "description": "The address of the file, valid for 15 minutes without a credential.",
        "schema": {"type": "string", "format": "uri"},
    },
}


class ExportedFile(BaseModel):
    """A file that was too large for an answer."""

    url: str = Field(description="The same as `Location`.")
    expires_at: str = Field(description="When the address expires.")
    rows: int
    bytes: int
    format: ExportFormat
    file_name: str


@router.get(
    "/export.csv",
    summary="Export raw runs",
    response_class=Response,
    responses={
        200: {
            "description": "All runs of the window, oldest first.",
            "headers": _FILE_HEADERS,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
                "application/x-ndjson": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        },
        **described(
            303,
            "The file is too large for an answer; it is complete at `Location`.",
            model=ExportedFile,
            headers=_LINK_HEADERS,
        ),
        **described(413, "The file exceeds what one request can write (`export_too_large`)."),
        **QUESTION_RESPONSES,
    },
)
async def export(
    query: AskedQuery,
    format_: Annotated[
        ExportFormat,
        Query(
            alias="format",
            description="`jsonl`: a run a line, as the import reads it. `parquet`: as stored.",
        ),
    ] = "csv",
    guard: Annotated[
        bool,
        Query(description="CSV: prefix text that a spreadsheet would take for a formula with `'`."),
    ] = True,
    bom: Annotated[
        bool,
        Query(description="CSV: begin with a byte order mark, which older versions of Excel need."),
    ] = False,
) -> Response:
    """All runs of the window that pass the filters, never truncated.

    A file of up to 4.5 MB is in the answer (a little less where its text needs escaping), a larger
    one is answered by a redirect. All runs come from one snapshot; the window is fixed when the
    call arrives, and the file's name contains it. Runs are ordered by time, then by `run_id`, the
    newest last.

    CSV is RFC 4180 (CRLF, UTF-8), always with a header: `ts` is epoch seconds, `time` the same
    instant in ISO 8601, `extra` and `conditions` JSON objects with sorted keys; null is an empty
    cell, an empty text `""`. Text cells that begin with `= + - @`, also after white space, or with
    tab, CR or LF get a leading `'` (also behind further `'`, so that import can undo it), unless
    `guard=0`; numbers never do.
    """
    wanted = Export(query, format_, guard, bom)
    found = export_runs(wiring.bucket(), wiring.catalog(), wanted, fits=_fits(format_))
    return _inline(wanted, found) if found.body is not None else _elsewhere(wanted, found)


def _inline(wanted: Export, found: Exported) -> Response:
    headers = {
        "X-Row-Count": str(found.rows),
        "Content-Disposition": f'attachment; filename="{wanted.file_name}"',
    }
    return Response(found.body, headers=headers, media_type=wanted.content_type)


def _elsewhere(wanted: Export, found: Exported) -> Response:
    document = ExportedFile(
        url=found.url,
        expires_at=clock.iso(found.expires_us),
        rows=found.rows,
        bytes=found.size,
        format=wanted.format,
        file_name=wanted.file_name,
    )
    headers = {"X-Row-Count": str(found.rows), "Location": found.url}
    body = msgspec.json.encode(document.model_dump())
    return Response(body, 303, headers=headers, media_type="application/json")


def _fits(format_: ExportFormat) -> Callable[[bytes], bool]:
    return partial(fits_an_answer, binary=format_ == "parquet")
