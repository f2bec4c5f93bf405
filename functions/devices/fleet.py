"""Devices as users see them, and as administrators register them."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Query, Response

from functions.devices import wiring
from functions.devices.changes import ABSENT, ADMIN, check_said
from functions.devices.schemas import (
    DeviceAnswer,
    DeviceDetailAnswer,
    RegisterBody,
    RegisteredAnswer,
    ReloadBody,
    StateName,
)
from functions.devices.views import detail_document, device_documents
from shared import clock
from shared.accounts import Audit, find_maker, issue_device_token, revoke_device_token
from shared.aws import Item
from shared.devices import Device, DeviceNotFound, Registration, visible
from shared.http import (
    Caller,
    CurrentUser,
    Cursors,
    Page,
    PageLimit,
    RepeatableCall,
    SerialInPath,
    UserRoute,
    creates,
    described,
    first_that_fit,
    inline,
    key_form,
    page_of,
)
from shared.http.names import SERIAL

router = APIRouter(prefix="/devices", tags=["Devices"], route_class=UserRoute)

_POSITION = key_form(SERIAL)


@dataclass(frozen=True)
class DeviceFilter:
    """Which devices to list; None lets all pass."""

    present: Annotated[bool | None, Query()] = None
    ready: Annotated[bool | None, Query()] = None
    using: Annotated[bool | None, Query()] = None
    state: Annotated[StateName | None, Query()] = None
    model: Annotated[str | None, Query()] = None
    queue_tag: Annotated[str | None, Query()] = None

    def lets_pass(self, device: Device) -> bool:
        """Whether a device is one of those asked for."""
        return (
            self.present in (None, device.present)
            and self.ready in (None, device.ready)
            and self.using in (None, device.using)
            and self.state in (None, device.state)
            and (self.model is None or self.model in device.models)
            and (self.queue_tag is None or self.queue_tag in device.queue_tags)
        )


@router.get("", summary="List devices", response_model=Page[DeviceAnswer])
async def list_(
    user: CurrentUser,
    wanted: Annotated[DeviceFilter, inline(DeviceFilter)],
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> dict[str, Any]:
    """Devices by serial. A device with an owner is listed only for its owner and administrators."""
    cursors = Cursors[str](("devices", user.user_id, repr(wanted)), _POSITION)
    after = cursors.read(cursor) or ""
    seen = visible(wiring.jobs().fleet.all(), user.user_id, user.admin)
    found = [device for device in seen if device.serial > after and wanted.lets_pass(device)]
    documents = device_documents(found[:limit], user)
    fitting = first_that_fit(documents)
    more = len(found) > fitting
    return page_of(documents[:fitting], cursors.write(found[fitting - 1].serial) if more else None)


@router.post(
    "/register",
    summary="Register a device (administrators)",
    status_code=201,
    response_model=RegisteredAnswer,
    responses={
        **ADMIN,
        **described(
            200,
            "The device was registered before: it gets a new token, and the old one is revoked.",
            model=RegisteredAnswer,
        ),
        **described(409, "A device with this serial is being retired (`device_retiring`)."),
    },
)
@creates(secrets=("device_token",))
async def register(user: CurrentUser, body: RegisterBody, call: RepeatableCall) -> Response:
    """Creates the device's queues and its token. The token is shown once.

    A device's token does not expire, so a token that expires cannot make it: 422
    `token_outlives_maker`.
    """
    user.require_admin()
    check_said(body.queue_tags or (), body.owner)
    wiring.retirements().check_over(body.serial)
    maker = find_maker(wiring.accounts(), user.token_id)
    maker.check_outlives(None)
    fleet = wiring.jobs().fleet
    done = _note_registration(wiring.audit(user, call.started_us), body, fleet.find(body.serial))
    queue_urls = wiring.device_queues().make(body.serial)
    wanted = body.model_dump()
    if body.queue_tags is not None:
        wanted["queue_tags"] = list(dict.fromkeys(body.queue_tags))
    new = fleet.register(msgspec.convert(wanted, Registration), queue_urls)
    token = issue_device_token(wiring.accounts(), body.serial, maker=maker, done=done)
    (document,) = device_documents([fleet.get(body.serial)], user)
    answer = msgspec.json.encode({**document, "device_token": token})
    return Response(answer, 201 if new else 200, media_type="application/json")


@router.post(
    "/reload",
    summary="Reload devices, or take one out of service (administrators)",
    response_model=Page[DeviceAnswer],
    responses={**ADMIN, **ABSENT},
)
async def reload(
    user: CurrentUser, body: Annotated[ReloadBody | None, Body()] = None
) -> dict[str, Any]:
    """Makes sure that the devices' queues exist, and returns the devices as they are now."""
    user.require_admin()
    body = body or ReloadBody()
    fleet = wiring.jobs().fleet
    devices = fleet.all() if body.serial is None else [fleet.get(body.serial)]
    _note_reload(wiring.audit(user), body)
    for device in devices:
        wiring.device_queues().make(device.serial)
        if body.maintenance is not None:
            fleet.set_maintenance(device.serial, body.maintenance)
    after = [fleet.get(device.serial) for device in devices]
    for device in after:
        wiring.jobs().dispatcher.heard(device)
    return {"data": device_documents(after, user)}


