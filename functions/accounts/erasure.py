"""The endpoints of one account: how it is, and having it erased."""

from typing import Annotated

from fastapi import APIRouter, Query

from functions.accounts import wiring
from functions.accounts.schemas import AccountStatusAnswer
from shared.accounts import (
    account_status,
    begin_erasure,
    find_maker,
    no_such_user,
    revoke_device_token,
)
from shared.errors import Fault, MalformedInput
from shared.http import Caller, CurrentUser, UserIdInPath, UserRoute, described

router = APIRouter(prefix="/accounts/users", tags=["Accounts"], route_class=UserRoute)

ABSENT = described(404, "There is no such user among those that you may see (`user_not_found`).")


@router.get(
    "/{user_id}",
    summary="Get the status of an account",
    response_model=AccountStatusAnswer,
    responses=ABSENT,
)
async def get_user(user: CurrentUser, user_id: UserIdInPath) -> AccountStatusAnswer:
    """The status of your account, or for administrators of any: `active`, `erasing` or `erased`.

    `erased` means that no token is accepted any more and no data is left. The status is kept as
    long as the audit, unless the `user_id` is given to a new user.
    """
    _check_reach(user, user_id)
    return _status(user_id)


@router.delete(
    "/{user_id}",
    status_code=202,
    summary="Erase an account",
    response_model=AccountStatusAnswer,
    responses={
        **ABSENT,
        **described(409, "It is the last administrator's account (`last_admin`)."),
    },
)
async def delete_user(
    user: CurrentUser,
    user_id: UserIdInPath,
    confirm: Annotated[
        str | None, Query(description="Repeats the `user_id`; required for your own account.")
    ] = None,
) -> AccountStatusAnswer:
    """Deletes everything that the account has. This cannot be undone.

    Its tokens are refused everywhere within 60 s. Rows, runs, rollups, jobs, exports, secrets and
    devices that only it may use are deleted in the background, with all older versions of their
    objects; GET on this path shows the progress. The `user_id` is free again when the status is
    `erased`. Your own account needs `confirm` (400 `confirmation_required`). Repeated while it is
    being erased: 202; after that: 404.
    """
    _check_reach(user, user_id)
    find_maker(wiring.accounts(), user.token_id)
    if user.user_id == user_id:
        _check_confirmed(user_id, confirm)
    may_go_on = wiring.for_a_while()
    begin_erasure(wiring.accounts(), user_id, audit=wiring.audit(user), may_go_on=may_go_on)
    for serial in wiring.fleet().owned_by(user_id):
        revoke_device_token(wiring.accounts(), serial)
    return _status(user_id)


def _check_reach(user: Caller, user_id: str) -> None:
    if not user.admin and user.user_id != user_id:
        raise no_such_user(user_id)


def _check_confirmed(user_id: str, confirm: str | None) -> None:
    if confirm == user_id:
        return
    detail = f"this erases your own account for good: say so with ?confirm={user_id}"
    fault = Fault("/query/confirm", "confirmation_required", detail)
    raise MalformedInput(detail, code=fault.code, faults=(fault,))


def _status(user_id: str) -> AccountStatusAnswer:
    status = account_status(wiring.accounts(), user_id)
    return AccountStatusAnswer(user_id=status.user_id, status=status.status, left=status.left)
