"""Tokens over HTTP: issued once, listed without their secret, revoked for good."""

import pytest

from shared.accounts import User, create_user, find_credential
from shared.aws import Table
from tests.conftest import Api, HeldClock
from tests.kit.gateway import ApiClient


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    for place, (name, admin) in enumerate([("ada", False), ("eve", False), ("root", True)]):
        create_user(
            tables["AccountsTable"], User(name, name, admin, f"01AAAAAAAAAAAAAAAAAAAAAAA{place}")
        )
    return tables["AccountsTable"]


@pytest.fixture
def ada(api: Api, accounts: Table) -> ApiClient:
    return api("accounts", user="ada")


@pytest.fixture
def eve(api: Api, accounts: Table) -> ApiClient:
    return api("accounts", user="eve")


@pytest.fixture
def root(api: Api, accounts: Table) -> ApiClient:
    return api("accounts", user="root", admin=True)


def test_api_key_works_without_admin_rights_when_issued_by_an_admin(
    root: ApiClient, accounts: Table
) -> None:
    body = root.post("/accounts/tokens", json={"kind": "api_key", "name": "ci"}).json()

    credential = find_credential(accounts, body["token"])
    assert body["token"].startswith("eyk_")
    assert body["last_four"] == body["token"][-4:]
    assert credential is not None
    assert (credential.kind, credential.user_id, credential.admin) == ("api_key", "root", False)


def test_an_api_key_hears_whose_it_is(root: ApiClient, api: Api) -> None:
    key = root.post("/accounts/tokens", json={"kind": "api_key", "name": "ci"}).json()
    caller = api("accounts", user="root", kind="api_key", token_id=key["token_id"])

    me = caller.get("/accounts/me").json()

    assert (me["user_id"], me["token_id"], me["admin"]) == ("root", key["token_id"], False)


@pytest.mark.parametrize("scope", ["root", "", "READ", ["read"]])
def test_a_token_is_not_made_when_its_scope_is_none(ada: ApiClient, scope: object) -> None:
    answer = ada.post("/accounts/tokens", json={"kind": "user", "scope": scope})

    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/scope"


@pytest.mark.parametrize("scope", ["full", "read", "ingest", "metrics"])
def test_authorizer_and_list_know_the_scope_when_a_token_has_one(
    ada: ApiClient, accounts: Table, scope: str
) -> None:
    body = ada.post("/accounts/tokens", json={"kind": "user", "scope": scope}).json()

    credential = find_credential(accounts, body["token"])
    assert credential is not None
    assert (credential.scope, body["scope"]) == (scope, scope)
    assert ada.get("/accounts/tokens").json()["data"][0]["scope"] == scope


@pytest.mark.parametrize("scope", ["read", "ingest", "metrics"])
def test_admins_token_is_no_administrators_when_its_scope_is_narrow(
    root: ApiClient, accounts: Table, scope: str
) -> None:
    body = root.post("/accounts/tokens", json={"kind": "user", "scope": scope}).json()

    credential = find_credential(accounts, body["token"])
    assert credential is not None
    assert credential.admin is False


def test_user_token_has_its_users_rights(root: ApiClient, accounts: Table) -> None:
    body = root.post("/accounts/tokens", json={"kind": "user"}).json()

    credential = find_credential(accounts, body["token"])
    assert credential is not None
    assert credential.admin


def test_token_is_another_users_when_an_admin_says_so(root: ApiClient, accounts: Table) -> None:
    body = root.post("/accounts/tokens", json={"kind": "user", "user_id": "ada"}).json()

    credential = find_credential(accounts, body["token"])
    assert body["user_id"] == "ada"
    assert credential is not None
    assert (credential.user_id, credential.admin) == ("ada", False)


def test_forbidden_when_token_is_for_another_user(ada: ApiClient) -> None:
    answer = ada.post("/accounts/tokens", json={"kind": "user", "user_id": "eve"})

    assert (answer.status, answer.code) == (403, "forbidden")


def test_422_when_user_does_not_exist(root: ApiClient) -> None:
    answer = root.post("/accounts/tokens", json={"kind": "user", "user_id": "nobody"})

    assert (answer.status, answer.code) == (422, "user_not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/kind"),
        ({"kind": "device"}, "/kind"),
        ({"kind": "user", "expires_in_s": 0}, "/expires_in_s"),
        ({"kind": "user", "expires_in_s": 1.5}, "/expires_in_s"),
        ({"kind": "user", "expires_in_s": True}, "/expires_in_s"),
        ({"kind": "user", "name": ""}, "/name"),
        ({"kind": "user", "name": "x" * 129}, "/name"),
    ],
)
def test_422_when_a_field_is_not_acceptable(ada: ApiClient, body: object, pointer: str) -> None:
    answer = ada.post("/accounts/tokens", json=body)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_allowed_kinds_are_named_when_kind_is_unknown(ada: ApiClient) -> None:
    answer = ada.post("/accounts/tokens", json={"kind": "device"})

    assert answer.json()["errors"][0]["allowed"] == ["user", "api_key"]


