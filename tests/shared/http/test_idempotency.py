"""The same key and body give the same answer, whatever happened to the first call."""

from typing import Any

import pytest
from fastapi import APIRouter

from shared import http
from shared.aws import Table, Update
from shared.errors import Conflict, TooManyRequests, Unavailable
from shared.idempotency import IdempotencyStore
from tests.conftest import Api, HeldClock
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient, ApiResponse
from tests.shared.http.conftest import Calls


def post(client: ApiClient, name: str = "x", key: str = "k") -> ApiResponse:
    return client.post("/things", json={"name": name}, headers={"Idempotency-Key": key})


def test_first_answer_is_replayed_without_its_secret(things: ApiClient, calls: Calls) -> None:
    first = post(things)
    again = post(things)

    assert first.json()["secret"] == "s3cret"
    assert "idempotent-replayed" not in first.headers
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.headers["content-type"] == "application/json"
    assert again.json() == {k: v for k, v in first.json().items() if k != "secret"}
    assert len(calls.made) == 1


def test_every_call_is_its_own_when_no_key_is_sent(things: ApiClient, calls: Calls) -> None:
    things.post("/things", json={"name": "x"})
    things.post("/things", json={"name": "x"})

    assert len(set(calls.made)) == 2


def test_422_when_key_is_used_with_another_body(things: ApiClient, calls: Calls) -> None:
    post(things, "x")

    answer = post(things, "y")

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert len(calls.made) == 1


def test_calls_are_apart_when_users_differ(things: ApiClient, calls: Calls) -> None:
    post(things)
    things.context = {**things.context, "user_id": "eve"}

    assert post(things).json()["secret"] == "s3cret"
    assert len(calls.made) == 2


def test_refusal_is_replayed(things: ApiClient) -> None:
    first = post(things, "toolong")
    again = post(things, "toolong")

    assert (first.status, again.status) == (422, 422)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["errors"] == first.json()["errors"]


@pytest.mark.parametrize(
    "failure", [Unavailable("x"), Conflict("x"), TooManyRequests("x"), RuntimeError("x")]
)
def test_same_ids_are_made_when_first_call_decided_nothing(
    things: ApiClient, calls: Calls, held_clock: HeldClock, failure: Exception
) -> None:
    calls.failure = failure
    failed = post(things)
    held_clock.advance(40)

    again = post(things)

    assert failed.status >= 400
    assert again.status == 201
    assert len(calls.made) == 2
    assert len(set(calls.made)) == 1


def test_409_while_the_first_call_runs(
    things: ApiClient, tables: dict[str, Table], calls: Calls, held_clock: HeldClock
) -> None:
    post(things)
    cut_off(tables["IdempotencyTable"], held_clock)

    answer = post(things)

    assert (answer.status, answer.code) == (409, "idempotency_in_flight")
    assert answer.headers["retry-after"] == "2"
    assert len(calls.made) == 1


def test_call_is_carried_out_with_same_ids_when_the_first_was_cut_off(
    things: ApiClient, tables: dict[str, Table], calls: Calls, held_clock: HeldClock
) -> None:
    post(things)
    cut_off(tables["IdempotencyTable"], held_clock)
    held_clock.advance(36)

    assert post(things).status == 201
    assert len(calls.made) == 2
    assert len(set(calls.made)) == 1


def test_key_is_free_again_after_a_day(
    things: ApiClient, calls: Calls, held_clock: HeldClock
) -> None:
    post(things, "x")
    held_clock.advance(86_400)

    assert post(things, "y").status == 201
    assert len(set(calls.made)) == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "a\nb"])
def test_422_when_key_is_no_key(things: ApiClient, key: str) -> None:
    answer = post(things, key=key)

    assert (answer.status, answer.code) == (422, "invalid_idempotency_key")


def cut_off(table: Table, held_clock: HeldClock) -> None:
    """Leave the record as a call leaves it that was killed before it finished."""
    (item,) = aws_client("dynamodb").scan(TableName=table.name)["Items"]
    lock = held_clock.now_us // 1_000_000 + 35
    changed = {"state": "begun", "lock_until_s": lock}
    table.update(Update(item["pk"]["S"], "CALL", set=changed, remove=("answer",)))


LARGE = {"text": "é" * 250_000}


@pytest.fixture
def large(api: Api, tables: dict[str, Table], calls: Calls) -> ApiClient:
    """A route whose answer no single item can hold."""
    router = APIRouter(route_class=http.UserRoute)

    @router.post("/large/{name}", status_code=201)
    @http.creates()
    async def post_large(name: str) -> dict[str, Any]:
        calls.carry_out(name)
        return LARGE

    store = IdempotencyStore(tables["IdempotencyTable"])
    app = http.create_app("Large", router, idempotency=lambda: store)
    return api(lambda event, context: http.serve(app, event, context), user="ada")


def test_large_answer_is_replayed_whole(large: ApiClient, calls: Calls) -> None:
    first = large.post("/large/x", headers={"Idempotency-Key": "k"})
    again = large.post("/large/x", headers={"Idempotency-Key": "k"})

    assert (first.status, first.json()) == (201, LARGE)
    assert (again.status, again.json()) == (201, LARGE)
    assert again.headers["idempotent-replayed"] == "true"
    assert calls.made == ["x"]


def test_409_when_a_part_of_the_first_answer_is_gone(
    large: ApiClient, tables: dict[str, Table], calls: Calls
) -> None:
    large.post("/large/x", headers={"Idempotency-Key": "k"})
    table = tables["IdempotencyTable"]
    items = aws_client("dynamodb").scan(TableName=table.name)["Items"]
    part = next(item for item in items if item["sk"]["S"].startswith("PART#"))
    table.delete(part["pk"]["S"], part["sk"]["S"])

    again = large.post("/large/x", headers={"Idempotency-Key": "k"})

    assert (again.status, again.code) == (409, "idempotency_expired")
    assert calls.made == ["x"]


def test_parts_are_forgotten_with_their_record(
    large: ApiClient, tables: dict[str, Table], held_clock: HeldClock
) -> None:
    large.post("/large/x", headers={"Idempotency-Key": "k"})

    items = aws_client("dynamodb").scan(TableName=tables["IdempotencyTable"].name)["Items"]

    assert len(items) == 3
    assert {item["user_id"]["S"] for item in items} == {"ada"}
    assert {item["expires_at"]["N"] for item in items} == {str(held_clock.now_us // 10**6 + 86_400)}


@pytest.mark.parametrize("path", ["/large/" + "x" * 9_000, "/large/" + "\U0001f600" * 600])
def test_key_is_kept_when_the_path_has_no_room_beside_it(
    large: ApiClient, calls: Calls, path: str
) -> None:
    key = "é" * 127
    first = large.post(path, headers={"Idempotency-Key": key})
    again = large.post(path, headers={"Idempotency-Key": key})
    other = large.post(path + "y", headers={"Idempotency-Key": key})

    assert (first.status, again.status, other.status) == (201, 201, 201)
    assert "idempotent-replayed" in again.headers
    assert len(calls.made) == 2
