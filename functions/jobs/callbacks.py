"""What became of a job's callbacks, and another try: `/api/jobs/{job_id}/callbacks*`."""

from typing import Any

from fastapi import APIRouter

from functions.jobs import wiring
from functions.jobs.schemas import CallbackAnswer, RedeliveryAnswer
from shared import clock
from shared.callbacks import Callback, Try
from shared.http import (
    CurrentUser,
    JobIdInPath,
    Page,
    RepeatableCall,
    UserRoute,
    WebhookIdInPath,
    creates,
    described,
)

router = APIRouter(prefix="/api/jobs/{job_id}/callbacks", tags=["Jobs"], route_class=UserRoute)


@router.get(
    "",
    summary="List the tries to deliver a job's callback",
    response_model=Page[CallbackAnswer],
    responses=described(404, "There is no such job of yours (`job_not_found`)."),
)
async def callbacks(user: CurrentUser, job_id: JobIdInPath) -> dict[str, Any]:
    """Every try, newest first; one that failed has `next_at` if it is made again.

    `error`: `not_2xx`, `gone` (410: nothing more is sent to this URL), `disabled` (it had said
    410 before, nothing was sent), `timeout`, `connection_failed`, `tls_failed`, `host_unknown`,
    `address_refused`, `outcome_unknown` (the try was cut off and is made again).
    """
    job = wiring.jobs().store.get(user.user_id, job_id)
    found = wiring.jobs().callbacks.of_job(job.job_id)
    tries = [_try(callback, tried) for callback in found for tried in callback.tries]
    # Turned around, not sorted downwards: of one moment the later try comes first, too.
    return {"data": sorted(tries, key=lambda tried: tried["at"])[::-1]}


@router.post(
    "/{webhook_id}/redeliver",
    summary="Deliver a callback again",
    status_code=202,
    response_model=RedeliveryAnswer,
    responses={
        **described(404, "No such job of yours, or callback (`callback_not_found`)."),
        **described(
            409,
            "A try is being made (`callback_in_flight`), or the callback was redelivered 50 times "
            "(`redeliver_limit_reached`).",
        ),
    },
)
@creates()
async def redeliver(
    user: CurrentUser, job_id: JobIdInPath, webhook_id: WebhookIdInPath, call: RepeatableCall
) -> dict[str, Any]:
    """One more try at once: the same `webhook-id` and body, a new timestamp and signature.

    Also after success, after giving up, or to a URL that answered 410; 2xx enables that URL
    again. The tries still planned go on if this one fails. The outcome is in the list of tries.
    """
    job = wiring.jobs().store.get(user.user_id, job_id)
    asked = wiring.jobs().redeliveries.ask(job.job_id, webhook_id, call.ulid("redelivery"))
    return {"job_id": job.job_id, "webhook_id": asked.webhook_id, "type": asked.kind}


def _try(callback: Callback, tried: Try) -> dict[str, Any]:
    return {
        "webhook_id": callback.webhook_id,
        "type": callback.kind,
        "at": clock.iso(tried.at_us),
        "status_code": tried.status_code,
        "ok": tried.ok,
        "error": tried.error,
        "next_at": clock.iso_or_none(tried.next_us),
        "trigger": "redeliver" if tried.asked else "schedule",
    }
