"""Every page, light and dark, wide and narrow: nothing serious for axe-core, nothing cut off."""

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit, visit
from tests.kit.local_cloud import LocalCloud

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def furnished(user: User) -> User:
    """A user with runs, rows with extras, and a job."""
    rows = [
        {
            "ts": int(time.time()) - number * 600,
            "device": "a-device-with-a-rather-long-name-for-a-phone",
            "model": "ab"[number % 2],
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "latency_ms": 900 + number,
            "ttft_ms": 90,
            "gpu_power_w": 45.5,
            "conditions": {"quant": "Q4_K_M", "commit": "ab"[number > 30]},
        }
        for number in range(60)
    ]
    extras = [{"label": "GPU power (W)", "field": "gpu_power_w", "kind": "number"}]
    adapter = {"dataset": "mine", "enabled": True, "extra_fields": extras}
    assert user.api.post("/user/data/save_adapter", json=adapter).status_code == 200
    sent = user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": rows})
    assert sent.json()["usage"]["recorded"] == 60
    job = {"prompt": "wait " * 40, "model": "nobody-serves-this"}
    assert user.api.post("/api/jobs", json=job).status_code == 202
    kept = {"window": {"last_s": 86_400}, "reason": "a reason that is rather long for a phone"}
    assert user.api.put("/usage/baselines/main", json=kept).status_code == 201
    return user


def pages(user: User) -> list[str]:
    job_id = user.api.get("/api/jobs").json()["data"][0]["job_id"]
    return [
        "#/overview",
        "#/datasets",
        "#/datasets/mine",
        "#/datasets/mine?tab=rows",
        "#/datasets/mine?tab=adapter",
        "#/datasets/mine?tab=upload",
        "#/compare?a_model=a&b_model=b",
        "#/gate?cond=commit%3Da",
        "#/baselines",
        "#/baselines/main",
        "#/playground",
        "#/jobs",
        "#/jobs/new",
        f"#/jobs/{job_id}",
        "#/dead-letters",
        "#/devices",
        "#/devices/demo-device",
    ]


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light-wide", "dark-phone"]
)
def test_no_page_has_a_serious_fault(
    browser: Browser,
    cloud: LocalCloud,
    furnished: User,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    base_url = cloud.announced["base_url"]
    options = {"color_scheme": scheme, "viewport": viewport, "reduced_motion": "reduce"}
    found: dict[str, object] = {}
    with visit(browser, base_url, furnished.token, **options) as tab:
        for address in pages(furnished):
            page = tab.go(address)
            wide = page.evaluate("document.documentElement.scrollWidth")
            faults = tab.violations()
            if faults or wide > viewport["width"]:
                found[address] = (wide, faults)
        complaints = tab.complaints
    assert (found, complaints) == ({}, [])


def test_way_in_has_no_serious_fault(browser: Browser, cloud: LocalCloud) -> None:
    with visit(browser, cloud.announced["base_url"], None, viewport=PHONE) as tab:
        page = tab.go("")

        assert tab.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_everything_is_reached_and_left_by_keyboard(tab: Visit, furnished: User) -> None:
    page = tab.go("#/overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

    page.keyboard.press("Tab")
    chosen = page.get_by_role("button", name="Time range: Last 24 hours")
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Last 7 days")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Last 7 days")).to_be_hidden()
    expect(chosen).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="a 30").focus()
    page.keyboard.press("Space")

    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "30")
    assert "model=a" in page.url


def test_page_that_one_is_on_is_seen_among_the_pages_of_a_phone(
    browser: Browser, cloud: LocalCloud, user: User
) -> None:
    with visit(browser, cloud.announced["base_url"], user.token, viewport=PHONE) as tab:
        page = tab.go("#/devices")

        box = page.get_by_role("link", name="Devices", exact=True).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]


# Keys of a fast hand, or on a busy machine, come in the task that drew what they are for.
_ESCAPED_AT_ONCE = """async () => {
    document.querySelector(".range > button").click();
    const isOpen = () => document.querySelector(".range .panel") !== null;
    for (let turn = 0; turn < 100 && !isOpen(); turn++) await Promise.resolve();
    const opened = isOpen();
    dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    return opened;
}"""


def test_menu_is_closed_by_a_key_that_comes_as_it_opens(tab: Visit) -> None:
    page = tab.go("#/overview")

    assert page.evaluate(_ESCAPED_AT_ONCE)

    expect(page.get_by_role("button", name="Last 7 days")).to_be_hidden()
