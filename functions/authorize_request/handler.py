"""Says to API Gateway whose token came with a request (payload 2.0, simple response).

An unknown caller passes without an identity: an HTTP API would answer a denial with 403
where the contract says 401, so the edge of each endpoint group answers it
(`docs/decisions/0003-who-answers-401.md`). Decides nothing about rights.
"""

from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.accounts import Credential, TokenUse, find_credential, needs_recording
from shared.aws import Queue, Table
from shared.config import read_settings
from shared.errors import DependencyFailed
from shared.observability import logger


@dataclass(frozen=True)
class Settings:
    """Where tokens are known, and where their uses are reported."""

    accounts_table: str
    token_uses_queue_url: str


UNKNOWN_CALLER: dict[str, str] = {}


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one authorizer event. Raises Unavailable: API Gateway then answers 500, uncached."""
    return {"isAuthorized": True, "context": _caller(event)}


def _caller(event: dict[str, Any]) -> dict[str, str]:
    token = "".join(event.get("identitySource") or ())
    settings = read_settings(Settings)
    credential = find_credential(Table(settings.accounts_table), token)
    if credential is None:
        logger().info("credential_unknown")
        return UNKNOWN_CALLER
    _tell_use(Queue(settings.token_uses_queue_url), credential)
    logger().info("credential_known", kind=credential.kind, token_id=credential.token_id)
    return _context(credential)


def _tell_use(queue: Queue, credential: Credential) -> None:
    if not needs_recording(credential):
        return
    try:
        queue.send(TokenUse(credential.digest, clock.now_us()))
    except DependencyFailed:
        # Who calls is known all the same; the next call reports its use.
        logger().warning("token_use_lost", token_id=credential.token_id)


def _context(credential: Credential) -> dict[str, str]:
    if credential.kind == "device":
        return {"kind": "device", "serial": credential.serial}
    return {
        "kind": credential.kind,
        "user_id": credential.user_id,
        "tenant": credential.tenant,
        "admin": "true" if credential.admin else "false",
        "token_id": credential.token_id,
        "scope": credential.scope,
    }
