"""Jobs from the form to the result on the real model; cancelled, dead, and queued again."""

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit
from tests.kit.local_cloud import LocalCloud
from tests.kit.receiver import Receiver, running_receiver

WITHIN_MS = 120_000


@pytest.fixture
def absent(admin: httpx.Client) -> Iterator[tuple[str, str]]:
    """A device that nobody runs, and its token."""
    serial = f"absent-{uuid4().hex[:8]}"
    body = {"serial": serial, "models": ["slow-model"], "queue_tags": ["default", "short"]}
    yield serial, str(admin.post("/devices/register", json=body).json()["device_token"])
    # Each device of a pool lets more jobs out of their queue.
    admin.delete(f"/devices/{serial}").raise_for_status()


def test_submitted_job_is_watched_until_the_model_has_answered(
    tab: Visit, user: User, model: str
) -> None:
    page = tab.go("#/jobs/new")
    page.locator("[name=prompt]").fill("The capital of France is")
    page.locator("[name=model]").fill("no-such-model")
    page.locator("[name=num_predict]").fill("12")
    page.locator("[name=repeat]").fill("2")
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_role("status")).to_contain_text("It would be queued")
    page.locator("[name=model]").fill(model)
    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".pill").first).to_have_attribute(
        "data-status", "succeeded", timeout=WITHIN_MS
    )
    expect(page.locator("[data-output]")).not_to_be_empty()
    job_id = page.url.rsplit("/", 1)[1]
    result = user.api.get(f"/api/jobs/{job_id}/result", params={"full": 1}).json()
    for name, value in result["metrics"].items():
        cell = page.locator(f'[data-metric="{name}"] [data-value]')
        assert float(cell.get_attribute("data-value") or "nan") == value
    expect(page.get_by_label("Timeline")).to_contain_text("First token")
    expect(page.get_by_role("heading", name="Repetitions")).to_be_visible()
    expect(page.locator('[data-metric="ttft_ms"]')).to_contain_text("measured: client stream")

    page.get_by_role("link", name="Clone with changes").click()
    expect(page.locator("[name=prompt]")).to_have_value("The capital of France is")
    expect(page.locator("[name=num_predict]")).to_have_value("12")
    page.get_by_role("link", name="Jobs", exact=True).click()
    row = page.locator(f'[data-job="{job_id}"]')
    expect(row.locator("[data-status]")).to_have_attribute("data-status", "succeeded")


def test_what_was_typed_is_there_when_one_comes_back_to_the_form(tab: Visit) -> None:
    page = tab.go("#/jobs/new")
    page.get_by_label("Prompt", exact=True).fill("A long prompt")

    page.get_by_role("link", name="Devices").click()
    page.go_back()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A long prompt")


def test_queued_job_is_cancelled_and_the_list_follows_without_moving(
    tab: Visit, user: User, absent: tuple[str, str]
) -> None:
    with running_receiver() as receiver:
        receiver.status = 500
        _cancelled_on_the_page(tab, user, absent[0], receiver)


def _cancelled_on_the_page(tab: Visit, user: User, serial: str, receiver: Receiver) -> None:
    body = {"prompt": "wait", "model": "slow-model", "device_serial": serial}
    body["callback_url"] = f"{receiver.url}/hook"
    first = user.api.post("/api/jobs", json=body).json()["job_id"]
    page = tab.go("#/jobs")
    expect(page.locator(f'[data-job="{first}"] [data-status]')).to_have_attribute(
        "data-status", "queued"
    )
    second = user.api.post("/api/jobs", json=body).json()["job_id"]
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(page.locator("[data-job]")).to_have_count(1)
    page.get_by_role("button", name="1 new").click()
    expect(page.locator("[data-job]").first).to_have_attribute("data-job", second)

    page.locator(f'[data-job="{first}"]').get_by_role("link").click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".pill").first).to_have_attribute("data-status", "cancelled")
    assert user.api.get(f"/api/jobs/{first}").json()["status"] == "cancelled"
    # The schedule's own second try may come between.
    failed = page.locator("[data-callback=false]").first
    expect(failed).to_contain_text("500")
    receiver.status = 204
    failed.get_by_role("button", name="Deliver again").first.click()
    expect(page.locator("[data-callback=true]").first).to_contain_text("204")
    # Where the schedule's second try was under way at the click, that is said by a 409.
    tab.complaints[:] = [each for each in tab.complaints if "status of 409" not in each]


