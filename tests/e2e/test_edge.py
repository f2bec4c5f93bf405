"""What Lambda and API Gateway would not carry, through the front port and the real functions."""

import gzip
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.payload_sizes import MAX_ANSWER_BYTES

JSON = {"Content-Type": "application/json"}
QUOTES = '"' * 900


@pytest.fixture
def dataset() -> str:
    return f"d-{uuid4().hex[:8]}"


def body_of(dataset: str, rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"dataset": dataset, "rows": rows}).encode()


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/user/data/append_jsonl", "application/json", b'{"dataset":"d","rows":[{"a":"\xe9"}]}'),
        ("/user/data/save_adapter", "application/json", b'{"dataset":"\xe9"}'),
        ("/usage/import", "application/json", b'[{"model":"\xe9"}]'),
        ("/usage/import", "text/csv", b"model,latency_ms\r\ncaf\xe9,5\r\n"),
    ],
)
def test_bytes_that_are_no_utf8_are_named(
    demo: httpx.Client, path: str, kind: str, content: bytes
) -> None:
    answer = demo.post(path, content=content, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_utf8")


def test_a_body_that_no_event_can_carry_passes_when_it_is_compressed(
    demo: httpx.Client, dataset: str
) -> None:
    body = body_of(dataset, [{"n": n, "text": QUOTES} for n in range(2_300)])
    packed = gzip.compress(body)

    refused = demo.post("/user/data/append_jsonl", content=body, headers=JSON)
    taken = demo.post(
        "/user/data/append_jsonl", content=packed, headers={**JSON, "Content-Encoding": "gzip"}
    )

    assert refused.status_code == 413
    assert refused.json() == {"message": "Request Entity Too Large"}
    assert (taken.status_code, taken.json()["appended"]) == (200, 2_300)


def test_pages_come_whole_when_an_answer_could_not_hold_them(
    demo: httpx.Client, dataset: str
) -> None:
    for start in (0, 1_150):
        rows = [{"n": n, "text": QUOTES} for n in range(start, start + 1_150)]
        demo.post("/user/data/append_jsonl", content=body_of(dataset, rows), headers=JSON)

    seen, cursor = [], None
    while True:
        asked = {"dataset": dataset, "limit": 10_000, **({"cursor": cursor} if cursor else {})}
        answer = demo.get("/user/data/get", params=asked)
        assert answer.status_code == 200
        assert len(json.dumps(answer.text)) <= MAX_ANSWER_BYTES
        page = answer.json()
        seen += [row["n"] for row in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break

    assert seen == list(range(2_300))


def test_ids_and_parameters_that_can_be_none_are_refused(demo: httpx.Client) -> None:
    long = "x" * 1_100

    assert demo.get(f"/api/jobs/{long}").json()["code"] == "job_not_found"
    assert demo.get(f"/devices/{long}").json()["code"] == "device_not_found"
    assert demo.delete(f"/accounts/tokens/{long}").json()["code"] == "token_not_found"
    assert demo.get("/usage/summary?minuts=5").json()["code"] == "unknown_parameter"
    assert demo.get("/usage/summary?minutes=5&minutes=6").json()["code"] == "repeated_parameter"


def test_answers_keep_browsers_and_caches_careful(demo: httpx.Client) -> None:
    answer = demo.get("/accounts/me")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
