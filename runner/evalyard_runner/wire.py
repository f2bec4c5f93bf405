"""The device contract (docs/contract.md, Devices) as the runner reads it; no I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from evalyard_runner.errors import ApiAwayError


@dataclass(frozen=True)
class Queue:
    """A queue this device may pull from; `lane` is `high` or `normal`."""

    url: str
    lane: str


@dataclass(frozen=True)
class Session:
    """Temporary AWS credentials for exactly this device's queues. `endpoint_url` None means AWS
    itself.
    """

    region: str
    endpoint_url: str | None
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    lasts_s: float
    queues: tuple[Queue, ...]
    visibility_s: int
    heartbeat_s: float


@dataclass(frozen=True)
class JobMessage:
    """What a queue carries: never the prompt, and never whose it is."""

    job_id: str


@dataclass(frozen=True)
class Claim:
    """A job this device now holds; `attempt` fences everything it says about it."""

    job_id: str
    attempt: int
    model: str
    prompt: str = field(repr=False)
    system: str | None = field(repr=False)
    options: Mapping[str, Any]
    warmup: int
    repeat: int
    timeout_s: float


@dataclass(frozen=True)
class UploadPlace:
    """Where to PUT a file, with exactly these headers; the address is a secret."""

    url: str = field(repr=False)
    headers: Mapping[str, str]


def read_session(body: Any, server_now: datetime) -> Session:
    """`server_now` is the server's clock, for the device's may be wrong. Raises ApiAwayError when
    the answer is not a session: a broken server is waited for, like an absent one.
    """
    try:
        keys = body["credentials"]
        return Session(
            region=body["region"],
            endpoint_url=body["endpoint_url"] or None,
            access_key_id=keys["access_key_id"],
            secret_access_key=keys["secret_access_key"],
            session_token=keys.get("session_token"),
            lasts_s=(_time(keys["expires_at"]) - server_now).total_seconds(),
            queues=tuple(Queue(q["url"], q["lane"]) for q in body["queues"]),
            visibility_s=int(body["visibility_s"]),
            heartbeat_s=float(body["heartbeat_s"]),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise ApiAwayError(f"unreadable session: {type(exc).__name__} {exc}") from exc


def read_claim(job_id: str, body: Any) -> Claim:
    """Raises ApiAwayError when the answer is not a claim."""
    try:
        return Claim(
            job_id=job_id,
            attempt=int(body["attempt"]),
            model=str(body["model"]),
            prompt=str(body["prompt"]),
            system=body.get("system"),
            options=body.get("options") or {},
            warmup=int(body.get("warmup") or 0),
            repeat=max(1, int(body.get("repeat") or 1)),
            timeout_s=float(body["timeout_s"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ApiAwayError(f"unreadable claim: {type(exc).__name__} {exc}") from exc


def read_upload_place(body: Any) -> UploadPlace:
    """Raises ApiAwayError when the answer is not a place."""
    try:
        headers = {str(name): str(value) for name, value in body["headers"].items()}
        return UploadPlace(str(body["url"]), headers)
    except (KeyError, TypeError, AttributeError) as exc:
        raise ApiAwayError(f"unreadable upload: {type(exc).__name__} {exc}") from exc


def read_message(body: str) -> JobMessage | None:
    """None for what is not a job message; SQS moves such a message to the dead-letter queue by
    itself.
    """
    try:
        fields = json.loads(body)
        return JobMessage(job_id=str(fields["job_id"]))
    except (ValueError, KeyError, TypeError):
        return None


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
