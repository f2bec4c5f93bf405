"""What a first visit asks for, and when: data while the page itself is still on its way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

NOW_S = int(time.time())
ROWS = [{"ts": NOW_S - 60 * n, "model": "m", "device": "d", "latency_ms": 900} for n in range(9)]


@contextmanager
def held(page: Page, pattern: str) -> Iterator[list[Route]]:
    """Requests of a pattern, which go on only when this ends."""
    waiting: list[Route] = []
    page.route(pattern, lambda route: waiting.append(route))
    yield waiting
    for route in waiting:
        route.continue_()
    page.unroute(pattern)


@pytest.mark.parametrize(
    ("address", "question", "shown"),
    [
        ("#/overview?range=7d", "/usage/summary?from=", '[data-figure="runs"][data-value="9"]'),
        ("#/datasets/first", "/user/data/metrics?dataset=first&", '[data-rows="9"]'),
    ],
)
def test_first_question_is_asked_once_and_before_the_script_is_there(
    tab: Visit, user: User, address: str, question: str, shown: str
) -> None:
    adapter = {"dataset": "first", "enabled": True}
    assert user.api.post("/user/data/save_adapter", json=adapter).is_success
    body = {"dataset": "first", "rows": ROWS}
    assert user.api.post("/user/data/append_jsonl", json=body).is_success
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    with held(tab.page, "**/assets/index-*.js") as waiting:
        with tab.page.expect_request(lambda request: question in request.url):
            tab.page.goto(f"{tab.base_url}/{address}", wait_until="commit")
        assert len(waiting) <= 1
        expect(tab.page.locator("main")).to_have_count(0)
    expect(tab.page.locator(shown)).to_be_visible()
    tab.settled()

    assert len([url for url in asked if question in url]) == 1


def test_nothing_is_asked_before_one_is_signed_in(tab: Visit) -> None:
    tab.page.add_init_script("sessionStorage.clear()")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    tab.page.goto(f"{tab.base_url}/#/overview")
    expect(tab.page.locator("[name=token]")).to_be_visible()

    assert [url for url in asked if "/usage" in url or "/accounts" in url] == []


def test_an_early_answer_is_of_its_instant_only(tab: Visit, user: User) -> None:
    """One who goes away before it came, and comes back, asks again."""
    body = {"dataset": "first", "rows": ROWS}
    assert user.api.post("/user/data/append_jsonl", json=body).is_success
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    with held(tab.page, "**/assets/pages-*.js"):
        tab.page.goto(f"{tab.base_url}/#/datasets/first", wait_until="commit")
        expect(tab.page.locator("nav[aria-label=Pages]")).to_be_visible()
        tab.page.evaluate("location.hash = '#/overview'")
        expect(tab.page.get_by_role("heading", name="Overview")).to_be_attached()
    assert user.api.post("/user/data/append_jsonl", json=body).is_success
    tab.page.evaluate("location.hash = '#/datasets/first'")
    expect(tab.page.locator('[data-rows="18"]')).to_be_visible()

    assert len([url for url in asked if "/user/data/metrics?" in url]) == 2


def test_what_draws_charts_comes_behind_the_script(tab: Visit) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    with held(tab.page, "**/assets/index-*.js"):
        tab.page.goto(f"{tab.base_url}/#/overview", wait_until="commit")
        expect(tab.page.locator("link[rel=stylesheet]")).to_be_attached()
        assert [url for url in asked if "/assets/plot-" in url] == []

    expect(tab.page.locator("link[rel=modulepreload][href*=plot]")).to_be_attached()


def test_chosen_colours_are_there_before_the_script(tab: Visit) -> None:
    tab.page.add_init_script("localStorage.setItem('evalyard.theme', 'dark')")

    with held(tab.page, "**/assets/index-*.js"):
        tab.page.goto(f"{tab.base_url}/#/overview", wait_until="commit")
        expect(tab.page.locator("html[data-theme=dark]")).to_be_attached()
