"""`Idempotency-Key`: the same key and body give the same answer for 24 hours.

Our own DynamoDB item rather than Powertools' decorator: the HTTP semantics (422
on another body, 409 in flight, secrets left out of a replay) are ours, and a call
that was cut off must be able to run again under the same repeatable ids
(`docs/decisions/0004-idempotency.md`).
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from shared import clock, ids
from shared.aws import ConditionFailed, Item, Table, Update
from shared.errors import Conflict, DependencyFailed, Unacceptable
from shared.observability import logger
from shared.traces import BATCH, Items, Place

HEADER = "idempotency-key"
KEPT_S = 86_400
# Longer than any function may run, so that a live call is never taken for a dead one.
LOCK_S = 35
_MAX_KEY = 255
# An item of DynamoDB has at most 400 KB, its key 2,048 bytes.
_PART_BYTES = 350_000
_LONGEST_PLACE_BYTES = 1_024
# These answers say "not now": the same call may come again and must then be carried out.
_NOT_KEPT = {409, 429}

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True)
class Repeatable:
    """What makes the ids of a call the same when it is carried out again.

    Without an Idempotency-Key every call is its own: `key` is None.
    """

    key: str | None
    started_us: int

    def ulid(self, *parts: str) -> str:
        """An id that the same call (by its key) always gets again."""
        if self.key is None:
            return ids.ulid(self.started_us)
        return ids.repeatable_ulid(self.started_us, self.key, *parts)


@dataclass(frozen=True)
class IdempotencyStore:
    """The records of keyed calls: one item per caller, route and key.

    An answer that one item cannot hold is kept in parts of its own (docs/decisions/0022).
    """

    table: Table

    def begin(self, pk: str, fingerprint: str, user_id: str | None = None) -> Item:
        """Claim the key or learn what became of it; `user_id` says whose record it is.

        Returns the record; its `state` is `begun` when the caller must carry the call
        out, `done` when the stored answer is to be replayed. Raises Unacceptable for
        another body, Conflict while a first call runs.
        """
        record = _fresh_record(pk, fingerprint, user_id)
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
            self.table.put(fresh)
            return fresh
        if stored["fingerprint"] != fresh["fingerprint"]:
            raise Unacceptable(
                "this Idempotency-Key was used with another request; use a new key",
                code="idempotency_key_reused",
            )
        if stored["state"] == "done":
            return stored
        return self._take_over(stored)

    def _take_over(self, stored: Item) -> Item:
        busy = Conflict(
            "a call with this Idempotency-Key is still running; ask again in a moment",
            code="idempotency_in_flight",
            retry_after_s=2,
        )
        if stored["lock_until_s"] > clock.now_s():
            raise busy
        lock = {"lock_until_s": clock.now_s() + LOCK_S}
        unchanged = {"lock_until_s": stored["lock_until_s"]}
        try:
            return self.table.update(Update(stored["pk"], "CALL", set=lock, only_if=unchanged))
        except ConditionFailed as exc:
            raise busy from exc


@dataclass(frozen=True)
class _Records:
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


def creates(*, secrets: tuple[str, ...] = ()) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint as one that honours Idempotency-Key.

    `secrets` names top-level members of its answer that a replay leaves out.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__creates__ = secrets  # type: ignore[attr-defined]  # Functions take attributes; this one is read back in this module only.
        return endpoint

    return mark


def is_creating(endpoint: Callable[..., Any]) -> bool:
    """Whether an endpoint was marked with `creates`."""
    return hasattr(endpoint, "__creates__")


async def answer_once(
    request: Request, route: APIRoute, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Carry a creating call out, or replay what it answered before."""
    key = request.headers.get(HEADER)
    if key is None:
        request.state.repeatable = Repeatable(None, clock.now_us())
        return await answer(request)
    _check_key(key)
    store: IdempotencyStore = request.app.state.idempotency()
    pk = f"CALL#{request.state.caller.name}#{_place(request)}#{key}"
    fingerprint = _fingerprint(request, await request.body())
    record = store.begin(pk, fingerprint, getattr(request.state.caller, "user_id", None))
    if record["state"] == "done":
        return _replay(store.answer(record))
    request.state.repeatable = Repeatable(pk, record["started_us"])
    return await _carry_out(store, record, request, route, answer)


async def _carry_out(
    store: IdempotencyStore,
    record: Item,
    request: Request,
    route: APIRoute,
    answer: Callable[[Request], Awaitable[Response]],
) -> Response:
    response = await answer(request)
    kept = response.status_code < 500 and response.status_code not in _NOT_KEPT
    try:
        if kept:
            store.finish(record, _kept(response, route.endpoint.__creates__))  # type: ignore[attr-defined]  # Set by `creates`.
        else:
            store.release(record)
    except DependencyFailed:
        # What was done is done, and its answer may hold a secret that cannot be given again.
        logger().warning("answer_not_kept", status=response.status_code)
    return response


def _kept(response: Response, secrets: tuple[str, ...]) -> Item:
    body = bytes(response.body)
    if secrets and response.status_code < 300:
        document = msgspec.json.decode(body)
        body = msgspec.json.encode({k: v for k, v in document.items() if k not in secrets})
    kept = {"content-type", "location"}
    headers = {name: value for name, value in response.headers.items() if name in kept}
    return {"status": response.status_code, "body": body, "headers": headers}


def _replay(answer: Item) -> Response:
    headers = {**answer["headers"], "Idempotent-Replayed": "true"}
    return Response(answer["body"], answer["status"], headers=headers)


def _fresh_record(pk: str, fingerprint: str, user_id: str | None) -> Item:
    # The index of users finds the records of one: an erasure takes them along.
    whose = {} if user_id is None else {"user_id": user_id}
    return {
        **whose,
        "pk": pk,
        "sk": "CALL",
        "state": "begun",
        "fingerprint": fingerprint,
        "started_us": clock.now_us(),
        "lock_until_s": clock.now_s() + LOCK_S,
        "expires_at": clock.now_s() + KEPT_S,
    }


def _part_key(stored: str, number: int) -> str:
    return f"PART#{stored}#{number:03d}"


def _place(request: Request) -> str:
    """What a key belongs to, next to its caller; a path that no key has room for, by its digest."""
    place = f"{request.method} {request.url.path}"
    if len(place.encode()) <= _LONGEST_PLACE_BYTES:
        return place
    return hashlib.sha256(place.encode()).hexdigest()


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise Unacceptable(
            f"an Idempotency-Key has 1 to {_MAX_KEY} printable characters",
            code="invalid_idempotency_key",
        )


def _fingerprint(request: Request, body: bytes) -> str:
    parts = (request.method, request.url.path, str(request.url.query), body.hex())
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


# A coroutine, because FastAPI hands a plain function to a thread.
async def _repeatable(request: Request) -> Repeatable:
    repeatable = request.state.repeatable
    assert isinstance(repeatable, Repeatable)
    return repeatable


RepeatableCall = Annotated[Repeatable, Depends(_repeatable)]
