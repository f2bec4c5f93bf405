"""The endpoint of the audit: who did what to accounts, tokens and devices."""

from typing import Annotated

from fastapi import APIRouter, Query

from functions.accounts import wiring
from functions.accounts.schemas import AuditLine
from functions.accounts.views import audit_line
from shared.accounts import list_audit
from shared.http import (
    CurrentAdmin,
    Cursors,
    Page,
    PageLimit,
    UserRoute,
    described,
    key_form,
    page_of,
    up_to,
)

router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=UserRoute)

_POSITION = key_form("[0-9]{17}-[0-9a-f]{16}")


@router.get(
    "/audit",
    summary="Who did what (admin)",
    response_model=Page[AuditLine],
    responses=described(403, "For administrators only (`forbidden`)."),
)
async def get_audit(
    user: CurrentAdmin,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> Page[AuditLine]:
    """Changes to accounts, tokens and devices, newest first, within the retention of the audit.

    Actions: `user.created`, `token.created`, `token.revoked`, `webhook_secret.rotated`,
    `device.registered`, `device.registered_again`, `device.owner_changed`, `device.reloaded`,
    `device.retired`, `erasure.begun`, `erasure.finished`. A change to a device is recorded before
    it is made: `detail.outcome` is `begun`, then `done`.
    """
    cursors = Cursors[str](("accounts.audit", user.user_id), _POSITION)
    after = cursors.read(cursor)
    listed = list_audit(
        wiring.accounts(), after=after, limit=limit + 1, kept_days=wiring.audit_retention_days()
    )
    found, more = up_to(limit, listed)
    next_cursor = cursors.write(found[-1].place) if more else None
    return Page[AuditLine](**page_of([audit_line(entry) for entry in found], next_cursor))
