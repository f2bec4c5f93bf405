"""Debian's Chromium, driven by tests of the dashboard and by the script that takes its pictures."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tools.template import ROOT

AXE = ROOT / "dashboard/node_modules/axe-core/axe.min.js"
# Functions start cold, on a machine that does other things too.
PATIENCE_MS = 60_000
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser without a window. Fails where none is installed."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, "the tests of the dashboard need chromium: apt-get install chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """A tab of the dashboard, and what its console complained of."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> Page:
        """Open an address of the dashboard, such as `#/jobs`, and wait until all is loaded."""
        # Another part behind # alone would not load the page anew.
        self.page.goto("about:blank")
        self.page.goto(f"{self.base_url}/{address}")
        return self.settled()

    def settled(self) -> Page:
        """Wait until nothing is on its way any more."""
        expect(self.page.locator("main")).to_be_visible()
        expect(self.page.locator(".busy[data-on=true], .skeleton")).to_have_count(0)
        return self.page

    def until(self, satisfied: Callable[[], bool]) -> None:
        """Wait until it is so. Playwright's own wait would look again by `eval`, which the page's
        policy refuses.
        """
        give_up = time.monotonic() + PATIENCE_MS / 1_000
        while not satisfied():
            assert time.monotonic() < give_up
            self.page.wait_for_timeout(50)

    def violations(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((told) => told.violations)"
        )
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0]['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]


@contextmanager
def visit(browser: Browser, base_url: str, token: str | None, **options: Any) -> Iterator[Visit]:
    """A tab of its own; signed in where a token is given."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE_MS)
    if token:
        # As the page itself keeps it: for this tab, in no address.
        context.add_init_script(
            "if (location.protocol === 'http:') "
            f"sessionStorage.setItem('evalyard.token', {json.dumps(token)})"
        )
    opened = Visit(context.new_page(), base_url)
    opened.page.on("console", lambda message: _note(opened, message))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()


def _note(opened: Visit, message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        opened.complaints.append(message.text)
