"""The user's side of jobs: `/api/jobs*`."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from functions.jobs import wiring
from functions.jobs.rendering import result_csv, result_document
from functions.jobs.schemas import (
    JobAnswer,
    JobBody,
    JobDetailAnswer,
    JobPreview,
    ResultAnswer,
    StatusName,
    StoredResult,
)
from shared import ids
from shared.errors import Forbidden
from shared.http import (
    Caller,
    CurrentUser,
    Cursors,
    JobIdInPath,
    Page,
    PageLimit,
    RepeatableCall,
    UserId,
    UserRoute,
    Window,
    creates,
    described,
    first_that_fit,
    fits_an_answer,
    inline,
    key_form,
    page_of,
    requested_window,
    too_large_means,
)
from shared.jobs import Job, JobFilter, JobRequest, Outcome, Submitter, attempt_document

router = APIRouter(prefix="/api/jobs", tags=["Jobs"], route_class=UserRoute)

_POSITION = key_form(f"job_{ids.ULID_FORM}")
_MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
}
EXPIRED = described(410, "The retention of prompt and result is over (`job_body_expired`).")
ABSENT = described(404, "You have no such job (`job_not_found`).")


@router.post(
    "",
    summary="Enqueue a new job",
    status_code=202,
    response_model=JobAnswer,
    responses=described(200, "With `dry_run`: what would happen.", model=JobPreview),
)
@creates()
async def submit(
    request: Request,
    user: CurrentUser,
    call: RepeatableCall,
    body: JobBody,
    dry_run: Annotated[bool, Query(description="Check only; queue nothing.")] = False,
) -> Response:
    """Queue a prompt for a model.

    Refused with 422: `device_not_found`, `queue_tag_unknown`, `model_not_on_device`,
    `adapter_not_found`, `callback_url_refused`. Priorities 5 to 9 take the high lane, which is
    served before the normal one; among your own waiting jobs higher priorities go first, then older
    jobs.

    A model that no registered device serves is no error: the job waits (`no_matching_device`) until
    a device does, it is cancelled, or `expires_in_s` is over. `dry_run` says so beforehand.
    """
    who = _submitter(request, user)
    wanted = _job_request(body)
    if dry_run:
        preview = wiring.submissions().preview(who, wanted)
        return _json({"would": "queue", **msgspec.to_builtins(preview)}, 200)
    job_id = f"job_{call.ulid('job')}"
    job = wiring.submissions().submit(who, wanted, job_id, call.started_us)
    (document,) = wiring.jobs().reader.documents([job])
    return _json(document, 202, {"Location": f"/api/jobs/{job_id}"})


def job_filter(
    window: Annotated[Window, inline(requested_window)],
    status: Annotated[StatusName | None, Query()] = None,
    model: Annotated[str | None, Query()] = None,
    device: Annotated[
        str | None, Query(description="The device that runs or ran it, or to which it is pinned.")
    ] = None,
    queue_tag: Annotated[str | None, Query()] = None,
    tag: Annotated[str | None, Query()] = None,
) -> JobFilter:
    """The jobs that the query asks for."""
    return JobFilter(status, model, device, queue_tag, tag, window.from_us, window.to_us)


@router.get(
    "",
    summary="List jobs for the current user",
    response_model=Page[JobAnswer],
    responses=described(403, "Another user's are for administrators only (`forbidden`)."),
)
async def list_(
    request: Request,
    user: CurrentUser,
    wanted: Annotated[JobFilter, inline(job_filter)],
    user_id: Annotated[
        UserId | None, Query(description="The user whose jobs are listed; for administrators.")
    ] = None,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> dict[str, Any]:
    """The caller's jobs, newest first; the window is on `created_at` (default: all)."""
    asked = sorted(
        f"{name}={value}"
        for name, value in request.query_params.multi_items()
        if name not in ("limit", "cursor")
    )
    cursors = Cursors[str](("jobs", user.user_id, *asked), _POSITION)
    page = wiring.jobs().reader.page(_whose(user, user_id), wanted, limit, cursors.read(cursor))
    documents = wiring.jobs().reader.documents(page.jobs)
    next_after, fitting = page.next_after, first_that_fit(documents)
    if fitting < len(documents):
        next_after = page.jobs[fitting - 1].job_id
    next_cursor = None if next_after is None else cursors.write(next_after)
    return page_of(documents[:fitting], next_cursor)


