"""Whose API key came with a request; each is known for half a minute."""

import asyncio
from typing import Final

from functions.gateway import wiring
from functions.gateway.requests import Request
from shared import clock
from shared.accounts import Credential, TokenUse, find_credential, needs_recording
from shared.errors import DependencyFailed, Forbidden, Unauthenticated
from shared.gateway import ApiCaller
from shared.observability import logger
from shared.scopes import check_scope

# As the API's own authorizer: a revoked key is refused within a minute.
_KNOWN_S: Final = 30.0
_MOST_KNOWN: Final = 1_000
_known: dict[str, tuple[float, Credential]] = {}


async def caller_of(request: Request) -> ApiCaller:
    """The holder of the key. Raises Unauthenticated, Forbidden, Unavailable."""
    credential = await _credential(request)
    if credential.kind != "api_key":
        raise Forbidden("the LLM gateway takes API keys only; make one with POST /accounts/tokens")
    check_scope(credential.scope, request.method, request.path)
    return ApiCaller(user_id=credential.user_id, tenant=credential.tenant, admin=credential.admin)


async def _credential(request: Request) -> Credential:
    if not request.key:
        raise Unauthenticated("no API key came along")
    known = _known.get(request.key)
    if known is not None and request.arrived - known[0] < _KNOWN_S:
        return known[1]
    found = await asyncio.to_thread(_look_up, request.key)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[request.key] = request.arrived, found
    return found


def _look_up(key: str) -> Credential:
    credential = find_credential(wiring.accounts(), key)
    if credential is None or credential.kind == "device":
        raise Unauthenticated("this API key is not known")
    if needs_recording(credential):
        try:
            wiring.token_uses().send(TokenUse(credential.digest, clock.now_us()))
        except DependencyFailed:
            # Who calls is known all the same; the next call reports its use.
            logger().warning("token_use_lost", token_id=credential.token_id)
    return credential
