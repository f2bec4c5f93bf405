"""A service that is not there, refuses for a moment or fails: each page says so, and asks again."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

NOW_S = int(time.time())
_API = ("/usage", "/user", "/api", "/jobs", "/devices", "/accounts")
# Each page, and what stands there for a user who has nothing.
PAGES = {
    "#/overview": "Nothing ran in this window",
    "#/datasets": "No datasets yet",
    "#/compare": "There are no runs on side",
    "#/gate": "There is no baseline yet",
    "#/baselines": "None yet",
    "#/jobs": "No jobs yet",
    "#/dead-letters": "No dead letters",
    "#/devices": "Demo device",
}


def answering(route: Route, status: int | None) -> None:
    """Fails what the page asks of the API; its own files come."""
    path = "/" + route.request.url.split("/", 3)[3]
    if not path.startswith(_API):
        route.continue_()
    elif status is None:
        route.abort("connectionrefused")
    else:
        problem: dict[str, Any] = {"status": status, "code": "troubled", "detail": "It passes."}
        route.fulfill(
            status=status, content_type="application/problem+json", body=json.dumps(problem)
        )


@pytest.mark.parametrize(
    ("address", "status"),
    [*((address, None) for address in PAGES), ("#/overview", 500), ("#/overview", 429)],
)
def test_page_says_what_is_wrong_and_asks_again_when_it_passes(
    tab: Visit, user: User, address: str, status: int | None
) -> None:
    tab.page.route("**/*", lambda route: answering(route, status))
    page = tab.go(address)
    said = page.get_by_role("alert").first
    expect(said).to_contain_text("did not answer" if status is None else "It passes.")

    page.unroute("**/*")
    said.get_by_role("button", name="Try again").click()

    expect(page.get_by_text(PAGES[address]).first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".who")).to_have_text(user.user_id)
    # The browser writes down each answer that is an error.
    tab.complaints[:] = [each for each in tab.complaints if "Failed to load" not in each]


def test_alert_stays_while_a_job_is_asked_for_again(tab: Visit, user: User) -> None:
    sent = user.api.post("/api/jobs", json={"prompt": "wait", "model": "nobody-serves-this"})
    assert sent.status_code == 202, sent.text
    page = tab.page
    page.route("**/*", lambda route: answering(route, 500))
    page.goto(f"{tab.base_url}/#/jobs/{sent.json()['job_id']}")
    said = page.get_by_role("alert").first
    expect(said).to_contain_text("It passes.")
    said.evaluate("alert => { alert.dataset.seen = 'yes' }")

    for _ in range(2):
        page.wait_for_event("requestfinished", lambda request: "/api/jobs/" in request.url)
    assert said.get_attribute("data-seen") == "yes"

    page.unroute("**/*")
    expect(page.get_by_label("Timeline")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    tab.complaints[:] = [each for each in tab.complaints if "Failed to load" not in each]


def test_names_without_an_end_make_no_page_wider(tab: Visit, user: User) -> None:
    name = "model-" + "x" * 200
    rows = [
        {"run_id": f"r{n}", "ts": NOW_S - n, "model": model, "device": model, "latency_ms": 100}
        for n, model in enumerate([name, name, "b"])
    ]
    assert user.api.post("/usage/import", json=rows).is_success
    job = {"prompt": name, "model": name[:200], "tag": name[:64]}
    sent = user.api.post("/api/jobs", json=job)
    assert sent.status_code == 202, sent.text
    job_id = sent.json()["job_id"]

    for width in (390, 1280):
        tab.page.set_viewport_size({"width": width, "height": 900})
        page = tab.go("#/overview?range=1h&each=1")
        expect(page.locator(".legend").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        card = page.locator("figure").first.bounding_box()
        button = page.locator(".legend button").first.bounding_box()
        assert card
        assert button
        assert button["x"] + button["width"] <= card["x"] + card["width"]
        assert parts_that_scroll(page, "Newest runs") == []

        page = tab.go("#/jobs")
        expect(page.locator("[data-job]")).to_be_visible()
        assert parts_that_scroll(page, "Jobs") == []
        page = tab.go(f"#/jobs/{job_id}")
        expect(page.get_by_label("Timeline")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def parts_that_scroll(page: Page, label: str) -> list[str]:
    """Which of the tables of that name are wider than what is seen of them."""
    found: list[str] = page.evaluate(
        """(label) => [...document.querySelectorAll(`.scroll[aria-label="${label}"]`)]
            .filter((part) => part.scrollWidth > part.clientWidth)
            .map((part) => `${label}: ${part.scrollWidth} of ${part.clientWidth}`)""",
        label,
    )
    return found
