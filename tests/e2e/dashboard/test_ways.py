"""Ways of looking: slow answers."""

import pytest
from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

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
