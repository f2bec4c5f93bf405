"""Takes the pictures of docs/dashboard.md: a local cloud with a month of demo data, in Chromium.

`make screenshots`. The pictures are WebP, which Chromium itself makes of them.
"""

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.kit.browser import chromium, visit
from tests.kit.local_cloud import LocalCloud
from tools.template import ROOT

TARGET = ROOT / "docs" / "images"
WIDE = {"width": 1440, "height": 900}
LOW = {"width": 1440, "height": 460}
PHONE = {"width": 390, "height": 844}
_QUALITY = 0.72
_TO_WEBP = """async ([png, quality]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""


@dataclass(frozen=True)
class Picture:
    """One view; `pointer` is where the pointer rests, on the first chart, as shares of it."""

    name: str
    address: str
    scheme: str = "light"
    size: dict[str, int] | None = None
    pointer: tuple[float, float] | None = None


PICTURES = (
    # First: the demo devices are there for a minute only.
    Picture("devices", "#/devices", size=LOW),
    Picture("overview-light", "#/overview?range=14d", pointer=(0.62, 0.4)),
    Picture("overview-dark", "#/overview?range=7d&by=device", "dark"),
    Picture("overview-phone", "#/overview?range=7d", size=PHONE),
    Picture("compare", "#/compare?range=30d&model=llama-3.2-1b-q4&a_tag=build-41&b_tag=build-42"),
    Picture("dataset", "#/datasets/thermal_soak?by=device"),
    Picture("datasets", "#/datasets", size=LOW),
    Picture("adapter", "#/datasets/my_server_metrics?tab=adapter", "dark"),
    Picture("jobs-phone", "#/jobs", "dark", PHONE),
    Picture("dead-letters", "#/dead-letters", size=LOW),
)


def main() -> None:
    """Starts everything, takes all pictures, stops everything."""
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        cloud = LocalCloud(Path(folder) / "home")
        cloud.start()
        try:
            with chromium() as browser:
                _take_all(cloud, browser)
        finally:
            cloud.stop()


def _take_all(cloud: LocalCloud, browser: Browser) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    job = _finished_job(cloud, browser)
    cloud.fill()
    for picture in (*PICTURES, Picture("job", f"#/jobs/{job}")):
        body = _take(cloud, browser, picture)
        (TARGET / f"{picture.name}.webp").write_bytes(body)


def _finished_job(cloud: LocalCloud, browser: Browser) -> str:
    """A job that the real model has answered, submitted and watched on the page."""
    announced = cloud.announced
    with visit(browser, announced["base_url"], announced["user_token"]) as tab:
        page = tab.go("#/jobs/new")
        page.locator("[name=prompt]").fill("The capital of France is")
        with cloud.client() as client:
            device: dict[str, Any] = client.get(f"/devices/{announced['device_serial']}").json()
        page.locator("[name=model]").fill(device["models"][0])
        page.locator("[name=num_predict]").fill("48")
        page.locator("[name=repeat]").fill("4")
        page.locator("[name=warmup]").fill("1")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("[data-output]")).to_be_visible(timeout=180_000)
        return page.url.rsplit("/", 1)[1]


def _take(cloud: LocalCloud, browser: Browser, picture: Picture) -> bytes:
    announced = cloud.announced
    options = {"color_scheme": picture.scheme, "viewport": picture.size or WIDE}
    with visit(browser, announced["base_url"], announced["user_token"], **options) as tab:
        page = tab.go(picture.address)
        # What is drawn by a second question is there as well.
        page.wait_for_load_state("networkidle")
        if picture.pointer:
            _point(page, picture.pointer)
        page.wait_for_timeout(300)
        png = page.screenshot(full_page=False)
        blank = page.context.new_page()
        packed: str = blank.evaluate(_TO_WEBP, [base64.b64encode(png).decode(), _QUALITY])
        return base64.b64decode(packed)


def _point(page: Page, place: tuple[float, float]) -> None:
    box = page.locator(".u-over").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * place[0], box["y"] + box["height"] * place[1])


if __name__ == "__main__":
    main()
