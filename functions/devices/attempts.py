"""What a device says about the job it runs: claim, heartbeat, complete, fail."""

import re
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Path, Response

from functions.devices import wiring
from functions.devices.attempt_schemas import (
    AttemptBody,
    AttemptEnd,
    ClaimAnswer,
    CompleteBody,
    CompletedAttempt,
    FailBody,
    HeartbeatAnswer,
    HeartbeatBody,
    LogUploadAnswer,
    LogUploadBody,
)
from functions.devices.reports import FOREIGN, OwnSerial, telemetry_of
from shared import clock
from shared.errors import TooLarge
from shared.http import MADE_ID, DeviceRoute, described, fits_an_answer, in_path
from shared.jobs import (
    LEASE_S,
    ClaimedJob,
    Failure,
    Job,
    Result,
    Speaker,
    flag_conditions,
    job_gone,
    sift_flags,
)
from shared.runs import joined_conditions, sift_conditions

router = APIRouter(
    prefix="/devices/{serial}/jobs/{job_id}",
    tags=["Device runners"],
    route_class=DeviceRoute,
    responses={
        **FOREIGN,
        **described(410, "The job ended or was removed (`job_gone`): delete the message."),
    },
)

JobId = Annotated[str, Path(json_schema_extra={"pattern": MADE_ID}), in_path(MADE_ID, job_gone)]
_FENCE = "X-Evalyard-Attempt"
Fence = Annotated[
    str | None,
    Header(alias=_FENCE, description="What the claim's answer said there."),
]
_LOST = described(409, "The attempt does not hold the lease (`lease_lost`).")


@router.post(
    "/claim",
    summary="Take a job",
    response_model=ClaimAnswer,
    responses={
        **described(409, "Another device runs it (`job_leased`)."),
        **described(413, "The job is too large to be handed out (`job_too_large`)."),
    },
)
async def claim(serial: OwnSerial, job_id: JobId) -> Response:
    """Returns the job and the number of the attempt; repeated by the holder: the same answer.

    Attempts are numbered from 1 on, and again after a requeue. What the header `X-Evalyard-Attempt`
    says never comes back: sent along with later calls, it keeps an attempt apart from one of the
    same number before a requeue.
    """
    claimed = wiring.leases().claim(serial, job_id, _rendered)
    fence = {_FENCE: str(claimed.attempt)}
    return Response(claimed.answer, media_type="application/json", headers=fence)


@router.post(
    "/heartbeat", summary="Keep the lease", response_model=HeartbeatAnswer, responses=_LOST
)
async def heartbeat(
    serial: OwnSerial, job_id: JobId, body: HeartbeatBody, fence: Fence = None
) -> dict[str, Any]:
    """Extends the lease, and says that the device is there: while a job runs no other report is
    needed. The answer says whether the job was cancelled.
    """
    measured = None if body.telemetry is None else telemetry_of(body.telemetry)
    cancel = wiring.leases().heartbeat(_speaker(serial, body, fence), job_id, measured)
    return {"cancel": cancel}


@router.post(
    "/log_upload",
    summary="Get an address for a long log",
    response_model=LogUploadAnswer,
    responses={**_LOST, **described(413, "The log exceeds 50 MB (`too_large`).")},
)
async def log_upload(
    serial: OwnSerial, job_id: JobId, body: LogUploadBody, fence: Fence = None
) -> dict[str, Any]:
    """A signed address for one PUT of the attempt's log, before `complete` says `log_uploaded`."""
    place = wiring.leases().log_upload(_speaker(serial, body, fence), job_id, body.bytes)
    return {
        "url": place.url,
        "headers": place.headers,
        "expires_at": clock.iso(place.expires_us),
    }


@router.post(
    "/complete", summary="Report a result", response_model=CompletedAttempt, responses=_LOST
)
async def complete(
    serial: OwnSerial, job_id: JobId, body: CompleteBody, fence: Fence = None
) -> dict[str, Any]:
    """The attempt succeeded. Repeated: the same answer, and nothing is recorded twice."""
    flags, wrong = sift_flags(body.flags)
    conditions, bad = sift_conditions(body.conditions)
    fields = body.model_dump(exclude={"attempt", "metrics", "extra", "flags", "conditions"})
    fields |= {"metrics": body.metrics.known(), "extra": body.metrics.others() | body.extra}
    result = Result(**fields, flags=flags, conditions=conditions)
    job = wiring.leases().complete(_speaker(serial, body, fence), job_id, result)
    _, left_out = joined_conditions(job.conditions, conditions | flag_conditions(flags))
    return _answer(job) | {"warnings": [*wrong, *bad, *left_out]}


@router.post("/fail", summary="Report a failure", response_model=AttemptEnd, responses=_LOST)
async def fail(
    serial: OwnSerial, job_id: JobId, body: FailBody, fence: Fence = None
) -> dict[str, Any]:
    """The attempt failed; a retryable one goes back to the queue while attempts are left.

    The next attempt begins after 5 s, 30 s, then 2 min, or after `retry_after_s`, on another device
    first. `device_lost` (the runner was stopped) costs no attempt, nor does `server_unavailable` or
    `throttled` (the model's server said 503, 502 or 429) with `retry_after_s`: the job goes on at
    once elsewhere, and the device is not ready for so long, at least 5 s.
    """
    failure = Failure(code=body.code, message=body.message, retryable=body.retryable, device=serial)
    said = wiring.leases().fail(_speaker(serial, body, fence), job_id, failure, body.retry_after_s)
    return _answer(said)


def _speaker(serial: str, body: AttemptBody, fence: str | None) -> Speaker:
    """The attempt that speaks; what claims do not say in the header is no attempt's."""
    said = None if fence is None else int(fence) if re.fullmatch("[0-9]{1,10}", fence) else 0
    return Speaker(serial, body.attempt, said)


def _rendered(claim: ClaimedJob) -> bytes:
    """What a claim answers. Raises TooLarge where no answer can hold it."""
    job, request = claim.job, claim.request
    answer = msgspec.json.encode(
        {
            "attempt": job.number,
            "model": job.model,
            "prompt": request.prompt,
            "system": request.system,
            "options": request.options,
            "warmup": job.warmup,
            "repeat": job.repeat,
            "timeout_s": job.timeout_s,
            "lease_s": LEASE_S,
        }
    )
    if not fits_an_answer(answer):
        raise TooLarge(
            "prompt and options of this job are too large for an answer", code="job_too_large"
        )
    return answer


def _answer(job: Job) -> dict[str, Any]:
    return {"job_id": job.job_id, "status": job.status}
