"""Overview and comparison: what the page says is what the API answers for the same window."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

HOUR_S = 3_600
NOW_S = int(time.time())


def rows() -> list[dict[str, object]]:
    """Two days of two models on three devices; the newer day is a third faster."""
    return [
        {
            "run_id": f"r-{number}",
            "ts": NOW_S - (number + 1) * 720,
            "model": "ab"[number % 2],
            "device": f"phone-{number % 3}",
            "tag": "new" if number < 120 else "old",
            "prompt_tokens": 10 + number % 7,
            "completion_tokens": 100,
            "latency_ms": (600 if number < 120 else 900) + number % 13 * 5,
            "ttft_ms": 90 + number % 11,
            "ok": number % 20 != 0,
            "extra": {"GPU power (W)": 40 + number % 5},
        }
        for number in range(240)
    ]


def hour(at_s: int) -> str:
    """The full hour before an instant."""
    return time.strftime("%Y-%m-%dT%H:00:00.000Z", time.gmtime(at_s))


def test_figures_on_the_page_are_the_answers_of_the_api(tab: Visit, user: User) -> None:
    assert user.api.post("/usage/import", json=rows()).json()["imported"] == 240
    start, end = hour(NOW_S - 36 * HOUR_S), hour(NOW_S)
    window = {"from": start, "to": end}
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    page = tab.go(f"#/overview?from={start}&to={end}&by=device")
    summary = user.api.get("/usage/summary", params=window).json()
    usage = user.api.get("/usage", params={**window, "group_by": "device"}).json()

    figures = {
        "runs": summary["runs"],
        "error_rate": summary["error_rate"],
        "total_tokens": summary["total_tokens"],
        "ttft_ms": summary["ttft_ms"]["p50"],
        "latency_ms": summary["latency_ms"]["p50"],
        "tok_s": summary["tok_s"]["p50"],
    }
    for name, value in figures.items():
        tile = page.locator(f'[data-figure="{name}"]')
        assert float(tile.get_attribute("data-value") or "nan") == value
    beside = page.locator('[data-figure="latency_ms"] .beside').get_attribute("data-value")
    assert float(beside or "nan") == summary["latency_ms"]["p95"]
    counted = page.locator('[data-figure="ttft_ms"]')
    expect(counted).to_contain_text(f"n = {summary['ttft_ms']['n']}")
    expect(page.locator("[data-reconciles]")).to_have_attribute("data-reconciles", "true")
    shown = page.locator("[data-column=runs]").evaluate_all(
        "all => all.map((e) => e.dataset.value)"
    )
    runs = sorted((group["runs"] for group in usage["breakdown"]), reverse=True)
    assert [int(value) for value in shown] == [*runs, usage["total"]["runs"]]
    expect(page.get_by_role("figure", name="GPU power (W)")).to_be_visible()
    # What is asked before the page is there is not asked once more.
    questions = [url for url in asked if "/usage" in url]
    assert len(questions) == len(set(questions))


def test_chart_gives_its_numbers_its_request_and_zooms_by_dragging(tab: Visit, user: User) -> None:
    user.api.post("/usage/import", json=rows())
    page = tab.go("#/overview?range=7d")
    latency = page.get_by_role("figure", name="Latency", exact=True)
    latency.scroll_into_view_if_needed()
    latency.hover()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    latency.get_by_role("button", name="curl").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.match(r"curl -s 'http://127\.0\.0\.1:\d+/usage\?from=", copied)
    assert '-H "X-User-Token: $EVALYARD_TOKEN"' in copied
    assert user.token not in copied

    latency.get_by_role("button", name="Data").click()
    expect(latency.get_by_role("columnheader", name="p95")).to_be_visible()
    with page.expect_download() as download:
        latency.get_by_role("button", name="CSV").click()
    header = download.value.path().read_text().splitlines()[0]
    assert header == "time,p95,p90,p50"

    plot = page.get_by_role("figure", name="Runs", exact=True).locator(".u-over")
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40)
    expect(page.locator(".tip")).to_be_visible()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 40, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=.*&to="))
    tab.settled()
    zoomed = page.locator('[data-figure="runs"]').get_attribute("data-value")
    assert 0 < int(zoomed or 0) < 240
    page.get_by_role("figure", name="Runs", exact=True).locator(".u-over").dblclick()
    page.wait_for_url(re.compile("range=7d"))
    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "240")


def test_nothing_yet_says_what_to_do_and_live_shows_what_comes(tab: Visit, user: User) -> None:
    page = tab.go("#/overview?live=1")
    expect(page.get_by_role("heading", name="Nothing ran in this window")).to_be_visible()
    expect(page.locator(".command pre")).to_contain_text("/user/data/append_jsonl")

    adapter = {"dataset": "mine", "enabled": True}
    assert user.api.post("/user/data/save_adapter", json=adapter).status_code == 200
    row = {"ts": int(time.time()) - 5, "device": "curl", "model": "m", "latency_ms": 900}
    sent = user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": [row]})
    assert sent.status_code == 200

    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "1")
    expect(page.get_by_role("figure", name="Runs", exact=True).locator("canvas")).to_be_visible()


def test_comparison_shows_the_verdicts_of_the_api_and_copies_them(tab: Visit, user: User) -> None:
    user.api.post("/usage/import", json=rows())
    page = tab.go("#/compare?range=7d&a_tag=old&b_tag=new")

    latency = page.locator('[data-metric="latency_ms"]')
    expect(latency).to_have_attribute("data-verdict", "improved")
    sides = {"since_s": 7 * 24 * HOUR_S, "a_tag": "old", "b_tag": "new"}
    answer = user.api.get("/usage/compare", params=sides).json()
    told = {each["metric"]: each for each in answer["metrics"]}
    for card in page.locator("[data-metric]").all():
        name = card.get_attribute("data-metric") or ""
        assert card.get_attribute("data-verdict") == told[name]["verdict"]
        means = card.locator(".means [data-value]").evaluate_all(
            "all => all.map((e) => e.dataset.value)"
        )
        sums = [told[name]["a"], told[name]["b"]]
        # Sums of floats, added in the order that threads finish in.
        assert [float(mean) for mean in means] == pytest.approx(sums, rel=1e-9)
    assert page.locator("[data-condition=tag]").inner_text().split() == ["tag", "old", "new"]
    expect(page.locator(".histogram")).to_have_count(3)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "| Latency |" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_label("Window of A").select_option("before")
    expect(page.get_by_role("heading", name="There are no runs on side A")).to_be_visible()
    assert "a_when=before" in page.url


def test_relative_window_ends_now_whenever_one_comes_to_it(tab: Visit, user: User) -> None:
    page = tab.go("#/overview?range=1h")
    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "0")
    user.api.post("/usage/import", json=[{"model": "m", "latency_ms": 5}])

    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="Overview").click()

    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "1")


def test_no_figure_stands_under_a_question_that_was_not_answered(tab: Visit, user: User) -> None:
    user.api.post("/usage/import", json=rows())
    page = tab.go("#/overview?range=7d")
    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "240")
    page.route("**/usage*model=a*", lambda route: route.fulfill(status=500, body="{}"))
    page.route("**/usage/summary*model=a*", lambda route: route.fulfill(status=500, body="{}"))

    page.evaluate("location.hash += '&model=a'")

    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    expect(page.locator('[data-figure="runs"]')).to_have_count(0)
    tab.complaints.clear()


@pytest.mark.parametrize("odd", ["range=99999d", "from=2026-02-01&to=2026-01-01", "range=soon"])
def test_time_that_cannot_be_read_is_named_with_what_is_shown(tab: Visit, odd: str) -> None:
    page = tab.go(f"#/overview?{odd}")

    expect(page.get_by_role("alert")).to_contain_text("Shown instead: Last 24 hours")
    expect(page.get_by_role("button", name="Time range: Last 24 hours")).to_be_visible()


def test_same_runs_on_both_sides_are_named_and_not_judged(tab: Visit, user: User) -> None:
    user.api.post("/usage/import", json=rows())
    page = tab.go("#/compare?range=24h&a_when=this&b_when=this")

    expect(page.get_by_role("heading", name="A and B are the same runs")).to_be_visible()
    expect(page.locator("[data-verdict]")).to_have_count(0)


def test_page_fits_when_a_label_is_one_long_word(tab: Visit, user: User) -> None:
    run = {"model": "m", "latency_ms": 5, "extra": {"W" * 120: 1.5}}
    user.api.post("/usage/import", json=[run])
    page = tab.go("#/overview?range=1h")
    expect(page.get_by_role("figure", name="W" * 120)).to_be_visible()

    def fits(width: int) -> bool:
        return page.evaluate("document.documentElement.scrollWidth") <= width

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        # Charts are drawn again once the browser has said that there is another width.
        tab.until(lambda width=width: fits(width))


def test_runs_that_have_no_neighbour_are_seen(tab: Visit, user: User) -> None:
    sparse = [{"ts": NOW_S - hours * HOUR_S, "latency_ms": 900} for hours in (1, 5, 9)]
    user.api.post("/usage/import", json=sparse)

    page = tab.go("#/overview?range=24h")

    latency = page.get_by_role("figure", name="Latency", exact=True)
    expect(latency.locator("canvas")).to_be_visible()
    assert latency.locator("canvas").evaluate(_COLOURED) > 0


# How many pixels of a canvas have a colour: lines and dots do, axes, grid and texts are grey.
_COLOURED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = Array.from({ length: data.length / 4 }, (_, at) => data.slice(at * 4, at * 4 + 3));
  return pixels.filter((each) => Math.max(...each) - Math.min(...each) > 60).length;
}"""


