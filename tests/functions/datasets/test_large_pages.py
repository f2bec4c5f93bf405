"""Pages that would be larger than an answer of Lambda end early, and the walk is complete."""

import json
from typing import Any

import pytest

from functions.datasets.handler import lambda_handler
from shared.http.answers import MAX_ANSWER_BYTES
from tests.conftest import Api
from tests.kit.gateway import ApiClient

# Two bytes each in JSON, four in the JSON string of the answer.
QUOTES = '"' * 900
ROWS = 2_300


@pytest.fixture
def sizes(api: Api) -> list[int]:
    """The bytes of the answers that the function gave, as its runtime sends them."""
    return []


@pytest.fixture
def client(api: Api, sizes: list[int]) -> ApiClient:
    def measured(event: dict[str, Any], context: object) -> dict[str, Any]:
        answer = lambda_handler(event, context)
        sizes.append(len(json.dumps(answer)))
        return answer

    client = api(measured, user="ada")
    for start in range(0, ROWS, 1_150):
        rows = [{"n": n, "text": QUOTES} for n in range(start, start + 1_150)]
        answer = client.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows})
        assert answer.status == 200, answer.text
    return client


def test_walk_is_complete_when_pages_are_larger_than_an_answer(
    client: ApiClient, sizes: list[int]
) -> None:
    path, seen, pages = "/user/data/get?dataset=d&limit=10000", [], 0
    page = client.get(path).json()
    while True:
        seen += [row["n"] for row in page["data"]]
        pages += 1
        if not page["has_more"]:
            break
        page = client.get(path, params={"cursor": page["next_cursor"]}).json()

    assert seen == list(range(ROWS))
    assert pages > 1
    assert max(sizes) <= MAX_ANSWER_BYTES


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_other_formats_end_early_as_well(client: ApiClient, sizes: list[int], format_: str) -> None:
    answer = client.get(f"/user/data/get?dataset=d&limit=10000&format={format_}")

    assert answer.status == 200
    assert 'rel="next"' in answer.headers["link"]
    assert max(sizes) <= MAX_ANSWER_BYTES
