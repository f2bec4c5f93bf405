"""The dead-letter queue: `/jobs/dlq`, requeue and removal."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Body, Query, Response

from functions.jobs import wiring
from functions.jobs.schemas import (
    DeadJobAnswer,
    DeviceGroupAnswer,
    FailureGroupAnswer,
    JobAnswer,
    RequeueBody,
)
from shared import clock, ids
from shared.errors import Forbidden
from shared.http import (
    Caller,
    CurrentUser,
    Cursors,
    JobIdInPath,
    Page,
    PageLimit,
    UserId,
    UserRoute,
    creates,
    described,
    first_that_fit,
    key_form,
    page_of,
)
from shared.jobs import CountedGroup, DeadFilter, Job, Overrides

router = APIRouter(prefix="/jobs", tags=["Dead letters"], route_class=UserRoute)

_POSITION = key_form(rf"[0-9]{{17}}#job_{ids.ULID_FORM}")
_GROUP_POSITION = tuple[int, str]
_ABSENT = described(404, "You have no such job (`job_not_found`).")
_NOT_DEAD = described(409, "The job is not dead (`job_not_dead`).")


@router.get(
    "/dlq",
    summary="List jobs in the dead-letter queue",
    response_model=Page[DeadJobAnswer | FailureGroupAnswer | DeviceGroupAnswer],
    responses=described(403, "Another user's are for administrators only (`forbidden`)."),
)
async def dead_letters(
    user: CurrentUser,
    user_id: Annotated[
        UserId | None, Query(description="The user whose jobs are listed; for administrators.")
    ] = None,
    device: Annotated[str | None, Query(max_length=128, description="Where they failed.")] = None,
    model: Annotated[str | None, Query(max_length=256)] = None,
    failure: Annotated[
        str | None, Query(max_length=128, description="The code of their failure.")
    ] = None,
    group_by: Annotated[Literal["failure", "device"] | None, Query()] = None,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> dict[str, Any]:
    """Dead jobs, newest first; administrators see those of all users.

    `group_by` counts them by the code of their failure, or by the device where they failed (null:
    on none, as those that expired), the most frequent first. A page may be short where most jobs
    are filtered out: `has_more` decides.
    """
    wanted = DeadFilter(_whose(user, user_id), device, model, failure)
    letters = wiring.jobs().dead_letters
    if group_by:
        names = ("dlq", user.user_id, group_by, *_cursor_names(wanted))
        places = Cursors[tuple[int, str]](names, _GROUP_POSITION)
        found = letters.grouped(wanted, group_by, limit, places.read(cursor))
        next_place = None if found.next_after is None else places.write(found.next_after)
        return page_of(_groups(found.groups, group_by), next_place)
    cursors = Cursors[str](("dlq", user.user_id, *_cursor_names(wanted)), _POSITION)
    page = letters.page(wanted, limit, cursors.read(cursor))
    documents = _dead(page.jobs)
    next_after, fitting = page.next_after, first_that_fit(documents)
    if fitting < len(documents):
        next_after = letters.place_after(page.jobs[fitting - 1])
    next_cursor = None if next_after is None else cursors.write(next_after)
    return page_of(documents[:fitting], next_cursor)


@router.post(
    "/{job_id}/requeue",
    summary="Requeue a failed job (DLQ)",
    status_code=202,
    response_model=JobAnswer,
    responses={**_ABSENT, **_NOT_DEAD},
)
@creates()
async def requeue(
    user: CurrentUser, job_id: JobIdInPath, body: Annotated[RequeueBody | None, Body()] = None
) -> dict[str, Any]:
    """Queues a dead job again; its attempts start at 1."""
    letters = wiring.jobs().dead_letters
    job = letters.find(job_id, user.user_id, user.admin)
    queued = letters.requeue(job, _overrides(body or RequeueBody()))
    (document,) = wiring.jobs().reader.documents([queued])
    return document


@router.delete(
    "/{job_id}",
    summary="Remove job from DLQ",
    status_code=204,
    responses={**_ABSENT, **_NOT_DEAD},
)
async def remove(user: CurrentUser, job_id: JobIdInPath) -> Response:
    """Removes the job from the dead-letter queue and deletes it."""
    letters = wiring.jobs().dead_letters
    letters.remove(letters.find(job_id, user.user_id, user.admin))
    return Response(status_code=204)


def _whose(user: Caller, user_id: str | None) -> str | None:
    """Whose dead jobs to list; None is everybody's. Raises Forbidden."""
    if user.admin:
        return user_id
    if user_id not in (None, user.user_id):
        raise Forbidden("only administrators see the dead jobs of others")
    return user.user_id


def _cursor_names(wanted: DeadFilter) -> list[str]:
    """What a cursor is bound to, but for its user."""
    named = (("device", wanted.device), ("model", wanted.model), ("failure", wanted.code))
    return [
        wanted.user_id or "*",
        *(f"{name}={value}" for name, value in named if value is not None),
    ]


def _groups(groups: list[CountedGroup], by: str) -> list[dict[str, Any]]:
    newest = _dead([each.newest for each in groups])
    named = (
        {"code": each.group.code} if by == "failure" else {"device": each.group.device}
        for each in groups
    )
    counts = ({"count": each.count} for each in groups)
    return [
        name | count | {"newest": job}
        for name, count, job in zip(named, counts, newest, strict=True)
    ]


def _dead(jobs: list[Job]) -> list[dict[str, Any]]:
    documents = wiring.jobs().reader.documents(jobs)
    return [
        document | {"user_id": job.user_id, "dead_at": clock.iso(job.finished_us or 0)}
        for job, document in zip(jobs, documents, strict=True)
    ]


def _overrides(body: RequeueBody) -> Overrides:
    options = None if body.options is None else body.options.model_dump(exclude_unset=True)
    fields = body.model_dump(exclude={"options"})
    return msgspec.convert(fields | {"options": options}, Overrides)