@pytest.mark.parametrize(
    ("models", "note", "others"),
    [(50, "by model · top 8 of 50", 0), (1_201, "by model · top 8 of 1,201", 1_151)],
)
def test_many_groups_take_no_other_part_of_the_page_along(
    tab: Visit, user: User, models: int, note: str, others: int
) -> None:
    many = [{"ts": NOW_S - at, "model": f"m-{at}", "latency_ms": 900} for at in range(models)]
    user.api.post("/usage/import", json=many)

    page = tab.go("#/overview?range=24h")

    runs = page.get_by_role("figure", name="Runs", exact=True)
    expect(runs.locator("canvas")).to_be_visible()
    expect(runs.get_by_text(note)).to_be_visible()
    total = page.locator("[data-total] [data-column=runs]")
    expect(total).to_have_attribute("data-value", str(models))
    expect(page.get_by_role("alert")).to_have_count(0)
    rest = page.locator("[data-rest] [data-column=runs]")
    expect(rest).to_have_count(1 if others else 0)
    expect(page.locator("[data-reconciles]")).to_have_attribute("data-reconciles", "true")
    if others:
        expect(rest).to_have_attribute("data-value", str(others))
        page.get_by_role("button", name="Show the greatest 1,000").click()
        expect(rest).to_have_attribute("data-value", "201")


