"""Administrators change devices in use: nothing but what was said changes, and the token stays."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.accounts import find_credential
from tests.conftest import HeldClock
from tests.kit.faults import Crash, about, crash, lose_answer, watched_calls
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard


@pytest.fixture
def admin(yard: Yard) -> ApiClient:
    return yard.api("devices", user="root", admin=True)


def listed(client: ApiClient, query: str = "") -> list[str]:
    """Serials of the listed devices, without the yard's own."""
    found = [each["serial"] for each in client.get(f"/devices{query}").json()["data"]]
    return [serial for serial in found if serial != "dev-1"]


def audited(yard: Yard) -> list[str]:
    entries = yard.api("accounts", user="root", admin=True).get("/accounts/audit").json()["data"]
    return [f"{entry['action']} {entry['object']}" for entry in entries]


def test_only_what_was_said_changes_when_a_device_is_changed(yard: Yard, admin: ApiClient) -> None:
    registered = yard.register("phone", name="First", kind="phone", models=["a"]).json()

    answer = admin.patch("/devices/phone", json={"name": "Second", "note": "shelf 3"})

    device = answer.json()
    said = ("name", "kind", "models", "queue_tags", "note")
    assert answer.status == 200
    assert [device[name] for name in said] == ["Second", "phone", ["a"], ["default"], "shelf 3"]
    assert find_credential(yard.tables["AccountsTable"], registered["device_token"]) is not None
    assert "device.changed phone" in audited(yard)


def test_a_value_is_taken_out_when_null_is_said(yard: Yard, admin: ApiClient) -> None:
    yard.api("accounts", user="root", admin=True).post("/accounts/users", json={"user_id": "eve"})
    yard.register("phone", name="First", models=["a"], owner="eve")

    device = admin.patch(
        "/devices/phone", json={"name": None, "models": None, "owner": None}
    ).json()

    assert (device["name"], device["models"], device["owner"]) == (None, [], None)
    assert "device.owner_changed phone" in audited(yard)
    assert listed(yard.api("devices", user="ada")) == ["phone"]


def test_models_of_the_administrator_hold_until_the_device_reports(
    yard: Yard, admin: ApiClient
) -> None:
    yard.register("phone")
    yard.report("phone", models=["old"])

    changed = admin.patch("/devices/phone", json={"models": ["new"]}).json()["models"]
    yard.report("phone", models=["newest"])

    assert changed == ["new"]
    assert admin.get("/devices/phone").json()["models"] == ["newest"]


def test_a_device_leaves_and_joins_pools_when_its_tags_change(yard: Yard, admin: ApiClient) -> None:
    yard.register("phone", queue_tags=["short", "default"])

    device = admin.patch("/devices/phone", json={"queue_tags": ["long", "default", "long"]}).json()

    found = {tag: listed(admin, f"?queue_tag={tag}") for tag in ("default", "short", "long")}
    assert device["queue_tags"] == ["long", "default"]
    assert found == {"default": ["phone"], "short": [], "long": ["phone"]}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"queue_tags": ["fast"]}, "queue_tag_unknown"),
        ({"queue_tags": []}, "validation_failed"),
        ({"queue_tags": None}, "validation_failed"),
        ({"owner": "nobody"}, "user_not_found"),
        ({"maintenance": "yes"}, "validation_failed"),
        ({"serial": "other"}, "unknown_member"),
    ],
)
@pytest.mark.parametrize("several", [False, True])
def test_nothing_changes_when_a_change_is_refused(
    yard: Yard, admin: ApiClient, body: dict[str, Any], code: str, several: bool
) -> None:
    yard.register("phone", name="First")
    sent = {"name": "Second", **body}

    if several:
        answer = admin.post("/devices/batch", json={"serials": ["phone"], "set": sent})
    else:
        answer = admin.patch("/devices/phone", json=sent)

    assert (answer.status, answer.code) == (422, code)
    assert admin.get("/devices/phone").json()["name"] == "First"


