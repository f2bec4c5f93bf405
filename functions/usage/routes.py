"""The usage endpoints."""

from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from functions.usage import wiring
from functions.usage.parameters import AskedGrouping, AskedQuery, AskedReadOptions
from functions.usage.schemas import SummaryAnswer, UsageAnswer
from shared.http import QUESTION_RESPONSES, UserRoute, Window, share_of_answer, too_large_means
from shared.usage import Labels, UsageQuery, auto_seconds, bucket_seconds, overview, summary

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)


@router.get(
    "",
    summary="Usage over time, with breakdown",
    response_model=UsageAnswer,
    responses=QUESTION_RESPONSES,
)
@too_large_means(
    "ask for a narrower window, a bigger bucket, fewer groups or runs, or for single "
    "labels with extra=<label>"
)
async def usage(
    query: AskedQuery,
    group_by: AskedGrouping,
    options: AskedReadOptions,
    top: Annotated[
        int | None,
        Query(
            ge=1,
            le=1_000,
            description="Of the groups only the N with the most runs in the window (of equal ones "
            "the first by name), and all others as one entry, which says `others` and how many "
            "`groups` they are.",
        ),
    ] = None,
    bucket: Annotated[
        str,
        Query(
            description="auto (about 50 buckets, fewer where there are many groups), "
            "minute, hour, day, or seconds."
        ),
    ] = "auto",
    tz: Annotated[
        str,
        Query(
            description=(
                "The IANA time zone in which days begin (Europe/Berlin); any other text: "
                "400 `invalid_timezone`."
            )
        ),
    ] = "UTC",
    runs: Annotated[
        int, Query(ge=0, le=1_000, description="Also return the newest N raw runs.")
    ] = 0,
) -> Response:
    """The runs of the breakdown add up to `total.runs`; empty buckets are listed with `runs: 0`.

    More than 1,000 groups are refused with 400 (`too_many_groups`), unless `top` asks for the
    greatest: then they come with the most runs first, the same ones in each bucket, and the entry
    of all others last, whose `key` is empty.

    With `bucket=auto` an answer that would be larger than 6 MB gets longer buckets; with other
    buckets it is refused with 413 (`answer_too_large`).
    """
    step_s = bucket_seconds(bucket, query.from_us, query.to_us)
    found = overview(
        wiring.bucket(),
        wiring.catalog(),
        query,
        group_by=group_by,
        top=top,
        step_s=step_s,
        tz=tz,
        newest=runs,
        options=options,
        coarser=partial(auto_seconds, query.from_us, query.to_us) if bucket == "auto" else None,
        share=_share,
    )
    return _json(
        {
            "window": _window(query, found.step_s, found.partial_last_bucket),
            "filters": query.filters.document(),
            "group_by": list(group_by),
            "exact": found.exact,
            "total": found.total,
            "series": found.series,
            "breakdown": found.breakdown,
            "runs": found.runs,
        }
        | _labels(found.labels)
    )


@router.get(
    "/summary",
    summary="Summary stats (KPIs)",
    response_model=SummaryAnswer,
    responses=QUESTION_RESPONSES,
)
async def usage_summary(query: AskedQuery, options: AskedReadOptions) -> Response:
    """The statistics of the window, and of the window of the same length just before it."""
    found = summary(wiring.bucket(), wiring.catalog(), query, options)
    head = {"window": _window(query), "filters": query.filters.document()}
    return _json(head | {"exact": found.exact} | found.stats | _labels(found.labels))


def _share(series: list[dict[str, Any]], rest: list[dict[str, Any]]) -> tuple[float, float]:
    """How much of an answer a series takes, and the rest of the answer."""
    series_share, rest_share = map(share_of_answer, map(msgspec.json.encode, (series, rest)))
    return series_share, rest_share


def _window(
    query: UsageQuery, step_s: int | None = None, cut_short: bool = False
) -> dict[str, Any]:
    return Window(query.from_us, query.to_us).document(step_s, cut_short)


def _labels(labels: Labels) -> dict[str, Any]:
    """Says so when there are more extras than the answer shows."""
    shown = len(labels.shown)
    return {"extra_labels": {"total": labels.total, "shown": shown}} if shown < labels.total else {}


def _json(document: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")