@router.get(
    "/{serial}", summary="Get a device", response_model=DeviceDetailAnswer, responses=ABSENT
)
async def get(user: CurrentUser, serial: SerialInPath) -> dict[str, Any]:
    """The device with its last 100 reports."""
    return detail_document(_visible_device(serial, user), user)


@router.delete(
    "/{serial}",
    summary="Retire a device (administrators)",
    status_code=204,
    responses={**ADMIN, **ABSENT},
)
async def retire(
    user: CurrentUser,
    serial: SerialInPath,
    move: Annotated[
        bool, Query(description="Jobs that are pinned to it move to their pools instead of ending.")
    ] = False,
) -> Response:
    """Removes the device and revokes its token. What it was sent of its pools goes elsewhere; jobs
    that are pinned to it are dead (`device_retired`) within a minute or, with `move=1`, go on in
    their pools.

    A job that it runs at this moment is queued again, or dead, when its lease ends. The serial may
    be registered again when the device's queues are drained, a few minutes later; until then
    registering answers 409 (`device_retiring`).
    """
    user.require_admin()
    device = wiring.jobs().fleet.get(serial)
    audit = wiring.audit(user, clock.now_us())
    wiring.accounts().put(audit.entry("device.retired", serial, outcome="begun"))
    # A call that is cut off in between can be repeated: the registration goes last.
    revoke_device_token(wiring.accounts(), serial)
    if move:
        wiring.jobs().dispatcher.unpin(device)
    wiring.retirements().begin(device, moves=move)
    wiring.jobs().dispatcher.take_back(device)
    wiring.accounts().put(audit.entry("device.retired", serial, outcome="done"))
    return Response(status_code=204)


def _note_registration(audit: Audit, body: RegisterBody, before: Device | None) -> Item:
    """Note what is about to be done; the entry that says that it is, for the one who does it.

    Another call may have registered the device first, or this one may have before it was cut
    off: then it is noted as registered again.
    """
    action = "device.registered" if before is None else "device.registered_again"
    owner = body.owner if before is None else body.owner or before.owner
    wiring.accounts().put(audit.entry(action, body.serial, owner=owner, outcome="begun"))
    if before is not None and owner != before.owner:
        change = {"before": before.owner, "after": owner}
        wiring.accounts().put(audit.entry("device.owner_changed", body.serial, **change))
    return audit.entry(action, body.serial, owner=owner, outcome="done")


def _note_reload(audit: Audit, body: ReloadBody) -> None:
    detail = {} if body.maintenance is None else {"maintenance": body.maintenance}
    wiring.accounts().put(audit.entry("device.reloaded", body.serial or "*", **detail))


def _visible_device(serial: str, user: Caller) -> Device:
    device = wiring.jobs().fleet.get(serial)
    if not device.visible_to(user.user_id, user.admin):
        raise DeviceNotFound(f"there is no device {serial!r}")
    return device
