"""Who did what to accounts, tokens and devices, and when.

`AUDIT#<YYYY-MM> / <µs>-<digest>`: a partition a month, so that a page is one query and
nothing ever grows without end. An entry is written in the transaction of the change it
reports; where the change spans tables, before it, and again when it is done. Entries
name things by their ids and never hold a secret. They outlive the user they name.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from shared import clock
from shared.accounts.keys import audit_pk
from shared.aws import Item, Table
from shared.clock import DAY_US, SECOND_US

KEPT_DAYS = 400


class AuditEntry(msgspec.Struct, frozen=True):
    """One thing that was done; `actor` None: by the service itself. `place` sorts entries."""

    place: str
    at_us: int
    actor: str | None
    token_id: str | None
    action: str
    object: str
    detail: dict[str, Any]


class Audit(msgspec.Struct, frozen=True):
    """Who acts, by which token, and for how long that is remembered.

    `at_us` is the beginning of the call, so that a call that is carried out again writes
    the same entries again; None is the present.
    """

    actor: str | None = None
    token_id: str | None = None
    kept_days: int = KEPT_DAYS
    at_us: int | None = None

    def entry(self, action: str, object_: str, **detail: Any) -> Item:
        """The item that says what was done to what."""
        at_us = clock.now_us() if self.at_us is None else self.at_us
        return {
            "pk": audit_pk(_month(at_us)),
            "sk": f"{at_us:017d}-{self._digest(action, object_)}",
            "at_us": at_us,
            "actor": self.actor,
            "token_id": self.token_id,
            "action": action,
            "object": object_,
            "detail": detail,
            "expires_at": (at_us + self.kept_days * DAY_US) // SECOND_US,
        }

    def _digest(self, action: str, object_: str) -> str:
        parts = (self.actor or "", self.token_id or "", action, object_)
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


def list_audit(
    table: Table, *, after: str | None, limit: int, kept_days: int
) -> Iterator[AuditEntry]:
    """Entries, newest first, from beyond the place `after`; one query a month that is touched."""
    now_us = clock.now_us()
    # Nothing is noted in the months to come, so that none of them is asked for.
    month = _month(min(now_us, int(after.partition("-")[0])) if after else now_us)
    oldest = _month(now_us - kept_days * DAY_US)
    while month >= oldest:
        found = table.query(audit_pk(month), descending=True, limit=limit, after=after)
        yield from (_entry(item) for item in found if item["expires_at"] > clock.now_s())
        month, after = _month_before(month), None


def _month(us: int) -> str:
    return clock.day_of(us)[:7]


def _month_before(month: str) -> str:
    return _month(clock.day_start_us(f"{month}-01") - 1)


def _entry(item: Item) -> AuditEntry:
    return AuditEntry(
        item["sk"],
        item["at_us"],
        item["actor"],
        item["token_id"],
        item["action"],
        item["object"],
        item["detail"],
    )
