"""Administrators change devices that are registered: one, many alike, or the token."""

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from functions.devices import wiring
from functions.devices.schemas import (
    BatchAnswer,
    BatchBody,
    ChangeBody,
    DeviceDetailAnswer,
    TokenAnswer,
    TokenBody,
)
from functions.devices.views import detail_document
from shared.accounts import find_maker, find_user, issue_device_token
from shared.devices import Change, Device
from shared.errors import EvalyardError, Fault, NotFound, Unacceptable, Unavailable
from shared.http import (
    Caller,
    CurrentUser,
    RepeatableCall,
    SerialInPath,
    UserRoute,
    creates,
    described,
)
from shared.isolation import kept_apart
from shared.problem_documents import problem_body, status_of

router = APIRouter(prefix="/devices", tags=["Devices"], route_class=UserRoute)

ABSENT = described(
    404, "There is no such device among those that you may see (`device_not_found`)."
)
ADMIN = described(403, "Only administrators may do this (`forbidden`).")


@router.patch(
    "/{serial}",
    summary="Change a device (administrators)",
    response_model=DeviceDetailAnswer,
    responses={**ADMIN, **ABSENT},
)
async def change(user: CurrentUser, serial: SerialInPath, body: ChangeBody) -> dict[str, Any]:
    """Changes what is said of a device; its token and its queues stay. The same call again
    changes nothing.
    """
    user.require_admin()
    wanted = body.change()
    check_said(wanted.queue_tags or (), wanted.owner or None)
    return detail_document(_changed(user, serial, wanted), user)


@router.post(
    "/batch",
    summary="Change several devices alike (administrators)",
    response_model=BatchAnswer,
    responses=ADMIN,
)
async def change_several(user: CurrentUser, request: Request, body: BatchBody) -> Response:
    """Changes up to 100 devices in the same way, one after the other: what fails for one leaves
    the others changed. What holds for none of them (an unknown queue tag or owner) is refused
    whole, with 422.
    """
    user.require_admin()
    wanted = body.set.change()
    check_said(wanted.queue_tags or (), wanted.owner or None)
    results = []
    for serial in dict.fromkeys(body.serials):
        error = _error_of(user, serial, wanted)
        result: dict[str, Any] = {"serial": serial, "status": 200, "problem": None}
        if error is not None:
            problem = msgspec.json.decode(problem_body(error, request.state.request_id))
            result |= {"status": status_of(error), "problem": problem}
        results.append(result)
    return Response(msgspec.json.encode({"results": results}), media_type="application/json")


@router.post(
    "/{serial}/token",
    summary="Replace a device's token (administrators)",
    status_code=201,
    response_model=TokenAnswer,
    responses={**ADMIN, **ABSENT},
)
@creates(secrets=("device_token",))
async def replace_token(
    user: CurrentUser, serial: SerialInPath, body: TokenBody, call: RepeatableCall
) -> Response:
    """A new token, shown once. The one before stays valid for `overlap_s`, so that the device goes
    on until it has the new one; 0 ends it at once.

    A device's token does not expire, so a token that expires cannot make it: 422
    `token_outlives_maker`.
    """
    user.require_admin()
    maker = find_maker(wiring.accounts(), user.token_id)
    maker.check_outlives(None)
    wiring.jobs().fleet.get(serial)
    done = wiring.audit(user, call.started_us).entry(
        "device.token_replaced", serial, overlap_s=body.overlap_s
    )
    token = issue_device_token(
        wiring.accounts(), serial, maker=maker, done=done, overlap_s=body.overlap_s
    )
    answer = msgspec.json.encode({"device_token": token})
    return Response(answer, 201, media_type="application/json")


def check_said(tags: Iterable[str], owner: str | None) -> None:
    """Refuse queue tags and owners that there are not. Raises Unacceptable."""
    known = wiring.jobs().tags
    unknown = [tag for tag in tags if tag not in known]
    if unknown:
        detail = f"there is no queue tag {unknown[0]!r}; there are {', '.join(known)}"
        fault = Fault("/queue_tags", "queue_tag_unknown", detail, allowed=known)
        raise Unacceptable(detail, code=fault.code, faults=(fault,), allowed=known)
    if owner is not None and find_user(wiring.accounts(), owner) is None:
        fault = Fault("/owner", "user_not_found", f"there is no user {owner!r}")
        raise Unacceptable(fault.detail, code=fault.code, faults=(fault,))


def _error_of(user: Caller, serial: str, wanted: Change) -> EvalyardError | None:
    """Change one device of several: what stood in the way, if anything did."""
    with kept_apart("device_not_changed", None, serial=serial):
        try:
            _changed(user, serial, wanted)
        except (NotFound, Unavailable) as exc:
            return exc
        return None
    return Unavailable(f"device {serial!r} could not be changed; repeat the call")


def _changed(user: Caller, serial: str, wanted: Change) -> Device:
    """The device as it is after the change, which is noted before it is done."""
    fleet = wiring.jobs().fleet
    before = fleet.get(serial)
    said = {name: value for name, value in msgspec.to_builtins(wanted).items() if name != "models"}
    audit = wiring.audit(user)
    wiring.accounts().put(audit.entry("device.changed", serial, **said))
    if wanted.owner is not msgspec.UNSET and wanted.owner != before.owner:
        change = {"before": before.owner, "after": wanted.owner}
        wiring.accounts().put(audit.entry("device.owner_changed", serial, **change))
    device = fleet.change(serial, wanted)
    # It may serve other jobs now, or none.
    wiring.jobs().dispatcher.heard(device)
    return device
