"""The records behind `Idempotency-Key`: who carries a call out, and what its first answer was."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from shared import clock, ids
from shared.aws import ConditionFailed, Item, Table, Update
from shared.errors import Conflict, Unacceptable
from shared.observability import logger
from shared.traces import BATCH, Items, Place

KEPT_S = 86_400
# Longer than any function of the HTTP API may run: a live call is never taken for a dead one.
LOCK_S = 35
# An item of DynamoDB has at most 400 KB.
_PART_BYTES = 350_000


class IdempotencyStore(msgspec.Struct, frozen=True):
    """The records of keyed calls: one item per caller, route and key.

    An answer that one item cannot hold is kept in parts of its own (docs/decisions/0022).
    """

    table: Table

    def begin(
        self, pk: str, fingerprint: str, user_id: str | None = None, *, lock_s: int = LOCK_S
    ) -> Item:
        """Claim the key or learn what became of it; `user_id` says whose record it is, `lock_s` how
        long the call may take at most.

        Returns the record; its `state` is `begun` when the caller must carry the call
        out, `done` when the stored answer is to be replayed. Raises Unacceptable for
        another body, Conflict while a first call runs.
        """
        record = _fresh_record(pk, fingerprint, user_id, lock_s)
        try:
            self.table.put(record, only_new=True)
            return record
        except ConditionFailed:
            return self._resume(record, self.table.get(pk, "CALL"))

    def finish(self, record: Item, answer: Item) -> None:
        """Keep the answer for replays."""
        done = {"state": "done", "answer": self._stored(record, answer), "lock_until_s": 0}
        self._change(record, done)

    def answer(self, record: Item) -> Item:
        """The answer that is kept in a record. Raises Conflict should a part be gone."""
        kept: Item = record["answer"]
        numbers = range(kept.get("parts", 0))
        parts = [self.table.get(record["pk"], _part_key(kept["stored"], n)) for n in numbers]
        if not parts:
            return kept
        if None in parts:
            raise Conflict("the first answer is not kept any more", code="idempotency_expired")
        return {**kept, "body": b"".join(part["body"] for part in parts if part)}

    def _stored(self, record: Item, answer: Item) -> Item:
        """The answer as its record holds it, what is too large in parts of their own.

        Parts have names that no other call gives: of two that carry the same call out,
        the last one's answer counts, whole.
        """
        body = answer["body"]
        if len(body) <= _PART_BYTES:
            return answer
        stored = ids.ulid()
        pieces = [body[at : at + _PART_BYTES] for at in range(0, len(body), _PART_BYTES)]
        # Whose it is, too, so that an erasure finds the parts as it finds the record.
        names = ("pk", "user_id", "expires_at")
        kept: Item = {name: record[name] for name in names if name in record}
        for number, piece in enumerate(pieces):
            self.table.put({**kept, "sk": _part_key(stored, number), "body": piece})
        return {**answer, "body": b"", "parts": len(pieces), "stored": stored}

    def release(self, record: Item) -> None:
        """Nothing was decided: the next call with this key may try again under the same ids."""
        self._change(record, {"lock_until_s": 0})

    def _change(self, record: Item, change: Item) -> None:
        """Change a record that is there: one that was erased meanwhile must not come back."""
        try:
            self.table.update(Update(record["pk"], "CALL", set=change, must_exist=True))
        except ConditionFailed:
            logger().info("answer_not_kept_record_gone")

    def _resume(self, fresh: Item, stored: Item | None) -> Item:
        if stored is None or stored["expires_at"] <= clock.now_s():
            return self._begin_again(fresh, stored)
        if stored["fingerprint"] != fresh["fingerprint"]:
            raise Unacceptable(
                "this Idempotency-Key was used with another request; use a new key",
                code="idempotency_key_reused",
            )
        if stored["state"] == "done":
            return stored
        if stored["lock_until_s"] > clock.now_s():
            raise _busy()
        lock = Update(
            stored["pk"],
            "CALL",
            set={"lock_until_s": fresh["lock_until_s"]},
            only_if={"lock_until_s": stored["lock_until_s"]},
        )
        return self._only_one(lock)

    def _begin_again(self, fresh: Item, expired: Item | None) -> Item:
        """In the place of a record whose day is over, and which may be gone by now."""
        began = None if expired is None else expired["started_us"]
        said = {name: value for name, value in fresh.items() if name not in ("pk", "sk")}
        again = Update(
            fresh["pk"], "CALL", set=said, remove=("answer",), only_if={"started_us": began}
        )
        return self._only_one(again)

    def _only_one(self, update: Update) -> Item:
        """Of several calls at once, one goes on. Raises Conflict."""
        try:
            return self.table.update(update)
        except ConditionFailed as exc:
            raise _busy() from exc


class _Records(msgspec.Struct, frozen=True):
    """The records of a user's keyed calls, for `shared.traces`."""

    table: Table
    kind: str = "first_answers"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Keys."""
        items = self.table.query(user_id, index="by_user", key_names=("user_id", "pk"), limit=BATCH)
        return [(item["pk"], item["sk"]) for item in islice(items, BATCH)]

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Delete them; the index may show them for another moment."""
        self.table.delete_many(found)


def record_traces(table: Table) -> tuple[Place, ...]:
    """Every place, for `shared.traces`."""
    return (_Records(table), Items(table, "rates", "RATE#{}"))


def _busy() -> Conflict:
    return Conflict(
        "a call with this Idempotency-Key is still running; ask again in a moment",
        code="idempotency_in_flight",
        retry_after_s=2,
    )


def _fresh_record(pk: str, fingerprint: str, user_id: str | None, lock_s: int) -> Item:
    # The index of users finds the records of one: an erasure takes them along.
    whose = {} if user_id is None else {"user_id": user_id}
    return {
        **whose,
        "pk": pk,
        "sk": "CALL",
        "state": "begun",
        "fingerprint": fingerprint,
        "started_us": clock.now_us(),
        "lock_until_s": clock.now_s() + lock_s,
        "expires_at": clock.now_s() + KEPT_S,
    }


def _part_key(stored: str, number: int) -> str:
    return f"PART#{stored}#{number:03d}"