@router.get(
    "/{job_id}",
    summary="Get job status & metadata",
    response_model=JobDetailAnswer,
    responses={**ABSENT, **EXPIRED},
)
@too_large_means("ask for /api/jobs/{job_id}/result?full=1, which redirects")
async def get(user: CurrentUser, job_id: JobIdInPath) -> dict[str, Any]:
    """The job with its prompt, its options and its attempts."""
    reader = wiring.jobs().reader
    job = wiring.jobs().store.get(user.user_id, job_id)
    (document,) = reader.documents([job])
    attempts = [attempt_document(attempt) for attempt in job.attempts]
    return {**document, **msgspec.structs.asdict(reader.request(job)), "attempts": attempts}


@router.get(
    "/{job_id}/result",
    summary="Get job result & metrics",
    response_model=ResultAnswer,
    response_model_exclude_unset=True,
    responses={
        **ABSENT,
        **described(
            200,
            "The result.",
            content={
                "text/plain": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        ),
        **described(
            303,
            "The result is too large for an answer; it is complete at `Location` for an hour.",
            model=StoredResult,
            headers={
                "Location": {
                    "description": "A signed address of the result.",
                    "schema": {"type": "string"},
                }
            },
        ),
        **EXPIRED,
        **described(
            409,
            "There is no result yet (`job_not_finished`), or there will be none "
            "(`job_has_no_result`).",
        ),
    },
)
async def result(
    user: CurrentUser,
    job_id: JobIdInPath,
    format_: Annotated[
        Literal["json", "text", "csv"], Query(alias="format", description="`text`: the output.")
    ] = "json",
    full: Annotated[
        bool, Query(description="Also return prompt, samples, telemetry and log.")
    ] = False,
) -> Any:
    """The model's output and the measured metrics."""
    reader = wiring.jobs().reader
    job = wiring.jobs().store.get(user.user_id, job_id)
    outcome = reader.outcome(job)
    text = _result_text(job, outcome, format_, full)
    if fits_an_answer(text):
        return Response(text, media_type=_MEDIA_TYPES[format_])
    url = reader.outcome_url(job, text, _MEDIA_TYPES[format_], format_)
    return _json({"url": url, "bytes": len(text)}, 303, {"Location": url})


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a running or queued job",
    response_model=JobAnswer,
    responses={
        **ABSENT,
        **described(202, "The job is running; its device stops within 15 s.", model=JobAnswer),
        **described(409, "The job has ended (`job_already_finished`)."),
    },
)
async def cancel(user: CurrentUser, job_id: JobIdInPath) -> Response:
    """A queued job becomes `cancelled` at once (200), a running one `cancelling` first (202)."""
    job = wiring.jobs().cancelling.cancel(user.user_id, job_id)
    (document,) = wiring.jobs().reader.documents([job])
    return _json(document, 200 if job.finished else 202)


def _result_text(job: Job, outcome: Outcome, format_: str, full: bool) -> bytes:
    if format_ == "text":
        return outcome.result.output.encode()
    document = _full(job, outcome) if full else result_document(job, outcome, None)
    if format_ == "csv":
        return result_csv(document).encode()
    return msgspec.json.encode(document)


def _submitter(request: Request, user: Caller) -> Submitter:
    scheme = request.headers.get("x-forwarded-proto", "https").partition(",")[0].strip()
    api_url = f"{scheme}://{request.headers.get('host', '')}"
    return Submitter(user.user_id, user.tenant, user.admin, api_url)


def _whose(user: Caller, user_id: str | None) -> str:
    """Whose jobs to list. Raises Forbidden."""
    if user_id not in (None, user.user_id) and not user.admin:
        raise Forbidden("only administrators see the jobs of others")
    return user_id or user.user_id


def _job_request(body: JobBody) -> JobRequest:
    fields = body.model_dump(exclude={"options", "conditions"})
    options = body.options.model_dump(exclude_unset=True)
    return JobRequest(**fields, options=options, conditions=body.conditions or {})


def _json(document: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(document), status, headers=headers, media_type="application/json"
    )


def _full(job: Job, outcome: Outcome) -> dict[str, Any]:
    jobs = wiring.jobs()
    log_url = jobs.logs.url(job) if outcome.result.log_uploaded else None
    return result_document(job, outcome, jobs.reader.request(job), log_url)