def test_list_shows_newest_first_and_never_the_secret(
    ada: ApiClient, held_clock: HeldClock
) -> None:
    secrets = []
    for name in ("first", "second"):
        held_clock.advance(1)
        secrets.append(
            ada.post("/accounts/tokens", json={"kind": "user", "name": name}).json()["token"]
        )

    answer = ada.get("/accounts/tokens")

    assert [entry["name"] for entry in answer.json()["data"]] == ["second", "first"]
    assert not any(secret in answer.text for secret in secrets)
    assert set(answer.json()["data"][0]) == {
        "token_id",
        "user_id",
        "name",
        "kind",
        "last_four",
        "created_at",
        "last_used_at",
        "expires_at",
        "created_by",
        "scope",
    }


def test_tokens_are_listed_over_pages(ada: ApiClient, held_clock: HeldClock) -> None:
    for number in range(3):
        held_clock.advance(1)
        ada.post("/accounts/tokens", json={"kind": "user", "name": str(number)})

    first = ada.get("/accounts/tokens", params={"limit": 2}).json()
    rest = ada.get("/accounts/tokens", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [entry["name"] for entry in first["data"] + rest["data"]] == ["2", "1", "0"]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


def test_expired_token_is_listed_for_thirty_days(ada: ApiClient, held_clock: HeldClock) -> None:
    ada.post("/accounts/tokens", json={"kind": "user", "expires_in_s": 10})
    held_clock.advance(30 * 86_400)
    listed = ada.get("/accounts/tokens").json()["data"]
    held_clock.advance(20)

    assert len(listed) == 1
    assert ada.get("/accounts/tokens").json()["data"] == []


def test_own_tokens_only_are_listed(ada: ApiClient, eve: ApiClient, root: ApiClient) -> None:
    ada.post("/accounts/tokens", json={"kind": "user"})

    assert eve.get("/accounts/tokens").json()["data"] == []
    assert eve.get("/accounts/tokens", params={"user_id": "ada"}).code == "forbidden"
    assert len(root.get("/accounts/tokens", params={"user_id": "ada"}).json()["data"]) == 1


def test_token_is_dead_and_gone_when_deleted(ada: ApiClient, accounts: Table) -> None:
    issued = ada.post("/accounts/tokens", json={"kind": "user"}).json()

    answer = ada.delete(f"/accounts/tokens/{issued['token_id']}")

    assert (answer.status, answer.body) == (204, b"")
    assert find_credential(accounts, issued["token"]) is None
    assert ada.get("/accounts/tokens").json()["data"] == []
    assert ada.delete(f"/accounts/tokens/{issued['token_id']}").code == "token_not_found"


def test_404_when_token_is_anothers(ada: ApiClient, eve: ApiClient, accounts: Table) -> None:
    issued = ada.post("/accounts/tokens", json={"kind": "user"}).json()

    answer = eve.delete(f"/accounts/tokens/{issued['token_id']}")

    assert (answer.status, answer.code) == (404, "token_not_found")
    assert find_credential(accounts, issued["token"]) is not None


def test_admin_deletes_anybodys_token(ada: ApiClient, root: ApiClient, accounts: Table) -> None:
    issued = ada.post("/accounts/tokens", json={"kind": "user"}).json()

    assert root.delete(f"/accounts/tokens/{issued['token_id']}").status == 204
    assert find_credential(accounts, issued["token"]) is None


@pytest.mark.parametrize("token_id", ["tok_none", "%00", "a%2Fb", "TOKEN"])
def test_404_when_token_is_unknown(ada: ApiClient, token_id: str) -> None:
    assert ada.delete(f"/accounts/tokens/{token_id}").status == 404


def test_webhook_secret_stays_the_same_until_rotated(ada: ApiClient, eve: ApiClient) -> None:
    first = ada.get("/accounts/webhook_secret").json()["secret"]

    assert first.startswith("whsec_")
    assert ada.get("/accounts/webhook_secret").json()["secret"] == first
    assert eve.get("/accounts/webhook_secret").json()["secret"] != first


def test_new_secret_is_read_when_rotated(ada: ApiClient, held_clock: HeldClock) -> None:
    old = ada.get("/accounts/webhook_secret").json()["secret"]

    rotated = ada.post("/accounts/webhook_secret/rotate").json()

    assert rotated["secret"] != old
    assert rotated["previous_valid_until"] == "2026-01-02T00:00:00.000Z"
    assert ada.get("/accounts/webhook_secret").json()["secret"] == rotated["secret"]


def test_secret_rotates_once_when_call_is_repeated(ada: ApiClient) -> None:
    key = {"Idempotency-Key": "k"}
    first = ada.post("/accounts/webhook_secret/rotate", headers=key).json()

    again = ada.post("/accounts/webhook_secret/rotate", headers=key).json()

    assert again == {"previous_valid_until": first["previous_valid_until"]}
    assert ada.get("/accounts/webhook_secret").json()["secret"] == first["secret"]
