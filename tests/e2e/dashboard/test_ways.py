"""Ways of looking: slow answers, back and forward, a link to hand on, paper."""

import time

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit, visit
from tests.kit.local_cloud import LocalCloud

NOW_S = int(time.time())
# Each question goes out that much later: longer than the time from one look to the next.
_SLOW = """(() => {
    const fetch = window.fetch;
    const later = (ms) => new Promise((done) => setTimeout(done, ms));
    window.fetch = (...asked) => later(6_500).then(() => fetch(...asked));
})()"""
_JOB = {"prompt": "wait", "model": "nobody-serves-this"}


def submit(user: User, count: int = 1) -> str:
    """Jobs that wait for a device; the id of the last one."""
    for _ in range(count):
        answer = user.api.post("/api/jobs", json=_JOB)
        assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


@pytest.mark.parametrize("place", ["devices", "job", "live overview"])
def test_page_comes_though_answers_take_longer_than_the_time_between_looks(
    tab: Visit, user: User, place: str
) -> None:
    addresses = {
        "devices": ("#/devices", "[data-device]"),
        "job": (f"#/jobs/{submit(user)}", "[data-status=queued]"),
        "live overview": ("#/overview?live=1", "[data-figure=runs]"),
    }
    address, sought = addresses[place]
    tab.page.add_init_script(_SLOW)

    tab.page.goto(f"{tab.base_url}/{address}")

    expect(tab.page.locator(sought).first).to_be_visible()


def where(page: Page) -> float:
    return float(page.evaluate("scrollY"))


def test_page_begins_at_its_top_and_is_where_one_was_on_coming_back(tab: Visit, user: User) -> None:
    submit(user, 12)
    tab.page.set_viewport_size({"width": 1280, "height": 300})
    page = tab.go("#/jobs")
    last = page.locator("[data-job] a").last
    last.scroll_into_view_if_needed()
    left = where(page)
    assert left > 0

    last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Timeline")).to_be_visible()
    assert where(page) == 0
    expect(page.locator("main")).to_be_focused()

    page.go_back()
    expect(page.locator("[data-job]").last).to_be_visible()
    tab.until(lambda: where(page) == pytest.approx(left, abs=2))


def test_link_of_a_view_has_the_window_that_is_shown(
    browser: Browser, cloud: LocalCloud, user: User
) -> None:
    row = {"ts": NOW_S - 60, "model": "a", "device": "d", "latency_ms": 100}
    assert user.api.post("/usage/import", json=[row]).is_success
    with visit(browser, cloud.announced["base_url"], user.token) as tab:
        tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        asked: list[httpx.URL] = []
        tab.page.on("request", lambda request: asked.append(httpx.URL(request.url)))
        page = tab.go("#/overview?range=6h&model=a")
        expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "1")
        page.get_by_label("Breakdown", exact=True).get_by_role("button", name="Link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = httpx.URL(page.evaluate("navigator.clipboard.readText()"))

    view = httpx.URL("/" + copied.fragment).params
    shown = next(url.params for url in asked if url.path == "/usage/summary")
    assert dict(view) == {"model": "a", "from": shown["from"], "to": shown["to"]}


def test_paper_is_light_and_has_all_columns(
    browser: Browser, cloud: LocalCloud, user: User
) -> None:
    submit(user)
    options = {"color_scheme": "dark", "viewport": {"width": 780, "height": 1100}}
    with visit(browser, cloud.announced["base_url"], user.token, **options) as tab:
        page = tab.go("#/jobs")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")

        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        expect(page.get_by_role("button", name="Refresh")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= 780

        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert tab.complaints == []


def test_page_works_where_only_plain_http_leads_to_it(tab: Visit, user: User) -> None:
    # Browsers have these on pages by HTTPS and of this machine only.
    tab.page.add_init_script(
        "delete Crypto.prototype.randomUUID; delete Navigator.prototype.clipboard"
    )

    page = tab.go("#/jobs/new")
    page.locator("[name=prompt]").fill("wait")
    page.locator("[name=model]").fill("nobody-serves-this")
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_label("Timeline")).to_be_visible()
    assert [each["model"] for each in user.api.get("/api/jobs").json()["data"]] == [
        "nobody-serves-this"
    ]
