"""A job as it is stored: one item, and what can be derived from it. No I/O.

    queued → running → succeeded | cancelled | dead, `cancelling` on the way to cancelled;
    a failed attempt goes back to queued, a requeued dead job too (docs/jobs.md).

`ending` is set between the decision how a job ends and its carrying out (result, run,
callback): from then on the job can only move to that end, whichever process finishes the work.
"""

from typing import Any, Literal

import msgspec

from shared import clock
from shared.clock import SECOND_US
from shared.devices import VISIBILITY_S

# A "removed" job is one whose last traces are being deleted: no caller ever sees it.
Status = Literal["queued", "running", "cancelling", "succeeded", "cancelled", "dead", "removed"]
STATUSES: tuple[Status, ...] = (
    "queued",
    "running",
    "cancelling",
    "succeeded",
    "cancelled",
    "dead",
)
FINISHED = ("succeeded", "cancelled", "dead")

# The lease is as long as a message stays invisible; heartbeats renew both.
LEASE_S = VISIBILITY_S
# How long after its time-out an attempt may still report, for the way to us and clock drift.
TIMEOUT_GRACE_S = 30
MAX_ATTEMPTS_KEPT = 50
# A job is one item of DynamoDB, which has 400 KB: what failed attempts said is kept in full
# for the newest of them, as far as these bytes go, and its beginning for the others.
_MESSAGES_KEPT_BYTES = 64 * 2**10
_MESSAGE_KEPT_CHARACTERS = 200


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt, or the job, failed."""

    code: str
    message: str
    retryable: bool
    device: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that is over, or the one that runs; `reported` by its device, or lapsed.

    `number` is what devices and users call it; 0 where it was stored before those began again.
    """

    attempt: int
    number: int = 0
    device: str
    started_us: int
    ended_us: int | None = None
    failure: Failure | None = None
    reported: bool = False


