"""Usage by many groups with many extras: fewer buckets, or a 413 that says what to ask."""

import json
from typing import Any

import pytest

from functions.usage.handler import lambda_handler
from shared import clock
from shared.clock import SECOND_US
from shared.http.answers import MAX_ANSWER_BYTES
from tests.conftest import Api
from tests.kit.gateway import ApiClient

MODELS = 20
HOURS = 24
LABELS = [f"Extra metric number {n} (W)" for n in range(50)]


@pytest.fixture
def sizes(api: Api) -> list[int]:
    """The bytes of the answers that the function gave, as its runtime sends them."""
    return []


@pytest.fixture
def ada(api: Api, sizes: list[int]) -> ApiClient:
    def measured(event: dict[str, Any], context: object) -> dict[str, Any]:
        answer = lambda_handler(event, context)
        sizes.append(len(json.dumps(answer)))
        return answer

    client = api(measured, user="ada")
    now = clock.now_us() // SECOND_US
    extra = dict.fromkeys(LABELS, 123.456789)
    for half in (0, 1_800):
        rows = [
            {"ts": now - 60 - half - hour * 3_600, "model": f"m{model}", "extra": extra}
            for hour in range(HOURS)
            for model in range(MODELS)
        ]
        answer = client.post("/usage/import", json=rows)
        assert answer.status == 200, answer.text
    return client


@pytest.mark.exhaustive
def test_default_buckets_are_longer_when_the_answer_would_be_too_large(
    ada: ApiClient, sizes: list[int]
) -> None:
    plain = ada.get("/usage").json()
    grouped = ada.get("/usage?group_by=model")

    assert grouped.status == 200
    document = grouped.json()
    assert document["window"]["bucket_s"] > plain["window"]["bucket_s"]
    assert len({point["t"] for point in document["series"]}) >= 10
    assert sum(group["runs"] for group in document["breakdown"]) == plain["total"]["runs"]
    assert sum(point["runs"] for point in document["series"]) == plain["total"]["runs"]
    assert max(sizes) <= MAX_ANSWER_BYTES


@pytest.mark.exhaustive
def test_413_that_says_what_to_ask_when_buckets_are_asked_for(ada: ApiClient) -> None:
    answer = ada.get("/usage?group_by=model&bucket=900")

    assert (answer.status, answer.code) == (413, "answer_too_large")
    assert "bigger bucket" in answer.json()["detail"]
    assert ada.get("/usage?group_by=model&bucket=900&extra=-").status == 200
