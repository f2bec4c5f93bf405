"""The query parameters that all usage endpoints share."""

import inspect
from collections import defaultdict
from typing import Annotated, Any

from fastapi import Query

from shared import clock
from shared.errors import Fault, MalformedInput
from shared.http import CurrentUser, Window, inline, requested_window
from shared.http.windows import last
from shared.runs import DIMENSIONS, FILTERS, PREFIX, Column, condition_of
from shared.usage import MAX_LABELS, Filters, ReadOptions, UsageQuery

MAX_GROUPINGS = 3


GROUPABLE = (*DIMENSIONS, f"{PREFIX}<name>")


def requested_filters(**values: list[Any]) -> Filters:
    """The filters of the query."""
    named: dict[str, list[Any]] = defaultdict(list)
    for each in values.pop("conditions", []):
        name, _, value = each.partition("=")
        named[PREFIX + name].append(value)
    return Filters(**{name: tuple(found) for name, found in (values | named).items()})


def _filter_parameter(column: Column) -> inspect.Parameter:
    kind = bool if column.kind == "flag" else str
    query = Query(description=f"{column.about} May be repeated: any of the values.")
    annotation = Annotated[list[kind], query]  # type: ignore[valid-type]  # FastAPI reads it.
    return inspect.Parameter(
        column.name, inspect.Parameter.KEYWORD_ONLY, default=[], annotation=annotation
    )


_OF_CONDITIONS = inspect.Parameter(
    "conditions",
    inspect.Parameter.KEYWORD_ONLY,
    default=[],
    annotation=Annotated[
        list[str],
        Query(
            alias=f"{PREFIX}<name>",
            description="A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and "
            "the text. May be repeated: any of the values; several names: all of them.",
        ),
    ],
)
# FastAPI reads the parameters off the signature.
requested_filters.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [*(_filter_parameter(column) for column in FILTERS.values()), _OF_CONDITIONS]
)


def requested_query(
    user: CurrentUser,
    window: Annotated[Window, inline(requested_window)],
    filters: Annotated[Filters, inline(requested_filters)],
) -> UsageQuery:
    """What is asked, with the window resolved: open ends are the epoch and now."""
    chosen = window.or_last()
    end = clock.now_us() + 1 if chosen.to_us is None else chosen.to_us
    start = (
        last(86_400).from_us if chosen.from_us is None and chosen.to_us is None else chosen.from_us
    )
    if (start or 0) >= end:
        raise MalformedInput("the window is empty: from is in the future", code="window_empty")
    return UsageQuery(user.user_id, start or 0, end, filters)


def requested_grouping(
    group_by: Annotated[
        str | None, Query(description=f"Up to three of {', '.join(GROUPABLE)}, comma-separated.")
    ] = None,
) -> tuple[str, ...]:
    """The dimensions to group by, each once. Raises MalformedInput."""
    names = tuple(
        dict.fromkeys(part.strip() for part in (group_by or "").split(",") if part.strip())
    )
    unknown = [name for name in names if name not in DIMENSIONS and condition_of(name) is None]
    if unknown or len(names) > MAX_GROUPINGS:
        raise MalformedInput(
            f"group_by takes up to {MAX_GROUPINGS} of: {', '.join(GROUPABLE)}",
            code="invalid_parameter",
            allowed=GROUPABLE,
            faults=(
                Fault("/query/group_by", "not_allowed", "unknown dimension", allowed=GROUPABLE),
            ),
        )
    return names


def requested_read_options(
    exact: Annotated[
        bool | None,
        Query(
            description=(
                "Percentiles from the rows (true), or from rollups where possible "
                "(false). By default the number of runs decides."
            )
        ),
    ] = None,
    extra: Annotated[
        list[str],
        Query(
            description="Labels of the extra metrics to return; by default the 100 most frequent."
        ),
    ] = [],  # noqa: B006
) -> ReadOptions:
    """How to read, and which extras to return. Raises MalformedInput for too many labels."""
    if len(extra) > MAX_LABELS:
        raise MalformedInput(
            f"at most {MAX_LABELS} extra labels; ask again for others",
            code="invalid_parameter",
            faults=(Fault("/query/extra", "too_many", f"at most {MAX_LABELS}"),),
        )
    return ReadOptions(exact, tuple(dict.fromkeys(extra)))


AskedQuery = Annotated[UsageQuery, inline(requested_query)]
AskedGrouping = Annotated[tuple[str, ...], inline(requested_grouping)]
AskedReadOptions = Annotated[ReadOptions, inline(requested_read_options)]
