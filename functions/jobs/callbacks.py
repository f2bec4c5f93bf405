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
    summary="List the delivery attempts of a job's callbacks",
    response_model=Page[CallbackAnswer],
    responses=described(404, "You have no such job (`job_not_found`)."),
)
async def callbacks(user: CurrentUser, job_id: JobIdInPath) -> dict[str, Any]:
    """All attempts, newest first; a failed one has `next_at` when another is planned.

    `error`: `not_2xx`, `gone` (410: nothing more is sent to this URL), `disabled` (the URL had
    answered 410 before; nothing was sent), `timeout`, `connection_failed`, `tls_failed`,
    `host_unknown`, `address_refused`, `outcome_unknown` (the attempt was cut off and is repeated).
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
        **described(
            404, "You have no such job, or it has no such callback (`callback_not_found`)."
        ),
        **described(
            409,
            "An attempt is running (`callback_in_flight`), or the callback was "
            "redelivered 50 times (`redeliver_limit_reached`).",
        ),
    },
)
@creates()
async def redeliver(
    user: CurrentUser, job_id: JobIdInPath, webhook_id: WebhookIdInPath, call: RepeatableCall
) -> dict[str, Any]:
    """Makes one more attempt now: the same `webhook-id` and body, a new timestamp and signature.

    Works after success, after the last planned attempt, and for a URL that answered 410; an answer
    of 2xx enables that URL again. If the attempt fails, the planned ones go on. The list of
    attempts shows the outcome.
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