class Speaker(msgspec.Struct, frozen=True):
    """The attempt that a device speaks for: by its number and, where the device also says that, by
    the count of all attempts, which sets those before a requeue apart.
    """

    device: str
    number: int
    attempt: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. Instants in µs; `attempt` only grows and keeps attempts apart (`held_by`).

    `attempt_base` is the count at the last requeue, and of those since that did not count. A queued
    job waits (`waits_in`, in the order of `rank`) or was sent to a device, whose slot it has until
    it ends: `sent_to`, since `sent_us`, by so many messages. `pinned_to` is the device that was
    asked for, also when the job moved to its pool since (`device_serial` is None then). A job that
    no device has claimed at `expires_us` is dead (None: it waits for ever).
    `conditions` are its user's, as runs keep them.
    After a failed attempt it is given to no device before `not_before_us`, and to those that it
    `avoids` not before `avoids_until_us`; `spared` attempts did not count (shared/jobs/retries.py).
    `dead_code`: the group in which it is counted among the dead.
    `request_body` and `outcome_body` name its bodies (`shared.jobs.body_store`); a job that an
    older version ended does not name its outcome.
    """

    job_id: str
    user_id: str
    tenant: str
    status: Status
    model: str
    prompt_preview: str
    priority: int
    queue_tag: str
    max_attempts: int
    timeout_s: int
    created_us: int
    queued_us: int
    expires_in_s: int | None = None
    expires_us: int | None = None
    warmup: int = 0
    repeat: int = 1
    device_serial: str | None = None
    pinned_to: str | None = None
    adapter_id: str | None = None
    callback_url: str | None = None
    api_url: str | None = None
    tag: str | None = None
    conditions: dict[str, str] = {}

    attempt: int = 0
    attempt_base: int = 0
    device: str | None = None
    started_us: int | None = None
    finished_us: int | None = None
    lease_until_us: int | None = None
    failure: Failure | None = None
    attempts: tuple[Attempt, ...] = ()

    request_body: str = "request.json"
    outcome_body: str | None = None
    ending: Literal["succeeded", "dead"] | None = None
    callback_owed: bool = False
    waits_in: str | None = None
    rank: str | None = None
    due_in: str | None = None
    due_at: str | None = None
    sent_to: str | None = None
    sent_us: int | None = None
    sends: int = 0
    not_before_us: int = 0
    avoids: tuple[str, ...] = ()
    avoids_until_us: int = 0
    spared: int = 0
    dead_code: str | None = None

    @property
    def finished(self) -> bool:
        """Whether it has come to its end (until it is requeued)."""
        return self.status in FINISHED

    @property
    def attempts_made(self) -> int:
        """Attempts since it was queued or requeued."""
        return self.attempt - self.attempt_base

    @property
    def number(self) -> int:
        """What devices call its last attempt: the first since it was queued or requeued is 1."""
        return self.attempts_made + self.spared

    @property
    def attempts_left(self) -> bool:
        """Whether another attempt may be made."""
        return self.attempts_made < self.max_attempts

    @property
    def expired(self) -> bool:
        """Whether it waits for longer than its user wanted."""
        waits_until_us = self.expires_us if self.status == "queued" else None
        return waits_until_us is not None and clock.now_us() >= waits_until_us

    @property
    def backs_off(self) -> bool:
        """Whether it waits for the moment of its next attempt."""
        return self.not_before_us > clock.now_us()

    def may_go_to(self, serial: str, *, early_s: float = 0) -> bool:
        """Whether it may be given to a device now, or so soon, as its failed attempts say."""
        at_us = clock.now_us() + round(early_s * SECOND_US)
        avoided = serial in self.avoids and self.avoids_until_us > at_us
        return self.not_before_us <= at_us and not avoided

    @property
    def lease_live(self) -> bool:
        """Whether its device was heard of within the lease."""
        return self.lease_until_us is not None and self.lease_until_us > clock.now_us()

    @property
    def overdue(self) -> bool:
        """Whether the running attempt has exceeded its time-out, grace included."""
        if self.started_us is None:
            return False
        limit_us = (self.timeout_s + TIMEOUT_GRACE_S) * SECOND_US
        return clock.now_us() >= self.started_us + limit_us

    @property
    def folder(self) -> str:
        """Where its bodies on S3 are."""
        return f"jobs/{self.user_id}/{self.job_id}/"

    @property
    def outcome_name(self) -> str:
        """The name of the outcome that ended it."""
        return self.outcome_body or f"outcome-{self.attempt}.json"

    def held_by(self, speaker: "Speaker") -> bool:
        """Whether this is the attempt that may speak for the job."""
        return self.status in ("running", "cancelling") and self.was_tried_by(speaker)

    def was_tried_by(self, speaker: "Speaker") -> bool:
        """Whether this is its last attempt."""
        same = self.device == speaker.device and self.number == speaker.number
        return same and speaker.attempt in (None, self.attempt)

    def attempts_with_end(
        self, ended_us: int, failure: Failure | None, *, reported: bool = False
    ) -> list[dict[str, Any]]:
        """The attempts, the running one ended, as they are stored."""
        *earlier, last = self.attempts
        ended = msgspec.structs.replace(last, ended_us=ended_us, failure=failure, reported=reported)
        return stored_attempts([*earlier, ended])


def stored_attempts(attempts: list[Attempt]) -> list[dict[str, Any]]:
    """Attempts as they are stored: the newest ones, as plain values, older messages cut."""
    room, kept = _MESSAGES_KEPT_BYTES, []
    for attempt in reversed(attempts[-MAX_ATTEMPTS_KEPT:]):
        room -= len(attempt.failure.message.encode()) if attempt.failure else 0
        kept.append(msgspec.to_builtins(attempt if room >= 0 else _brief(attempt)))
    return kept[::-1]


def _brief(attempt: Attempt) -> Attempt:
    """The attempt with no more than the beginning of what it said."""
    failure = attempt.failure
    if failure is None or len(failure.message) <= _MESSAGE_KEPT_CHARACTERS:
        return attempt
    beginning = failure.message[: _MESSAGE_KEPT_CHARACTERS - 1] + "…"
    brief = msgspec.structs.replace(failure, message=beginning)
    return msgspec.structs.replace(attempt, failure=brief)


def expiry_us(from_us: int, expires_in_s: int | None) -> int | None:
    """Until when a job waits that was submitted or requeued at this moment."""
    return None if expires_in_s is None else from_us + expires_in_s * SECOND_US
