"""Datasets: rows appended from outside, an adapter tried before it is saved, files taken in."""

from playwright.sync_api import Route, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

ROWS = [
    {
        "ts": f"2026-01-05T10:{minute:02}:00Z",
        "device": "server-1",
        "model": "llama3-8b",
        "latency_ms": 900 + minute,
        "total": 120,
        "gpu_power_w": 45.5,
    }
    for minute in range(30)
]


def test_appended_rows_are_in_list_charts_and_summary(tab: Visit, user: User) -> None:
    page = tab.go("#/datasets")
    expect(page.get_by_role("heading", name="No datasets yet")).to_be_visible()

    user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": ROWS})
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("link", name="mine").click()

    expect(page.locator("[data-rows]")).to_have_attribute("data-rows", "30")
    expect(page.get_by_role("figure", name="gpu_power_w").locator("canvas")).to_be_visible()
    answer = user.api.get("/user/data/metrics", params={"dataset": "mine"}).json()
    for series in answer["series"]:
        cells = page.locator(f'[data-field="{series["field"]}"] [data-column]')
        told = cells.evaluate_all("all => all.map((e) => [e.dataset.column, e.dataset.value])")
        summary = {name: value for name, value in series["summary"].items() if value is not None}
        assert {name: float(value) for name, value in told if value} == summary


def test_editing_the_adapter_changes_the_preview_before_it_is_saved(tab: Visit, user: User) -> None:
    user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": ROWS})
    page = tab.go("#/datasets/mine?tab=adapter")
    preview = page.get_by_label("Preview", exact=True)
    expect(preview.locator("[data-runs]")).to_have_attribute("data-runs", "20")

    page.locator("[name=completion_tokens_field]").fill("total")
    expect(preview.get_by_role("cell", name="120").first).to_be_visible()
    page.get_by_role("button", name="+ gpu_power_w").click()
    expect(preview.get_by_role("columnheader", name="Gpu power (W)")).to_be_visible()
    expect(preview.get_by_role("cell", name="45.5").first).to_be_visible()
    page.locator("[name=x_field]").fill("no_such_field")
    expect(preview.locator("[data-runs]")).to_have_attribute("data-runs", "0")
    assert user.api.get("/user/data/get_adapter", params={"dataset": "mine"}).status_code == 404

    page.locator("[name=x_field]").fill("ts")
    page.get_by_role("button", name="Save and convert the 30 rows").click()
    expect(page.get_by_text("Saved as version 1")).to_be_visible()
    summary = user.api.get("/usage/summary", params={"from": "2026-01-05", "to": "2026-01-06"})
    assert summary.json()["runs"] == 30
    assert summary.json()["extra"]["Gpu power (W)"]["n"] == 30


def test_upload_names_its_bad_rows_by_line_and_can_be_taken_back(tab: Visit, user: User) -> None:
    row = '{"ts":"2026-01-05T10:00:00Z","latency_ms":%d}'
    page = tab.go("#/datasets")
    page.get_by_label("Name of a new dataset").fill("from_file")
    page.get_by_role("button", name="Upload a file").click()
    lines = [row % 5, "", "{oops", row % 6, "[1]", ""]
    page.locator("input[type=file]").set_input_files(
        {
            "name": "rows.jsonl",
            "mimeType": "application/x-ndjson",
            "buffer": "\n".join(lines).encode(),
        }
    )

    expect(page.locator("[data-appended]")).to_have_attribute("data-appended", "2")
    expect(page.locator("[data-rejected]")).to_have_attribute("data-rejected", "2")
    faults = page.locator(".faults li")
    expect(faults.nth(0)).to_contain_text("line 3")
    expect(faults.nth(1)).to_contain_text("line 5")
    rows = user.api.get("/user/data/get", params={"dataset": "from_file"}).json()["data"]
    assert [row["latency_ms"] for row in rows] == [5, 6]

    page.get_by_role("button", name="Undo this upload").click()
    expect(page.get_by_text("Taken back: 2 rows")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {
            "name": "rows.csv",
            "mimeType": "text/csv",
            "buffer": b"ts,latency_ms,version,tag\n2026-01-05T10:00:00Z,7,3.10,true\n",
        }
    )
    expect(page.locator("[data-appended]")).to_have_attribute("data-appended", "1")
    page.get_by_role("link", name="Newest rows").click()
    expect(page.get_by_role("cell", name="7", exact=True)).to_be_visible()
    [row] = user.api.get("/user/data/get", params={"dataset": "from_file"}).json()["data"]
    assert (row["latency_ms"], row["version"], row["tag"]) == (7, "3.10", "true")


def test_upload_that_stopped_goes_on_and_stores_each_row_once(tab: Visit, user: User) -> None:
    page = tab.go("#/datasets")
    page.get_by_label("Name of a new dataset").fill("long_file")
    page.get_by_role("button", name="Upload a file").click()
    sent: list[str] = []

    def lose_second(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) == 2:
            # The rows are stored; the answer is lost.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/user/data/append_jsonl?*", lose_second)
    rows = "\n".join(f'{{"ts":{1_767_600_000 + number}}}' for number in range(5_001))
    page.locator("input[type=file]").set_input_files(
        {"name": "rows.jsonl", "mimeType": "application/x-ndjson", "buffer": rows.encode()}
    )

    expect(page.get_by_text("The upload stopped before its end")).to_be_visible()
    expect(page.locator("[data-appended]")).to_have_attribute("data-appended", "5000")
    page.get_by_role("button", name="Go on").click()

    expect(page.locator("[data-appended]")).to_have_attribute("data-appended", "5001")
    assert sent[1] == sent[2]
    listed = user.api.get("/user/data/list").json()["data"]
    assert [dataset["rows"] for dataset in listed] == [5_001]
    tab.complaints.clear()


def test_file_that_cannot_be_read_is_refused_with_what_to_do(tab: Visit, user: User) -> None:
    page = tab.go("#/datasets")
    page.get_by_label("Name of a new dataset").fill("odd_file")
    page.get_by_role("button", name="Upload a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "rows.csv", "mimeType": "text/csv", "buffer": b"ts,a,a\n1,2,3\n"}
    )

    expect(page.get_by_role("alert")).to_contain_text("names a twice")
    assert user.api.get("/user/data/list").json()["data"] == []


def test_newest_rows_are_shown_as_they_are_stored(tab: Visit, user: User) -> None:
    row = {"ts": 1_767_607_200, "id": 2**53 + 1, "warm": False}
    user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": [row]})

    page = tab.go("#/datasets/mine?tab=rows")

    expect(page.get_by_role("cell", name="9007199254740993", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="false", exact=True)).to_be_visible()


def test_filter_offers_every_model_when_one_is_chosen(tab: Visit, user: User) -> None:
    rows = [{"ts": 1_767_607_200, "model": model, "latency_ms": 9} for model in "ab"]
    user.api.post("/user/data/append_jsonl", json={"dataset": "mine", "rows": rows})
    page = tab.go("#/datasets/mine?model=a")
    expect(page.locator("[data-rows]")).to_have_attribute("data-rows", "1")

    page.get_by_role("button", name="Filter by Model").click()
    page.get_by_role("checkbox", name="b").check()

    expect(page.locator("[data-rows]")).to_have_attribute("data-rows", "2")
