"""What a device says about the job it runs: claim, heartbeat, complete, fail."""

from typing import Any

from fastapi import APIRouter

from functions.devices import wiring
from functions.devices.reports import FOREIGN, OwnSerial, telemetry_of
from functions.devices.schemas import (
    AttemptAnswer,
    ClaimAnswer,
    CompleteBody,
    FailBody,
    HeartbeatAnswer,
    HeartbeatBody,
    LogUploadAnswer,
    LogUploadBody,
)
from shared import clock
from shared.http import DeviceRoute, described
from shared.jobs import LEASE_S, Failure, Job, Result

router = APIRouter(
    prefix="/devices/{serial}/jobs/{job_id}",
    tags=["Device runners"],
    route_class=DeviceRoute,
    responses={
        **FOREIGN,
        **described(410, "Nobody wants the job any more (`job_gone`): delete the message."),
    },
)

_LOST = described(409, "The attempt does not hold the job (any more) (`lease_lost`).")


@router.post(
    "/claim",
    summary="Take a job",
    response_model=ClaimAnswer,
    responses=described(409, "Another device runs it (`job_leased`)."),
)
async def claim(serial: OwnSerial, job_id: str) -> dict[str, Any]:
    """The job and the number of the attempt; again by the holder: the same answer."""
    claimed = wiring.leases().claim(serial, job_id)
    job, question = claimed.job, claimed.question
    return {
        "attempt": job.attempt,
        "model": job.model,
        "prompt": question.prompt,
        "system": question.system,
        "options": question.options,
        "warmup": job.warmup,
        "repeat": job.repeat,
        "timeout_s": job.timeout_s,
        "lease_s": LEASE_S,
    }


@router.post(
    "/heartbeat", summary="Keep the lease", response_model=HeartbeatAnswer, responses=_LOST
)
async def heartbeat(serial: OwnSerial, job_id: str, body: HeartbeatBody) -> dict[str, Any]:
    """The attempt goes on; the answer says whether its user wants it stopped."""
    cancel = wiring.leases().heartbeat(serial, job_id, body.attempt)
    if body.telemetry is not None:
        said = {"reported_using": True, "job_id": job_id}
        wiring.jobs().fleet.report(serial, said, telemetry_of(body.telemetry))
    return {"cancel": cancel}


@router.post(
    "/log_upload",
    summary="Where to put a long log",
    response_model=LogUploadAnswer,
    responses={**_LOST, **described(413, "The log exceeds 50 MB (`too_large`).")},
)
async def log_upload(serial: OwnSerial, job_id: str, body: LogUploadBody) -> dict[str, Any]:
    """A signed address for one PUT of the attempt's log, before `complete` says `log_uploaded`."""
    place = wiring.leases().log_upload(serial, job_id, body.attempt, body.bytes)
    return {
        "url": place.url,
        "headers": place.headers,
        "expires_at": clock.iso(place.expires_us),
    }


@router.post("/complete", summary="Report a result", response_model=AttemptAnswer, responses=_LOST)
async def complete(serial: OwnSerial, job_id: str, body: CompleteBody) -> dict[str, Any]:
    """The attempt succeeded; again: the same answer, nothing twice."""
    fields = body.model_dump(exclude={"attempt", "metrics", "extra"})
    fields |= {"metrics": body.metrics.known(), "extra": body.metrics.others() | body.extra}
    job = wiring.leases().complete(serial, job_id, body.attempt, Result(**fields))
    return _answer(job)


@router.post("/fail", summary="Report a failure", response_model=AttemptAnswer, responses=_LOST)
async def fail(serial: OwnSerial, job_id: str, body: FailBody) -> dict[str, Any]:
    """The attempt failed; a retryable one goes back to the queue while attempts are left."""
    failure = Failure(code=body.code, message=body.message, retryable=body.retryable, device=serial)
    return _answer(wiring.leases().fail(serial, job_id, body.attempt, failure))


def _answer(job: Job) -> dict[str, Any]:
    return {"job_id": job.job_id, "status": job.status}
