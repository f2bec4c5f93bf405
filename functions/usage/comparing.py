"""`GET /usage/compare` and `GET /usage/definitions`."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from functions.usage import wiring
from functions.usage.comparison_schemas import CompareAnswer, DefinitionsAnswer
from functions.usage.parameters import AskedReadOptions
from functions.usage.sides import AskedSides
from shared.http import QUESTION_RESPONSES, UserRoute, Window, page_of
from shared.usage import DEFINITIONS, Labels, Side, UsageQuery, compare

router = APIRouter(prefix="/usage", tags=["Usage"], route_class=UserRoute)


@router.get(
    "/compare",
    summary="Compare two time ranges or configurations",
    response_model=CompareAnswer,
    responses=QUESTION_RESPONSES,
)
async def usage_compare(
    sides: AskedSides,
    options: AskedReadOptions,
    min_effect_pct: Annotated[
        float,
        Query(
            ge=0,
            allow_inf_nan=False,
            description="The smallest effect that counts, in % of a's mean.",
        ),
    ] = 2.0,
) -> Response:
    """Compares side b with side a: each metric with Welch's t-test and a verdict.

    Every filter and window parameter also comes as `a_…` and `b_…`: a side's own filter replaces
    the common one of the same name, and a side with any window parameter of its own uses only
    those. Without any window b is the last 24 hours and a the 24 hours before. `improved` and
    `regressed` need p < 0.05 and an effect of at least `min_effect_pct` % of a's mean; `unchanged`
    means that the 95 % interval is within ± that effect; everything else is `inconclusive`, and
    `more_runs` says how many more runs would decide. `conditions_diff` names the dimensions that
    differ. Metrics: latency_ms, ttft_ms, tok_s, error_rate, and each label that both sides have (of
    the 50 most frequent of each, or of those that `extra` names).
    """
    a, b = sides
    found = compare(
        wiring.bucket(), wiring.catalog(), a, b, min_effect_pct=min_effect_pct, options=options
    )
    return _json(
        {
            "a": _side(a, found.a),
            "b": _side(b, found.b),
            "min_effect_pct": min_effect_pct,
            "metrics": found.metrics,
            "conditions_diff": found.conditions_diff,
        }
    )


@router.get("/definitions", summary="What every metric means", response_model=DefinitionsAnswer)
async def usage_definitions() -> Response:
    """Formula, unit, direction and source of each metric; the same text as docs/usage.md."""
    return _json(page_of(DEFINITIONS, None))


def _side(query: UsageQuery, side: Side) -> dict[str, Any]:
    window = Window(query.from_us, query.to_us).document()
    head = {"window": window, "filters": query.filters.document(), "exact": side.exact}
    return head | side.stats | _labels(side.labels)


def _labels(labels: Labels) -> dict[str, Any]:
    """Says so when a side has more extras than the answer compares."""
    shown = len(labels.shown)
    return {"extra_labels": {"total": labels.total, "shown": shown}} if shown < labels.total else {}


def _json(document: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")
