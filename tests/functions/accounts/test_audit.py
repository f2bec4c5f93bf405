"""Who did what: every accepted change has one entry, whatever fails, and none holds a secret."""

from contextlib import suppress
from typing import Any

import pytest

from shared.accounts import User, create_user
from shared.aws import Table
from shared.http import Cursors
from tests.conftest import Api, HeldClock
from tests.kit.faults import Crash, crash, watched_calls
from tests.kit.gateway import ApiClient


@pytest.fixture
def root(api: Api) -> ApiClient:
    return api("accounts", user="root", admin=True)


@pytest.fixture
def fleet(api: Api) -> ApiClient:
    return api("devices", user="root", admin=True)


def entries(root: ApiClient, **params: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = root.get("/accounts/audit", params=params).json()["data"]
    return found


def told(root: ApiClient) -> list[tuple[str, str]]:
    """(action, object) of all entries, oldest first."""
    return [(entry["action"], entry["object"]) for entry in reversed(entries(root, limit=1000))]


def test_403_when_caller_is_no_admin(api: Api) -> None:
    assert api("accounts", user="ada").get("/accounts/audit").code == "forbidden"


def test_user_and_tokens_are_told(root: ApiClient, api: Api, held_clock: HeldClock) -> None:
    made = root.post("/accounts/users", json={"user_id": "ada", "tenant": "lab"}).json()
    held_clock.advance(1)
    ada = api("accounts", user="ada")
    token = ada.post("/accounts/tokens", json={"kind": "api_key", "name": "ci"}).json()
    held_clock.advance(1)
    root.delete(f"/accounts/tokens/{token['token_id']}")

    newest, created, *first = entries(root)

    assert newest == {
        "at": "2026-01-01T00:00:02.000Z",
        "actor": "root",
        "token_id": "tok_test",
        "action": "token.revoked",
        "object": token["token_id"],
        "detail": {"user_id": "ada", "kind": "api_key"},
    }
    assert (created["actor"], created["action"]) == ("ada", "token.created")
    assert created["detail"] == {
        "user_id": "ada",
        "kind": "api_key",
        "name": "ci",
        "scope": "full",
    }
    assert {(one["actor"], one["action"]) for one in first} == {
        ("root", "user.created"),
        ("root", "token.created"),
    }
    secrets = (made["token"], token["token"])
    assert not any(secret in root.get("/accounts/audit").text for secret in secrets)


def test_devices_are_told(root: ApiClient, fleet: ApiClient, held_clock: HeldClock) -> None:
    root.post("/accounts/users", json={"user_id": "ada"})
    for call in (
        lambda: fleet.post("/devices/register", json={"serial": "p-1"}),
        lambda: fleet.post("/devices/register", json={"serial": "p-1", "owner": "ada"}),
        lambda: fleet.post("/devices/reload", json={"serial": "p-1", "maintenance": True}),
        lambda: fleet.delete("/devices/p-1"),
    ):
        held_clock.advance(1)
        assert call().status in (200, 201, 204)

    retired, reloaded, *owned, registered = entries(root)[:5]

    assert registered["action"] == "device.registered"
    assert registered["detail"] == {"owner": None, "outcome": "done"}
    by_action = {one["action"]: one["detail"] for one in owned}
    assert by_action == {
        "device.registered_again": {"owner": "ada", "outcome": "done"},
        "device.owner_changed": {"before": None, "after": "ada"},
    }
    assert reloaded["detail"] == {"maintenance": True}
    assert (retired["action"], retired["object"]) == ("device.retired", "p-1")
    assert retired["detail"] == {"outcome": "done"}


def test_rotated_secret_is_told_once_and_not_shown(root: ApiClient, api: Api) -> None:
    ada = api("accounts", user="ada")
    for _ in range(2):
        answer = ada.post("/accounts/webhook_secret/rotate", headers={"Idempotency-Key": "k"})

    assert answer.headers["idempotent-replayed"] == "true"
    assert told(root) == [("webhook_secret.rotated", "ada")]
    assert "whsec_" not in root.get("/accounts/audit").text


def test_each_child_has_an_entry_of_its_own_when_a_tree_is_revoked(
    root: ApiClient, api: Api, tables: dict[str, Table], held_clock: HeldClock
) -> None:
    create_user(tables["AccountsTable"], User("root", "root", True, "01AAAAAAAAAAAAAAAAAAAAAAAA"))
    parent = root.post("/accounts/tokens", json={"kind": "user"}).json()["token_id"]
    child = api("accounts", user="root", admin=True, token_id=parent)
    ids = [child.post("/accounts/tokens", json={"kind": "user"}).json()["token_id"] for _ in "123"]

    root.delete(f"/accounts/tokens/{parent}", params={"children": "1"})

    gone = {e["object"]: e["detail"] for e in entries(root) if e["action"] == "token.revoked"}
    assert gone[parent] == {"user_id": "root", "kind": "user", "children": True}
    assert {gone[one]["along_with"] for one in ids} == {parent}


def test_repeated_call_is_told_once(root: ApiClient) -> None:
    for _ in range(2):
        root.post("/accounts/users", json={"user_id": "ada"}, headers={"Idempotency-Key": "k"})

    assert [action for action, _ in told(root)].count("user.created") == 1
    assert [action for action, _ in told(root)].count("token.created") == 1


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_nothing_is_done_untold_and_nothing_told_twice_when_a_call_dies_and_is_repeated(
    root: ApiClient, tables: dict[str, Table], held_clock: HeldClock, number: int, moment: str
) -> None:
    def create() -> None:
        root.post("/accounts/users", json={"user_id": "ada"}, headers={"Idempotency-Key": "k"})

    with watched_calls() as calls:
        getattr(calls, moment)[number] = crash
        with suppress(Crash):
            create()
    is_there = tables["AccountsTable"].get("USER#ada", "PROFILE") is not None
    was_told = ("user.created", "ada") in told(root)
    held_clock.advance(60)
    create()

    assert is_there == was_told
    assert [action for action, _ in told(root)].count("user.created") == 1
    assert [action for action, _ in told(root)].count("token.created") == 1


def test_registration_is_told_wherever_it_dies(
    root: ApiClient, api: Api, fleet: ApiClient, held_clock: HeldClock
) -> None:
    number = 0
    while True:
        serial = f"p-{number}"
        with watched_calls() as calls:
            calls.before[number] = crash
            with suppress(Crash):
                fleet.post("/devices/register", json={"serial": serial})
        there = fleet.get(f"/devices/{serial}").status == 200
        tellings = [e["detail"]["outcome"] for e in entries(root) if e["object"] == serial]
        held_clock.advance(1)

        assert len(tellings) == 1 or not there
        if len(calls.names) <= number:
            assert tellings == ["done"]
            return
        number += 1


def test_pages_are_one_query_each_and_go_back_over_months(
    root: ApiClient, held_clock: HeldClock
) -> None:
    for number in range(7):
        root.post("/accounts/webhook_secret/rotate", headers={"Idempotency-Key": str(number)})
        held_clock.advance(20 * 86_400)
    held_clock.advance(-86_400)

    seen: list[str] = []
    cursor: dict[str, str] = {}
    calls_of_pages: list[int] = []
    while True:
        with watched_calls() as calls:
            page = root.get("/accounts/audit", params={"limit": 3, **cursor}).json()
        calls_of_pages.append(len(calls.names))
        seen += [entry["at"] for entry in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    # As many queries as months are touched; the last page looks as far back as entries are kept.
    assert max(calls_of_pages[:-1]) <= 4
    assert calls_of_pages[-1] <= 15


def test_page_within_a_month_is_one_query(root: ApiClient, held_clock: HeldClock) -> None:
    for number in range(4):
        held_clock.advance(1)
        root.post("/accounts/webhook_secret/rotate", headers={"Idempotency-Key": str(number)})

    with watched_calls() as calls:
        page = root.get("/accounts/audit", params={"limit": 3}).json()

    assert len(page["data"]) == 3
    assert calls.names == ["Query"]


def test_entry_is_gone_when_it_is_old_enough(root: ApiClient, held_clock: HeldClock) -> None:
    root.post("/accounts/webhook_secret/rotate")
    held_clock.advance(400 * 86_400 - 1)
    kept = len(entries(root))
    held_clock.advance(2)

    assert (kept, entries(root)) == (1, [])


@pytest.mark.parametrize(
    "position", [5, True, 1e308, "x", "01767225600000000-0123456789abcdeg", []]
)
def test_400_when_cursor_was_edited(root: ApiClient, position: object) -> None:
    cursor = Cursors[object](("accounts.audit", "root"), object).write(position)

    answer = root.get("/accounts/audit", params={"cursor": cursor})

    assert (answer.status, answer.code) == (400, "cursor_mismatch")
