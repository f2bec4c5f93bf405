"""What is known of each callback: what to send where, and how every try went.

`JOB#<job_id> / CALLBACK#<webhook_id>` in the jobs table. Only one try runs at a time:
the one that begins one holds `running`, and only the holder may add to the log.
"""

from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US
from shared.packing import packed, unpacked

# Longer than a delivering function may run: a try that says nothing by then was cut off.
TRY_LIVES_S = 60
# What is logged for a try that was cut off: the receiver may or may not have had it.
OUTCOME_UNKNOWN = "outcome_unknown"
_FREE = ("running", "running_us", "running_asked")


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver. `next_us` is when the schedule tries again, if ever.

    `asked`: a user asked for it; it is none of the schedule's.
    """

    try_id: str
    at_us: int
    status_code: int | None
    ok: bool
    error: str | None
    next_us: int | None
    asked: bool = False


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """One callback; `body` is sent as it stands, every time.

    `made` counts the schedule's tries that ended; `due_us` is when its next one is due.
    `over`: nothing more is tried unless a user asks. `redelivery` names what was
    asked for last and not yet tried.
    """

    webhook_id: str
    job_id: str
    user_id: str
    url: str
    kind: str
    body: bytes
    made: int = 0
    due_us: int | None = None
    over: bool = False
    running: str | None = None
    running_us: int = 0
    running_asked: bool = False
    redelivery: str | None = None
    redelivery_us: int = 0
    redeliveries: int = 0
    tries: tuple[Try, ...] = ()

    @property
    def in_flight(self) -> bool:
        """Whether a try runs, as far as is known."""
        return self.running is not None and _lives(self.running_us)

    @property
    def asked_for(self) -> bool:
        """Whether a redelivery waits to be tried, and not for so long that it must be lost."""
        return self.redelivery is not None and _lives(self.redelivery_us)

    def has_tried(self, try_id: str) -> bool:
        """Whether the log has this try."""
        return any(tried.try_id == try_id for tried in self.tries)


@dataclass(frozen=True)
class CallbackRecords:
    """The records of all callbacks."""

    table: Table

    def create(self, callback: Callback) -> None:
        """Keep a new callback; one that is there already stays as it is."""
        fields = {k: v for k, v in msgspec.structs.asdict(callback).items() if v is not None}
        # Each of the three writes of a callback costs one unit as long as it has 1 KB.
        fields |= {"tries": _log(callback.tries), "packed": packed(fields.pop("body"))}
        try:
            self.table.put({**_key(callback), **fields}, only_new=True)
        except ConditionFailed:
            return

    def find(self, job_id: str, webhook_id: str) -> Callback | None:
        """A callback, or None when its job is gone."""
        item = self.table.get(f"JOB#{job_id}", f"CALLBACK#{webhook_id}")
        return None if item is None else _callback(item)

    def of_job(self, job_id: str) -> list[Callback]:
        """All callbacks of a job, oldest first."""
        return [_callback(item) for item in self.table.query(f"JOB#{job_id}", prefix="CALLBACK#")]

    def ask(self, callback: Callback, redelivery: str) -> bool:
        """Keep that a redelivery is asked for; False when the callback moved meanwhile."""
        asked = {
            "redelivery": redelivery,
            "redelivery_us": clock.now_us(),
            "redeliveries": callback.redeliveries + 1,
        }
        return self._move(callback, set_=asked) is not None

    def begin_try(self, callback: Callback, try_id: str, *, asked: bool) -> Callback | None:
        """Claim the right to try now; None when another has it or the callback moved.

        A try that never reported its outcome is logged as cut off, and its right taken over.
        """
        if callback.in_flight:
            return None
        begun = {"running": try_id, "running_us": clock.now_us(), "running_asked": asked}
        if callback.running is None:
            return self._move(callback, set_=begun)
        tries = _log((*callback.tries, _cut_off(callback)))
        return self._move(callback, set_={**begun, "tries": tries})

    def end_try(self, callback: Callback, tried: Try, *, over: bool, due_us: int | None) -> bool:
        """Log the try that was begun, and what follows; False when it is not its turn any more."""
        made = callback.made + (not tried.asked)
        ended = {"tries": _log((*callback.tries, tried)), "made": made, "over": over}
        gone = [*_FREE, *(["redelivery"] if tried.asked else [])]
        if due_us is None:
            gone.append("due_us")
        else:
            ended["due_us"] = due_us
        if self._move(callback, set_=ended, remove=tuple(gone)) is not None:
            return True
        # Ours may have been written and its answer lost.
        stored = self.find(callback.job_id, callback.webhook_id)
        return stored is not None and tried in stored.tries

    def _move(
        self, callback: Callback, *, set_: Item, remove: tuple[str, ...] = ()
    ) -> Callback | None:
        """Change a callback that is still as it was read; None when it is not."""
        as_read = {
            "running": callback.running,
            "redelivery": callback.redelivery,
            "made": callback.made,
        }
        key = _key(callback)
        try:
            return _callback(
                self.table.update(
                    Update(key["pk"], key["sk"], set=set_, remove=remove, only_if=as_read)
                )
            )
        except ConditionFailed:
            return None


def _lives(since_us: int) -> bool:
    return clock.now_us() - since_us < TRY_LIVES_S * SECOND_US


def _cut_off(callback: Callback) -> Try:
    assert callback.running is not None, "only a try that was begun can be cut off"
    return Try(
        try_id=callback.running,
        at_us=callback.running_us,
        status_code=None,
        ok=False,
        error=OUTCOME_UNKNOWN,
        next_us=clock.now_us(),
        asked=callback.running_asked,
    )


def _log(tries: tuple[Try, ...]) -> list[Item]:
    return [msgspec.to_builtins(tried) for tried in tries]


def _key(callback: Callback) -> Item:
    return {"pk": f"JOB#{callback.job_id}", "sk": f"CALLBACK#{callback.webhook_id}"}


def _callback(item: Item) -> Callback:
    # Versions before 2026-11-29 kept the body as it is sent.
    body = unpacked(item["packed"]) if "packed" in item else item["body"]
    return msgspec.convert({**item, "body": body}, Callback, strict=False)
