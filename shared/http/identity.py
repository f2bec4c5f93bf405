"""Who is calling, as the gateway's authorizer found out.

The authorizer lets unknown credentials pass without an identity, because an HTTP API
answers its own denials with 403 where the contract says 401; every route class
but the open one refuses no caller (`docs/decisions/0003-who-answers-401.md`).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from shared.errors import Forbidden, Unauthenticated


@dataclass(frozen=True)
class Caller:
    """A user, by a user token or an API key."""

    user_id: str
    tenant: str
    admin: bool
    token_id: str

    @property
    def name(self) -> str:
        """How logs call this caller."""
        return self.user_id

    def require_admin(self) -> None:
        """Raises Forbidden for everybody but administrators."""
        if not self.admin:
            raise Forbidden("this call is for administrators")


@dataclass(frozen=True)
class CallingDevice:
    """A device, by its device token."""

    serial: str

    @property
    def name(self) -> str:
        """How logs call this device."""
        return self.serial


def identify(request: Request, kind: str) -> Caller | CallingDevice:
    """The caller with a credential of exactly this kind (`user`, `api_key`, `device`).

    Raises Unauthenticated.
    """
    context = _authorizer_context(request)
    if context.get("kind") != kind:
        raise Unauthenticated("no live credential of the right kind")
    if kind == "device":
        return CallingDevice(context["serial"])
    return Caller(
        context["user_id"], context["tenant"], context["admin"] == "true", context["token_id"]
    )


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


CurrentUser = Annotated[Caller, Depends(_caller)]
CurrentAdmin = Annotated[Caller, Depends(_admin)]
CurrentDevice = Annotated[CallingDevice, Depends(_device)]
