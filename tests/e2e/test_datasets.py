"""Datasets on the deployed template, each function under its own role: in, out, taken out."""

from uuid import uuid4

import httpx
import pytest

from tests.kit.local_cloud import until

LINES = (
    b'\xef\xbb\xbf{"ts":1764784800,"latency_ms":900,"completion_tokens":10,"x":1.10}\r\n'
    b"\r\n"
    b'{"ts":1764784860,"latency_ms":950,"completion_tokens":12}\n'
    b'{"a":1,"a":2}'
)
WINDOW = {"from": "2025-12-03", "to": "2025-12-04"}


@pytest.fixture
def dataset() -> str:
    return f"d-{uuid4().hex[:8]}"


def append(demo: httpx.Client, dataset: str) -> str:
    answer = demo.post(
        "/user/data/append_jsonl",
        params={"dataset": dataset},
        content=LINES,
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["line"]) == (207, 4)
    batch_id: str = answer.json()["batch_id"]
    return batch_id


def runs(demo: httpx.Client, dataset: str) -> int:
    found: int = demo.get("/usage/summary", params={**WINDOW, "dataset": dataset}).json()["runs"]
    return found


def test_older_rows_are_converted_once_and_metrics_tell_of_them(
    demo: httpx.Client, dataset: str
) -> None:
    append(demo, dataset)

    for converted in (2, 0):
        saved = demo.post(
            "/user/data/save_adapter", params={"backfill": 1}, json={"dataset": dataset}
        )
        assert saved.status_code in (200, 202)
        done = until(lambda: backfill(demo, dataset), "the backfill is done")
        assert done["converted"] == converted
    assert runs(demo, dataset) == 2
    metrics = demo.get("/user/data/metrics", params={"dataset": dataset}).json()
    latency = next(s for s in metrics["series"] if s["field"] == "latency_ms")
    assert latency["summary"]["p50"] == 925.0


def backfill(demo: httpx.Client, dataset: str) -> dict[str, int] | None:
    """The backfill, when it is done."""
    found = demo.get("/user/data/get_adapter", params={"dataset": dataset}).json()["backfill"]
    return found if found["status"] == "done" else None


def test_batch_and_dataset_are_gone_when_they_are_taken_out(
    demo: httpx.Client, dataset: str
) -> None:
    demo.post("/user/data/save_adapter", json={"dataset": dataset})
    first, second = append(demo, dataset), append(demo, dataset)

    undone = demo.post("/user/data/undo", json={"batch_id": first}).json()

    assert (undone["removed_rows"], undone["removed_runs"]) == (2, 2)
    rows = demo.get("/user/data/get", params={"dataset": dataset, "order": "desc"}).json()["data"]
    assert {row["_meta_batch_id"] for row in rows} == {second}
    assert runs(demo, dataset) == 2
    deleted = demo.delete("/user/data/delete", params={"dataset": dataset, "usage": 1})
    assert deleted.status_code == 204
    assert demo.get("/user/data/get", params={"dataset": dataset}).status_code == 404
    assert runs(demo, dataset) == 0


def test_rows_come_as_lines_and_as_csv_when_asked(demo: httpx.Client, dataset: str) -> None:
    append(demo, dataset)

    params = {"dataset": dataset, "limit": 1}
    lines = demo.get("/user/data/get", params={**params, "format": "jsonl"})
    table = demo.get("/user/data/get", params={**params, "format": "csv"})

    assert lines.text.startswith(
        '{"ts":1764784800,"latency_ms":900,"completion_tokens":10,"x":1.10'
    )
    assert 'rel="next"' in lines.headers["link"]
    assert table.text.splitlines()[0].startswith("ts,latency_ms,completion_tokens,x,")
