"""Who is calling, as the gateway's authorizer found out.

The authorizer lets unknown credentials pass without an identity, because an HTTP API
answers its own denials with 403 where the contract says 401; every route class
but the open one refuses no caller (`docs/decisions/0003-who-answers-401.md`).
"""

from collections.abc import Collection
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from shared.errors import Forbidden, Unauthenticated
from shared.scopes import Scope


class Caller(msgspec.Struct, frozen=True):
    """A user, by a user token or an API key, whose `scope` says what of their rights it has.

    `admin`: only a token of scope `full` has an administrator's rights.
    """

    user_id: str
    tenant: str
    admin: bool
    token_id: str
    scope: Scope = "full"

    @property
    def name(self) -> str:
        """How logs call this caller."""
        return self.user_id

    def require_admin(self) -> None:
        """Raises Forbidden for everybody but administrators."""
        if not self.admin:
            narrow: dict[str, Any] = {} if self.scope == "full" else {"required_scope": "full"}
            raise Forbidden("this call is for administrators", **narrow)


class CallingDevice(msgspec.Struct, frozen=True):
    """A device, by its device token."""

    serial: str

    @property
    def name(self) -> str:
        """How logs call this device."""
        return self.serial


def identify(request: Request, kinds: Collection[str]) -> Caller | CallingDevice:
    """The caller with a credential of one of these kinds (`user`, `api_key`, `device`).

    Raises Unauthenticated.
    """
    context = _authorizer_context(request)
    if context.get("kind") not in kinds:
        raise Unauthenticated("no live credential of the right kind")
    if context["kind"] == "device":
        return CallingDevice(context["serial"])
    # A token that the authorizer looked up before there were scopes may do all.
    scope: Scope = context.get("scope", "full")
    is_admin = context["admin"] == "true" and scope == "full"
    return Caller(context["user_id"], context["tenant"], is_admin, context["token_id"], scope)


def _authorizer_context(request: Request) -> dict[str, Any]:
    event = request.scope.get("aws.event", {})
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    return authorizer.get("lambda") or {}


# Coroutines, because FastAPI hands plain functions to a thread each.
async def _caller(request: Request) -> Caller:
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


async def _admin(request: Request) -> Caller:
    caller = await _caller(request)
    caller.require_admin()
    return caller


async def _device(request: Request) -> CallingDevice:
    device = request.state.caller
    assert isinstance(device, CallingDevice)
    return device


def is_for_administrators(dependant: Dependant) -> bool:
    """Whether a route asks for an administrator, whatever the request says."""
    return any(
        each.call is _admin or is_for_administrators(each) for each in dependant.dependencies
    )


CurrentUser = Annotated[Caller, Depends(_caller)]
CurrentAdmin = Annotated[Caller, Depends(_admin)]
CurrentDevice = Annotated[CallingDevice, Depends(_device)]