def test_newest_runs_have_columns_of_what_differs_first_and_of_what_is_chosen(
    tab: Visit, user: User
) -> None:
    builds = [
        {
            "ts": NOW_S - at * 60,
            "latency_ms": 900,
            "conditions": {"build": f"b{at % 2}", "quant": "Q4_K_M", "flag_cached": at == 0},
        }
        for at in range(3)
    ]
    user.api.post("/usage/import", json=builds)
    page = tab.go("#/overview?range=24h")
    page.get_by_role("button", name="Show one by one").click()

    rows = page.locator("[data-run]")
    expect(rows).to_have_count(3)
    shown = page.locator("[data-condition]").all_inner_texts()
    assert shown == ["b0", "b1", "b0"]
    expect(rows.first.locator("[data-flag=cached]")).to_be_visible()
    expect(page.locator("[data-run] [data-flag]")).to_have_count(1)
    page.get_by_role("button", name="Columns of conditions").click()
    expect(page.get_by_role("checkbox", name="build differs")).to_be_checked()
    page.get_by_role("checkbox", name="quant").check()

    expect(page.locator('[data-condition="quant"]')).to_have_text(["Q4_K_M"] * 3)
    assert "columns=build%2Cquant" in page.url


def test_gate_shows_the_verdict_of_a_baseline_that_was_set_from_a_view(
    tab: Visit, user: User
) -> None:
    sent = [
        {**row, "conditions": {"commit": "b" if row["tag"] == "new" else "a"}, "ok": True}
        for row in rows()
    ]
    assert user.api.post("/usage/import", json=sent).json()["imported"] == 240
    page = tab.go("#/overview?range=7d&by=cond.commit")
    page.get_by_role("button", name="Filter by Conditions").click()
    page.get_by_label("commit=b").check()
    page.get_by_role("link", name="Baselines").click()
    page.get_by_label("Reason").fill("release 1.4")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("main is version 1, of 120 runs")

    page = tab.go("#/gate?range=7d&cond=commit%3Da")

    expect(page.locator("h1 + [data-status]")).to_have_attribute("data-status", "fail")
    asked = {
        "baseline": "main",
        "candidate": {"filters": {"cond.commit": ["a"]}, "window": {"last_s": 7 * 24 * HOUR_S}},
        "rules": [
            {"metric": metric, "max_regression_pct": 5}
            for metric in ("latency_ms", "ttft_ms", "tok_s")
        ],
    }
    told = [each["verdict"] for each in user.api.post("/usage/gate", json=asked).json()["series"]]
    shown = page.locator("[data-series]").evaluate_all("all => all.map((e) => e.dataset.series)")
    assert shown == told
    expect(page.locator('[data-condition="cond.commit"]')).to_contain_text("commit")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("**fail**")
    expect(page.get_by_role("link", name="120 runs")).to_be_visible()
    expect(page.locator("[data-series]").first).to_contain_text("n = 20, 20")


def test_gate_puts_no_baseline_in_the_place_of_one_that_is_gone(tab: Visit, user: User) -> None:
    assert user.api.post("/usage/import", json=rows()).json()["imported"] == 240
    kept = {"window": {"last_s": 86_400}, "reason": "release 1.4"}
    assert user.api.put("/usage/baselines/main", json=kept).status_code == 201
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    page = tab.go("#/gate?range=7d&baseline=gone")

    expect(page.get_by_role("heading", name="There is no baseline gone")).to_be_visible()
    assert not [each for each in asked if each.endswith("/usage/gate")]
    page.get_by_label("These runs against").select_option("main")
    expect(page.locator("h1 + [data-status]")).to_be_visible()