def test_each_device_is_answered_for_when_several_are_changed(yard: Yard, admin: ApiClient) -> None:
    yard.register("a")
    yard.register("b")

    answer = admin.post(
        "/devices/batch",
        json={"serials": ["a", "gone", "b", "a"], "set": {"maintenance": True}},
    )

    results = answer.json()["results"]
    assert [(each["serial"], each["status"]) for each in results] == [
        ("a", 200),
        ("gone", 404),
        ("b", 200),
    ]
    assert results[1]["problem"]["code"] == "device_not_found"
    assert listed(admin, "?state=maintenance") == ["a", "b"]


def test_the_others_are_changed_when_one_fails_in_a_way_that_was_not_foreseen(
    yard: Yard, admin: ApiClient
) -> None:
    for serial in ("a", "b", "c"):
        yard.register(serial)

    with watched_calls() as calls:
        calls.failing.append((about("DEVICE#b", "BatchGetItem"), RuntimeError("unforeseen")))
        answer = admin.post(
            "/devices/batch", json={"serials": ["a", "b", "c"], "set": {"note": "shelf"}}
        )

    results = answer.json()["results"]
    assert [each["status"] for each in results] == [200, 503, 200]
    assert "unforeseen" not in answer.text
    assert admin.get("/devices/c").json()["note"] == "shelf"


def test_the_token_before_goes_on_for_an_hour_when_it_is_replaced(
    yard: Yard, admin: ApiClient, held_clock: HeldClock
) -> None:
    accounts = yard.tables["AccountsTable"]
    old = yard.register("phone").json()["device_token"]

    new = admin.post("/devices/phone/token", json={}).json()["device_token"]

    held_clock.advance(3_590)
    during = [find_credential(accounts, token) is not None for token in (old, new)]
    held_clock.advance(20)
    after = [find_credential(accounts, token) is not None for token in (old, new)]
    assert (during, after) == ([True, True], [False, True])
    assert "device.token_replaced phone" in audited(yard)


def test_both_tokens_die_when_the_device_is_retired(yard: Yard, admin: ApiClient) -> None:
    accounts = yard.tables["AccountsTable"]
    tokens = [yard.register("phone").json()["device_token"]]
    tokens.append(admin.post("/devices/phone/token", json={}).json()["device_token"])

    admin.delete("/devices/phone")

    assert [find_credential(accounts, token) for token in tokens] == [None, None]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/devices/phone", {"name": "x"}),
        ("POST", "/devices/batch", {"serials": ["phone"], "set": {"name": "x"}}),
        ("POST", "/devices/phone/token", {}),
    ],
)
def test_users_are_refused_and_the_absent_is_said(
    yard: Yard, admin: ApiClient, method: str, path: str, body: dict[str, Any]
) -> None:
    asked = yard.api("devices", user="ada").request(method, path, json=body)
    absent = admin.request(method, path, json=body)

    assert (asked.status, asked.code) == (403, "forbidden")
    if path == "/devices/batch":
        assert absent.json()["results"][0]["status"] == 404
    else:
        assert (absent.status, absent.code) == (404, "device_not_found")


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", [crash, lose_answer])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_change_is_whole_when_its_call_is_cut_off_and_repeated(
    yard: Yard, admin: ApiClient, fault: Callable[[], None], side: str
) -> None:
    yard.register("phone", queue_tags=["short"])
    with watched_calls() as calls:
        admin.patch("/devices/phone", json={"queue_tags": ["short"]})

    for number in range(len(calls.names)):
        tag = ("long", "short")[number % 2]
        with watched_calls() as calls, suppress(Crash):
            getattr(calls, side)[number] = fault
            admin.patch("/devices/phone", json={"queue_tags": [tag]})
        admin.patch("/devices/phone", json={"queue_tags": [tag]})

        pools = {
            each: yard.tables["DevicesTable"].get(f"POOL#{each}", "MEMBERS")
            for each in ("long", "short")
        }
        serving = [
            each for each, item in pools.items() if "phone" in (item or {}).get("serials", ())
        ]
        assert (listed(admin, f"?queue_tag={tag}"), serving) == (["phone"], [tag])
