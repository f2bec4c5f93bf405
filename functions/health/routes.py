"""The endpoints that say whether the service is alive and well."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from functions.health.checks import Said, Status, current_health
from shared.http import OpenRoute, described

router = APIRouter(tags=["Health"], route_class=OpenRoute)


class PingAnswer(BaseModel):
    """The service is alive."""

    ok: bool = True


class Checks(BaseModel):
    """The state of each dependency."""

    tables: Said
    bucket: Said


class HealthAnswer(BaseModel):
    """`degraded` when some checks fail, `down` when all do."""

    status: Status
    checks: Checks


@router.head("/ping", include_in_schema=False)
@router.get("/ping", summary="Check that the service answers", response_model=PingAnswer)
async def ping() -> PingAnswer:
    """Answers without calling any other service."""
    return PingAnswer()


@router.head("/health", include_in_schema=False)
@router.get(
    "/health",
    summary="Check the health of the service",
    response_model=HealthAnswer,
    responses=described(503, "A check fails; the body says which.", model=HealthAnswer),
)
async def health(response: Response) -> HealthAnswer:
    """Checks tables and bucket, at most every 5 s; 503 unless all answer."""
    found = current_health()
    response.status_code = 200 if found.status == "ok" else 503
    checks = Checks(tables=found.tables, bucket=found.bucket)
    return HealthAnswer(status=found.status, checks=checks)
