"""The device contract (docs/contract.md, Devices) as the runner reads it; no I/O."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from evalyard_runner.errors import ApiAwayError


@dataclass(frozen=True)
class Queue:
    """A queue this device may pull from; `lane` is `high` or `normal`."""

    url: str
    lane: str


@dataclass(frozen=True)
class CallChannel:
    """Where calls come: a signed address, good for one connection soon; the names to connect under,
    each for one connection at a time; the topic to hear on, and how those to answer on begin.
    """

    url: str = field(repr=False)
    client_ids: tuple[str, ...]
    down: str
    up: str


@dataclass(frozen=True)
class CallMessage:
    """What the gateway says about one try of one call; what a kind has no use for is empty.

    `kind`: `ask`, `keep`, `cancel`, `again`, `end`.
    """

    kind: str
    call_id: str
    attempt: int
    reply: str = ""
    user: str = ""
    model: str = ""
    body: dict[str, Any] | None = field(default=None, repr=False)
    body_url: str = field(default="", repr=False)
    deadline_s: float = 0.0
    flush_s: float = 0.0
    first: int = 1

    def reply_topic(self, up: str) -> str:
        """Where this gateway hears."""
        return f"{up}{self.reply}"


@dataclass(frozen=True)
class QueueMessage:
    """What the service says about a queue: a job is in that of this lane, or will be after so many
    seconds.
    """

    lane: str
    after_s: float


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
    channel: CallChannel | None = None


@dataclass(frozen=True)
class JobMessage:
    """What a queue carries: never the prompt, and never whose it is."""

    job_id: str


@dataclass(frozen=True)
class Claim:
    """A job this device now holds; `attempt` and `fence` go with everything it says about it."""

    job_id: str
    attempt: int
    model: str
    prompt: str = field(repr=False)
    system: str | None = field(repr=False)
    options: Mapping[str, Any]
    warmup: int
    repeat: int
    timeout_s: float
    fence: str | None = None


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
            channel=_channel(body.get("channel")),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise ApiAwayError(f"unreadable session: {type(exc).__name__} {exc}") from exc


def read_claim(job_id: str, body: Any, fence: str | None = None) -> Claim:
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
            fence=fence,
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


def read_broker_message(payload: bytes) -> CallMessage | QueueMessage | None:
    """None for what is no message to a device."""
    try:
        fields = json.loads(payload)
        if fields["k"] == "look":
            return QueueMessage(str(fields.get("lane", "")), float(fields.get("after_s", 0)))
        message = _call_message(fields)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None
    return message if _is_sound(message) else None


def _call_message(fields: dict[str, Any]) -> CallMessage:
    return CallMessage(
        kind=str(fields["k"]),
        call_id=str(fields["id"]),
        attempt=int(fields["try"]),
        reply=str(fields.get("reply", "")),
        user=str(fields.get("user", "")),
        model=str(fields.get("model", "")),
        body=fields.get("body"),
        body_url=str(fields.get("body_url", "")),
        deadline_s=float(fields.get("deadline_ms", 0)) / 1000,
        flush_s=float(fields.get("flush_ms", 0)) / 1000,
        first=int(fields.get("from", 1)),
    )


def _is_sound(message: CallMessage) -> bool:
    """An ask says what it wants, and where to answer: below the device's own topics."""
    if message.kind != "ask":
        return True
    has_body = isinstance(message.body, dict) or bool(message.body_url)
    return has_body and message.deadline_s > 0 and _REPLY.fullmatch(message.reply) is not None


def _channel(found: Any) -> CallChannel | None:
    """A deployment without a broker takes no calls."""
    if not found:
        return None
    return CallChannel(found["url"], tuple(found["client_ids"]), found["down"], found["up"])


_REPLY: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
