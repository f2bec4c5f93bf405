"""Parameters of the contract that are not built yet: refused, lest they be taken for heeded."""

from typing import Annotated, Literal

from fastapi import Query

from shared.errors import MalformedInput

Flag = Annotated[bool, Query(description="Not available yet; refused when set.")]


def saves_plainly(preview: Flag = False, backfill: Flag = False) -> None:
    """Raises MalformedInput for a preview or a backfill."""
    if preview or backfill:
        raise MalformedInput(
            "preview and backfill are not available yet; nothing was saved", code="not_available"
        )


def asked_for_what_there_is(
    order: Annotated[Literal["asc", "desc"], Query(description="Append order.")] = "asc",
    format_: Annotated[Literal["json", "jsonl", "csv"], Query(alias="format")] = "json",
    tail: Annotated[int | None, Query(ge=1, description="Not available yet.")] = None,
) -> None:
    """Raises MalformedInput for other orders and formats than the default, and for `tail`."""
    if order != "asc" or format_ != "json" or tail is not None:
        raise MalformedInput(
            "only order=asc and format=json are available yet, without tail", code="not_available"
        )
