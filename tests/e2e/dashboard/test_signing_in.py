"""The way in, the way out, and what an address restores."""

import re

from playwright.sync_api import Browser, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit, visit
from tests.kit.local_cloud import LocalCloud


def test_only_a_good_token_leads_in_and_it_never_stands_in_the_address(
    browser: Browser, cloud: LocalCloud, user: User
) -> None:
    with visit(browser, cloud.announced["base_url"], None) as tab:
        page = tab.go("#/jobs?status=dead")
        page.get_by_label("User token").fill("eyt_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not known")

        page.get_by_label("User token").fill(user.token)
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
        assert page.url.endswith("#/jobs?status=dead")
        expect(page.locator(".who")).to_have_text(user.user_id)
        assert page.evaluate("localStorage.getItem('evalyard.token')") is None

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_contain_text("signed out")
        assert page.evaluate("sessionStorage.length") == 0


def test_view_stays_when_the_token_is_no_longer_good(
    browser: Browser, cloud: LocalCloud, user: User
) -> None:
    with visit(browser, cloud.announced["base_url"], "eyt_expired") as tab:
        page = tab.page
        page.goto(f"{tab.base_url}/#/devices?state=offline")

        expect(page.get_by_role("status")).to_contain_text("no longer good")
        page.get_by_label("User token").fill(user.token)
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("heading", name="Devices")).to_be_visible()
        assert page.url.endswith("#/devices?state=offline")


def test_address_restores_the_view_and_back_goes_back(tab: Visit, user: User) -> None:
    rows = [{"model": model, "device": "d", "latency_ms": 5} for model in ("a", "a", "b")]
    assert user.api.post("/usage/import", json=rows).json()["imported"] == 3
    page = tab.go("#/overview?range=1h&model=a&by=device&tz=local")

    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "2")
    expect(page.get_by_role("button", name="Time range: Last 1 hours")).to_have_count(0)
    expect(page.get_by_role("button", name="Time range: Last hour")).to_be_visible()
    expect(page.get_by_role("button", name="Local")).to_be_visible()
    expect(page.get_by_label("Breakdown", exact=True).get_by_role("combobox")).to_have_value(
        "device"
    )

    page.get_by_role("button", name="Remove filter Model a").click()
    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "3")
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", name="No job passes these filters")).to_be_visible()
    page.go_back()
    page.go_back()

    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "2")
    assert re.search(r"model=a\b", page.url)


def test_page_is_one_build_from_our_own_origin(tab: Visit) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.go("#/overview")

    assert all(url.startswith((tab.base_url, "data:", "blob:")) for url in asked), asked
    index = tab.page.request.get(tab.base_url)
    assert index.headers["cache-control"] == "no-cache"
    for name in re.findall(r'(?:src|href)="(/assets/[^"]+)"', index.text()):
        assert "immutable" in tab.page.request.get(tab.base_url + name).headers["cache-control"]
