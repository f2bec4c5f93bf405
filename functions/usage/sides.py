"""The query parameters of a comparison: those of one question, and the same with `a_` and `b_`."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar, get_args

from fastapi import Query
from fastapi.params import Query as QueryParameter

from functions.usage.parameters import requested_filters, requested_query
from shared.errors import MalformedInput
from shared.http import CurrentUser, Window, inline, requested_window
from shared.usage import Filters, UsageQuery

Read = TypeVar("Read")


def _of_side(side: str, read: Callable[..., Read]) -> Callable[..., Read]:
    """The dependency with each query parameter called `<side>_<name>` instead."""

    def read_side(**values: Any) -> Read:
        try:
            return read(**values)
        except MalformedInput as exc:
            raise MalformedInput(
                f"side {side}: {exc.detail}", code=exc.error_code, faults=exc.faults
            ) from exc

    given = inspect.signature(read)
    renamed = [_renamed(parameter, side) for parameter in given.parameters.values()]
    read_side.__signature__ = given.replace(parameters=renamed)  # type: ignore[attr-defined]  # FastAPI reads it.
    return read_side


def _renamed(parameter: inspect.Parameter, side: str) -> inspect.Parameter:
    kind, query = get_args(parameter.annotation)
    assert isinstance(query, QueryParameter)
    name = query.alias or parameter.name
    described = Query(
        alias=f"{side}_{name}", description=f"`{name}` of side {side} alone, in place of `{name}`."
    )
    described.metadata = query.metadata
    return parameter.replace(
        annotation=Annotated[kind, described], kind=inspect.Parameter.KEYWORD_ONLY
    )


def requested_sides(
    user: CurrentUser,
    window: Annotated[Window, inline(requested_window)],
    filters: Annotated[Filters, inline(requested_filters)],
    a_window: Annotated[Window, inline(_of_side("a", requested_window))],
    a_filters: Annotated[Filters, inline(_of_side("a", requested_filters))],
    b_window: Annotated[Window, inline(_of_side("b", requested_window))],
    b_filters: Annotated[Filters, inline(_of_side("b", requested_filters))],
) -> tuple[UsageQuery, UsageQuery]:
    """Both questions. Without any window b is about the last 24 hours, a about those before."""
    a, b = (
        requested_query(user, own if own.given else window, own_filters.over(filters))
        for own, own_filters in ((a_window, a_filters), (b_window, b_filters))
    )
    if window.given or a_window.given or b_window.given:
        return a, b
    return replace(b, filters=a.filters).before(), b


AskedSides = Annotated[tuple[UsageQuery, UsageQuery], inline(requested_sides)]
