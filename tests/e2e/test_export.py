"""An export too large for an answer, fetched by its signed address from the deployed stack."""

import json
import time
from uuid import uuid4

import httpx
import pytest


@pytest.fixture
def dataset(demo: httpx.Client) -> str:
    name = f"d-{uuid4().hex[:8]}"
    demo.post("/user/data/save_adapter", json={"dataset": name})
    rows = [{"ts": time.time(), "device": f"d{number % 7}"} for number in range(10_000)]
    for _ in range(4):
        answer = demo.post("/user/data/append_jsonl", json={"dataset": name, "rows": rows})
        assert answer.status_code == 200, answer.text
    return name


def test_large_export_is_fetched_without_a_credential(demo: httpx.Client, dataset: str) -> None:
    answer = demo.get("/usage/export.csv", params={"dataset": dataset, "format": "jsonl"})

    assert (answer.status_code, answer.headers["x-row-count"]) == (303, "40000")
    url = answer.headers["location"]
    fetched = httpx.get(url)
    assert fetched.status_code == 200, fetched.text[:500]
    assert len({json.loads(line)["run_id"] for line in fetched.text.splitlines()}) == 40_000
    assert "evalyard-usage_" in fetched.headers["content-disposition"]
    assert httpx.get(url.replace("/demo/", "/eve/")).status_code == 403
    assert httpx.get(url.partition("?")[0]).status_code == 403


def test_redirect_leads_to_the_file_when_the_client_follows_it(
    demo: httpx.Client, dataset: str
) -> None:
    answer = demo.get("/usage/export.csv", params={"dataset": dataset}, follow_redirects=True)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.text.count("\r\n") == 40_001
