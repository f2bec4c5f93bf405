"""Users over HTTP: who may make them, what is refused, how they are listed."""

import pytest

from shared.accounts import User, create_user, find_credential
from shared.aws import Table, Update
from tests.conftest import Api, HeldClock
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient


@pytest.fixture
def admin(api: Api) -> ApiClient:
    return api("accounts", user="root", admin=True)


def test_token_works_when_user_is_created(admin: ApiClient, tables: dict[str, Table]) -> None:
    answer = admin.post("/accounts/users", json={"user_id": "ada", "tenant": "lab", "admin": True})

    body = answer.json()
    credential = find_credential(tables["AccountsTable"], body["token"])
    assert answer.status == 201
    assert list(body) == ["user_id", "tenant", "admin", "token"]
    assert (body["user_id"], body["tenant"], body["admin"]) == ("ada", "lab", True)
    assert body["token"].startswith("eyt_")
    assert credential is not None
    assert (credential.user_id, credential.tenant, credential.admin) == ("ada", "lab", True)


def test_tenant_is_the_user_id_when_omitted(admin: ApiClient) -> None:
    body = admin.post("/accounts/users", json={"user_id": "ada"}).json()

    assert (body["tenant"], body["admin"]) == ("ada", False)


def test_user_id_is_made_when_omitted(admin: ApiClient) -> None:
    first = admin.post("/accounts/users", json={}).json()["user_id"]
    second = admin.post("/accounts/users", json={}).json()["user_id"]

    assert first.startswith("user_")
    assert first == first.lower()
    assert first != second


def test_conflict_when_user_exists(admin: ApiClient) -> None:
    admin.post("/accounts/users", json={"user_id": "ada"})

    answer = admin.post("/accounts/users", json={"user_id": "ada"})

    assert (answer.status, answer.code) == (409, "user_exists")


@pytest.mark.parametrize("name", ["", "A", "-a", "_a", "a b", "ä", "a" * 65, "a\n", "a/b"])
def test_name_is_refused_when_out_of_pattern(admin: ApiClient, name: str) -> None:
    answer = admin.post("/accounts/users", json={"user_id": name})

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/user_id"


@pytest.mark.parametrize("name", ["a", "0", "a-b_c", "a" * 64])
def test_name_is_accepted_when_in_pattern(admin: ApiClient, name: str) -> None:
    assert admin.post("/accounts/users", json={"user_id": name}).status == 201


def test_types_are_meant_literally(admin: ApiClient) -> None:
    answer = admin.post("/accounts/users", json={"user_id": "ada", "admin": "yes"})

    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/admin"


@pytest.mark.parametrize("body", [{"user_id": "ada"}, {"user_id": "NOT OK"}, []])
def test_forbidden_when_caller_is_no_admin(api: Api, body: object) -> None:
    answer = api("accounts", user="eve").post("/accounts/users", json=body)

    assert (answer.status, answer.code) == (403, "forbidden")


def test_fixed_401_when_caller_is_nobody(api: Api) -> None:
    answer = api("accounts").post("/accounts/users", json={})

    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')
    assert answer.headers["content-type"] == "application/json"
    assert "x-request-id" in answer.headers


def test_401_when_credential_is_of_another_kind(api: Api) -> None:
    device = api("accounts", user="ada", kind="device")
    key = api("accounts", user="ada", kind="api_key")

    assert device.get("/accounts/me").status == 401
    assert key.get("/accounts/tokens").status == 401


def test_replay_leaves_the_token_out(admin: ApiClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first = admin.post("/accounts/users", json={"user_id": "ada"}, headers=key)

    again = admin.post("/accounts/users", json={"user_id": "ada"}, headers=key)

    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == {k: v for k, v in first.json().items() if k != "token"}


def test_created_user_gets_a_token_when_call_was_cut_off(
    admin: ApiClient, tables: dict[str, Table], held_clock: HeldClock
) -> None:
    """The first call died after the user was stored: its lock runs out, the same key goes on."""
    key = {"Idempotency-Key": "k1"}
    first = admin.post("/accounts/users", json={"user_id": "ada"}, headers=key).json()
    _forget_answer(tables["IdempotencyTable"])
    held_clock.advance(60)

    again = admin.post("/accounts/users", json={"user_id": "ada"}, headers=key)

    accounts = tables["AccountsTable"]
    assert again.status == 201
    assert find_credential(accounts, again.json()["token"]) is not None
    assert find_credential(accounts, first["token"]) is None


def test_users_are_listed_newest_first_over_pages(admin: ApiClient, held_clock: HeldClock) -> None:
    for number in range(5):
        held_clock.advance(1)
        admin.post("/accounts/users", json={"user_id": f"u{number}"})

    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = admin.get("/accounts/users", params=params).json()
        seen += [entry["user_id"] for entry in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break

    assert seen == ["u4", "u3", "u2", "u1", "u0"]


def test_cursor_is_refused_when_of_another_admin(admin: ApiClient, api: Api) -> None:
    for number in range(2):
        admin.post("/accounts/users", json={"user_id": f"u{number}"})
    cursor = admin.get("/accounts/users", params={"limit": 1}).json()["next_cursor"]

    other = api("accounts", user="other", admin=True)
    answer = other.get("/accounts/users", params={"cursor": cursor})

    assert (answer.status, answer.code) == (400, "cursor_mismatch")


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1"])
def test_400_when_limit_is_out_of_range(admin: ApiClient, limit: str) -> None:
    answer = admin.get("/accounts/users", params={"limit": limit})

    assert (answer.status, answer.code) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


def test_401_when_the_token_was_revoked_a_moment_ago(api: Api) -> None:
    answer = api("accounts", user="ada", token_id="tok_gone").get("/accounts/me")

    assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})


def test_me_shows_the_token_and_the_limits(api: Api, tables: dict[str, Table]) -> None:
    create_user(tables["AccountsTable"], User("ada", "lab", False, "01AAAAAAAAAAAAAAAAAAAAAAAA"))
    client = api("accounts", user="ada", tenant="lab")
    issued = client.post("/accounts/tokens", json={"kind": "user", "expires_in_s": 60}).json()

    me = api("accounts", user="ada", tenant="lab", token_id=issued["token_id"]).get("/accounts/me")

    body = me.json()
    assert list(body) == [
        "user_id",
        "tenant",
        "admin",
        "token_id",
        "scope",
        "created_at",
        "expires_at",
        "limits",
    ]
    assert (body["user_id"], body["tenant"], body["admin"]) == ("ada", "lab", False)
    assert body["created_at"] == issued["created_at"]
    assert body["expires_at"] == issued["expires_at"]
    assert body["limits"]["body_bytes"] == 5 * 2**20
    assert body["limits"]["rows_per_append"] == 10_000


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/accounts/nothing", 404, "route_not_found"),
        ("PUT", "/accounts/users", 405, "method_not_allowed"),
        ("DELETE", "/accounts/me", 405, "method_not_allowed"),
    ],
)
def test_problem_when_path_or_method_is_unknown(
    admin: ApiClient, method: str, path: str, status: int, code: str
) -> None:
    answer = admin.request(method, path)

    assert (answer.status, answer.code) == (status, code)


def test_405_names_every_method_of_the_path(admin: ApiClient) -> None:
    assert admin.request("PUT", "/accounts/users").headers["allow"] == "GET, POST"


def _forget_answer(table: Table) -> None:
    """Leave the idempotency record as a call leaves it that was killed before it finished."""
    (item,) = aws_client("dynamodb").scan(TableName=table.name)["Items"]
    table.update(Update(item["pk"]["S"], "CALL", set={"state": "begun"}, remove=("answer",)))
