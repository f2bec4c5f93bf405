"""What is known of each callback: what to send where, and how every try went.

`JOB#<job_id> / CALLBACK#<webhook_id>` in the jobs table.
"""

from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US

# Longer than a delivering function may run: a try that says nothing by then was cut off.
TRY_LIVES_S = 60


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver. `next_us` is when it is tried again, if ever."""

    at_us: int
    status_code: int | None
    ok: bool
    error: str | None
    next_us: int | None


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """One callback; `body` is sent as it stands, every time. `begun` counts tries begun."""

    webhook_id: str
    job_id: str
    user_id: str
    url: str
    kind: str
    body: bytes
    begun: int = 0
    begun_us: int = 0
    tries: tuple[Try, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing more will be tried."""
        return bool(self.tries) and (self.tries[-1].ok or self.tries[-1].next_us is None)


@dataclass(frozen=True)
class CallbackRecords:
    """The records of all callbacks."""

    table: Table

    def create(self, callback: Callback) -> None:
        """Keep a new callback; one that is there already stays as it is."""
        fields = {k: v for k, v in msgspec.structs.asdict(callback).items() if v is not None}
        fields["tries"] = []
        try:
            self.table.put({**_key(callback.job_id, callback.webhook_id), **fields}, only_new=True)
        except ConditionFailed:
            return

    def find(self, job_id: str, webhook_id: str) -> Callback | None:
        """A callback, or None when its job is gone."""
        key = _key(job_id, webhook_id)
        item = self.table.get(key["pk"], key["sk"])
        return None if item is None else _callback(item)

    def of_job(self, job_id: str) -> list[Callback]:
        """All callbacks of a job, oldest first."""
        return [_callback(item) for item in self.table.query(f"JOB#{job_id}", prefix="CALLBACK#")]

    def begin_try(self, callback: Callback, number: int) -> bool:
        """Claim the try with this number (from 1); False when it is another's.

        A try that was begun and never told its outcome may be begun again after a while.
        """
        now = clock.now_us()
        key = _key(callback.job_id, callback.webhook_id)
        try:
            self.table.update(
                Update(
                    key["pk"],
                    key["sk"],
                    set={"begun": number, "begun_us": now},
                    extra_condition=(
                        "#begun = :before OR"
                        " (#begun = :number AND size(#tries) = :before AND #begun_us < :stale)"
                    ),
                    names={"#begun": "begun", "#tries": "tries", "#begun_us": "begun_us"},
                    values={
                        ":before": number - 1,
                        ":number": number,
                        ":stale": now - TRY_LIVES_S * SECOND_US,
                    },
                )
            )
        except ConditionFailed:
            return False
        return True

    def end_try(self, callback: Callback, tried: Try) -> None:
        """Keep the outcome of the try that was begun."""
        tries = [msgspec.to_builtins(past) for past in (*callback.tries, tried)]
        key = _key(callback.job_id, callback.webhook_id)
        self.table.update(Update(key["pk"], key["sk"], set={"tries": tries}, must_exist=True))


def _key(job_id: str, webhook_id: str) -> Item:
    return {"pk": f"JOB#{job_id}", "sk": f"CALLBACK#{webhook_id}"}


def _callback(item: Item) -> Callback:
    return msgspec.convert(item, Callback, strict=False)
