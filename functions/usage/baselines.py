"""`/usage/baselines`: figures that are kept under a name, for a gate to compare with."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from functions.usage import wiring
from functions.usage.gate_schemas import (
    BaselineAnswer,
    BaselineBody,
    BaselineDetailAnswer,
    SideBody,
)
from functions.usage.questions import grouping_of, question_of
from shared.datasets import DATASET_NAME
from shared.errors import Unacceptable
from shared.http import (
    CurrentUser,
    Cursors,
    Page,
    PageLimit,
    UserRoute,
    described,
    in_path,
    key_form,
    page_of,
    up_to,
)
from shared.usage import (
    Baseline,
    BaselineChange,
    BaselineNotFound,
    Baselines,
    kept_moments,
)

router = APIRouter(prefix="/usage/baselines", tags=["Usage"], route_class=UserRoute)

BaselineName = Annotated[
    str,
    Path(json_schema_extra={"pattern": f"^{DATASET_NAME}$"}),
    in_path(DATASET_NAME, lambda: BaselineNotFound("there is no such baseline")),
]
ABSENT = described(404, "You have no such baseline (`baseline_not_found`).")
_POSITION = key_form(DATASET_NAME)


def _bad_name() -> Unacceptable:
    detail = f"the name of a baseline is as a dataset's: ^{DATASET_NAME}$"
    return Unacceptable(detail, code="invalid_baseline_name")


NewName = Annotated[
    str,
    Path(json_schema_extra={"pattern": f"^{DATASET_NAME}$"}),
    in_path(DATASET_NAME, _bad_name),
]


@router.put(
    "/{name}",
    summary="Set a baseline",
    response_model=BaselineAnswer,
    responses={
        **described(201, "It is new.", model=BaselineAnswer),
        **described(422, "No runs are in it (`baseline_empty`), or the body is not acceptable."),
    },
)
async def put_baseline(
    user: CurrentUser, name: NewName, body: BaselineBody, response: Response
) -> dict[str, Any]:
    """Keeps the figures of these runs (per group and metric: number, mean, spread) under a name.

    It keeps the figures, not the question: whatever comes or goes afterwards, the baseline stays
    until it is set again, which is the next version. `by` says what the gate keeps apart: device
    and model when omitted. The last 50 versions are in its history, with their reasons.
    """
    side = SideBody.model_construct(filters=body.filters, window=body.window)
    query, by = question_of(user.user_id, side), grouping_of(body.by, "/by")
    figures = kept_moments(wiring.bucket(), wiring.catalog(), query, by)
    change = BaselineChange(
        name=name,
        filters=query.filters.document(),
        from_us=query.from_us,
        to_us=query.to_us,
        reason=body.reason,
    )
    found, is_new = _baselines(user.user_id).set(change, figures)
    response.status_code = 201 if is_new else 200
    return found.document()


@router.get("", summary="List baselines", response_model=Page[BaselineAnswer])
async def get_baselines(
    user: CurrentUser,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> dict[str, Any]:
    """Your baselines, the one that was set last first."""
    cursors = Cursors[str](("baselines", user.user_id), _POSITION)
    after = cursors.read(cursor)
    found, more = up_to(limit, _after(_baselines(user.user_id).all(), after))
    next_cursor = cursors.write(found[-1].name) if more else None
    return page_of([each.document() for each in found], next_cursor)


@router.get(
    "/{name}", summary="Get a baseline", response_model=BaselineDetailAnswer, responses=ABSENT
)
async def get_baseline(user: CurrentUser, name: BaselineName) -> dict[str, Any]:
    """The version in force, and the history of all, the newest first."""
    found = _baselines(user.user_id).find(name)
    return found.document() | {"history": found.past()}


@router.delete("/{name}", status_code=204, summary="Delete a baseline", responses=ABSENT)
async def delete_baseline(user: CurrentUser, name: BaselineName) -> None:
    """It is gone with its history; runs are not touched."""
    _baselines(user.user_id).delete(name)


def _baselines(user_id: str) -> Baselines:
    return Baselines(wiring.bucket(), wiring.catalog().table, user_id)


def _after(found: list[Baseline], name: str | None) -> list[Baseline]:
    """Those beyond a name; all of them where it is gone meanwhile."""
    places = [place for place, each in enumerate(found) if each.name == name]
    return found[places[0] + 1 :] if places else found
