"""What a device says about itself: presence and telemetry; and how it gets at its queues."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from functions.devices import wiring
from functions.devices.report_schemas import (
    SessionAnswer,
    SessionBody,
    StatusBody,
    TelemetryBody,
    TroubleBody,
)
from shared import clock
from shared.config import aws_endpoint
from shared.devices import (
    HEARTBEAT_S,
    VISIBILITY_S,
    Channel,
    DeviceTrouble,
    Telemetry,
    heard_of,
    open_session,
    with_presence,
)
from shared.errors import Forbidden
from shared.http import CurrentDevice, DeviceRoute, SerialInPath, described, inline

router = APIRouter(prefix="/devices", tags=["Device runners"], route_class=DeviceRoute)

FOREIGN = {
    **described(403, "The token is another device's (`forbidden`)."),
    **described(404, "There is no such device (`device_not_found`)."),
}


IN_USE = described(409, "Another process runs as this device (`device_in_use`).")


def own_serial(device: CurrentDevice, serial: SerialInPath) -> str:
    """The serial of the path, which must be the token's. Raises Forbidden."""
    if device.serial != serial:
        raise Forbidden("this token belongs to another device")
    return serial


OwnSerial = Annotated[str, inline(own_serial)]


@router.post(
    "/{serial}/session",
    summary="Get credentials for the device's queues",
    response_model=SessionAnswer,
    responses={**FOREIGN, **IN_USE},
)
async def session(
    serial: OwnSerial, body: Annotated[SessionBody | None, Body()] = None
) -> dict[str, Any]:
    """Credentials for an hour, to receive, delete and extend messages on exactly these queues, and
    an address to be reached by at once.

    `instance` keeps a second process from running as the same device: refused while another one was
    heard of (by a session or a status) in the last 60 s and has not said that it leaves. Without
    `instance` nothing is checked.
    """
    terms = wiring.session_terms()
    fleet = wiring.jobs().fleet
    device = fleet.greet(fleet.get(serial), body.instance if body else None)
    opened = open_session(device, terms)
    wiring.jobs().dispatcher.heard(device)
    credentials = opened.credentials
    return {
        "region": terms.region,
        "endpoint_url": aws_endpoint(),
        "credentials": {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key,
            "session_token": credentials.session_token,
            "expires_at": clock.iso(credentials.expires_at_us),
        },
        "queues": [{"url": url, "lane": lane} for url, lane in opened.queues],
        "visibility_s": VISIBILITY_S,
        "heartbeat_s": HEARTBEAT_S,
        "channel": _channel_document(opened.channel),
    }


def _channel_document(channel: Channel | None) -> dict[str, Any] | None:
    if channel is None:
        return None
    document = asdict(channel)
    return {**document, "expires_at": clock.iso(document.pop("expires_at_us"))}


@router.post(
    "/{serial}/status",
    summary="Report presence and telemetry",
    status_code=204,
    responses={**FOREIGN, **IN_USE},
)
async def status(serial: OwnSerial, body: StatusBody) -> Response:
    """Reports that the device is present; after 60 s without a report it counts as offline.

    With `instance`, what a process says that does not run as this device is refused, as for a
    session. The header `X-Evalyard-State` of the answer is the device's state: `unhealthy` asks the
    device to try itself, and to report how that went in `tried`.
    """
    fleet = wiring.jobs().fleet
    device = fleet.get(serial)
    device.check_instance(body.instance)
    if body.tried is not None:
        fleet.health.tried(serial, passed=body.tried == "passed")
    mine = heard_of(body.instance)
    gone = tuple(mine) if body.leaving and body.instance else ()
    said = _said_in(body) | ({} if gone else mine)
    presence = fleet.report(serial, said, telemetry_of(body), forget=gone)
    if body.troubles is not None:
        fleet.keep_troubles(serial, [_trouble_of(each) for each in body.troubles])
    now = with_presence(device, presence)
    wiring.jobs().dispatcher.heard(now)
    return Response(status_code=204, headers={"X-Evalyard-State": now.state})


def telemetry_of(body: TelemetryBody) -> Telemetry:
    """What a device measured of itself, now."""
    measured = body.model_dump(include=set(TelemetryBody.model_fields))
    return Telemetry(at_us=clock.now_us(), **measured)


def _said_in(body: StatusBody) -> dict[str, Any]:
    """The last word of a device about itself."""
    said: dict[str, Any] = {
        "reported_ready": body.ready,
        "reported_reason": body.not_ready_reason,
        "reported_using": bool(body.using),
        "reported_calls": bool(body.calls),
        "reported_calls_running": body.calls_running or 0,
        "job_id": body.job_id,
        "runner_version": body.runner_version,
        "backend": body.backend,
    }
    return said if body.models is None else said | {"reported_models": body.models}


def _trouble_of(body: TroubleBody) -> DeviceTrouble:
    at_us = clock.now_us() - round(body.age_s * clock.SECOND_US)
    return DeviceTrouble(at_us=at_us, code=body.code, detail=body.detail)