def test_dead_letters_are_queued_again_as_a_group_after_a_preview(
    cloud: LocalCloud, tab: Visit, user: User, absent: tuple[str, str]
) -> None:
    dead = [_dead_job(cloud, user, absent, code) for code in ("oom", "oom", "broken")]
    page = tab.go("#/dead-letters")
    expect(page.locator("[data-count]").first).to_have_attribute("data-count", "2")
    page.get_by_role("button", name="oom").click()
    expect(page.locator("[data-job]")).to_have_count(2)
    assert "failure=oom" in page.url
    page.get_by_role("button", name="By device", exact=True).click()
    page.get_by_role("list", name="By device").get_by_role("button", name=absent[0]).click()
    assert f"device={absent[0]}" in page.url
    expect(page.locator("[data-count]")).to_have_attribute("data-count", "2")

    expect(page.get_by_role("button", name="Requeue 0…")).to_be_disabled()
    page.get_by_label("0 of 2 chosen").check()
    page.get_by_role("button", name="Requeue 2…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("trying again as it is would not help")).to_have_count(2)
    assert user.api.get(f"/api/jobs/{dead[0]}").json()["status"] == "dead"
    dialog.locator("[name=queue_tag]").select_option("short")
    # While a device that has the model is there, no other takes the jobs.
    with cloud.client(absent[1], "X-Device-Token") as device:
        device.post(f"/devices/{absent[0]}/status", json={"ready": True}).raise_for_status()
    dialog.get_by_role("button", name="Requeue all 2").click()
    expect(dialog.get_by_role("status")).to_contain_text("2 requeued")
    dialog.get_by_role("button", name="Close").last.click()

    expect(page.locator("[data-job]")).to_have_count(0)
    states = [user.api.get(f"/api/jobs/{job_id}").json() for job_id in dead]
    assert [(job["status"], job["queue_tag"]) for job in states] == [
        ("queued", "short"),
        ("queued", "short"),
        ("dead", "default"),
    ]


def test_result_has_a_badge_for_each_flag_that_its_device_sent(
    cloud: LocalCloud, tab: Visit, user: User, absent: tuple[str, str]
) -> None:
    serial, token = absent
    body = {"prompt": "flags", "model": "slow-model", "device_serial": serial}
    job_id = user.api.post("/api/jobs", json=body).json()["job_id"]
    with cloud.client(token, "X-Device-Token") as runner:
        place = f"/devices/{serial}/jobs/{job_id}"
        attempt = runner.post(f"{place}/claim", json={}).json()["attempt"]
        metrics = {"completion_tokens": 9, "latency_ms": 900}
        said = {"attempt": attempt, "output": "x", "metrics": metrics}
        said["flags"] = ["cached", "interrupted"]
        assert runner.post(f"{place}/complete", json=said).status_code == 200

    page = tab.go(f"#/jobs/{job_id}")

    badges = page.locator("[data-flag]")
    expect(badges).to_have_text(["!cached", "!interrupted"])
    expect(badges.first).to_have_attribute("title", re.compile("from its cache"))


def test_devices_show_their_state_and_lead_to_their_condition(
    cloud: LocalCloud, tab: Visit, absent: tuple[str, str]
) -> None:
    status = {"ready": True, "battery": 64, "temperature_c": 33.5, "thermal_state": "nominal"}
    status |= {"calls": True, "calls_running": 2}
    with cloud.client(absent[1], "X-Device-Token") as device:
        assert device.post(f"/devices/{absent[0]}/status", json=status).status_code == 204
        status["battery"] = 63
        assert device.post(f"/devices/{absent[0]}/status", json=status).status_code == 204
    page = tab.go("#/devices?state=available")

    card = page.locator(f'[data-device="{absent[0]}"]')
    expect(card).to_contain_text("63%")
    expect(card).to_contain_text("33.5 °C")
    expect(card).to_contain_text("answers 2 calls")
    card.get_by_role("link").first.click()
    expect(page.get_by_role("figure", name="Battery").locator("canvas")).to_be_visible()
    expect(page.locator("[data-calls]")).to_have_text("takes calls of the gateway")


def _dead_job(cloud: LocalCloud, user: User, device: tuple[str, str], code: str) -> str:
    serial, token = device
    body = {"prompt": code, "model": "slow-model", "device_serial": serial}
    job_id = str(user.api.post("/api/jobs", json=body).json()["job_id"])
    with cloud.client(token, "X-Device-Token") as runner:
        place = f"/devices/{serial}/jobs/{job_id}"
        attempt = runner.post(f"{place}/claim", json={}).json()["attempt"]
        told = {"attempt": attempt, "code": code, "message": "did not fit", "retryable": False}
        assert runner.post(f"{place}/fail", json=told).status_code == 200
    return job_id
