"""Members that are there twice, or that an adapter does not have, are refused by name."""

import json

import pytest

from tests.conftest import Api
from tests.kit.gateway import ApiClient

JSON = {"content-type": "application/json"}


@pytest.fixture
def client(api: Api) -> ApiClient:
    return api("datasets", user="ada")


@pytest.mark.parametrize(
    "body",
    [
        b'{"dataset":"d","dataset":"e","rows":[{"a":1}]}',
        b'{"dataset":"d","rows":[{"a":1}],"dataset":"e"}',
        b'{"dataset":"d","rows":[{"a":[1]}],"rows":[{"a":[2]}]}',
        b'{"dataset":"d","rows":[{"a":[1]}],"x":1,"x":1}',
        b'{ "dataset": "d", "d\\u0061taset": "e", "rows": [ {"a": [1]} ] }',
    ],
)
def test_422_when_a_member_of_an_append_is_there_twice(client: ApiClient, body: bytes) -> None:
    answer = client.post("/user/data/append_jsonl", content=body, headers=JSON)

    assert (answer.status, answer.code) == (422, "duplicate_key")
    assert client.get("/user/data/list").json()["data"] == []


def test_rows_are_judged_by_themselves_when_one_has_a_key_twice(client: ApiClient) -> None:
    body = b'{"dataset":"d","rows":[{"a":1,"a":2},{"a":[3]}]}'

    answer = client.post("/user/data/append_jsonl", content=body, headers=JSON)

    assert answer.status == 207
    assert [error["code"] for error in answer.json()["errors"]] == ["duplicate_key"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"dataset": "d", "latency_field": "t"}, "/latency_field"),
        ({"dataset": "d", "extra_fields": [{"label": "a", "field": "b", "scal": 2}]},
         "/extra_fields/0/scal"),
    ],
)  # fmt: skip
def test_422_when_a_member_of_an_adapter_is_unknown(
    client: ApiClient, body: dict[str, object], pointer: str
) -> None:
    answer = client.post("/user/data/save_adapter", json=body)

    assert (answer.status, answer.code) == (422, "unknown_member")
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_adapter_may_be_saved_again_as_it_was_read(client: ApiClient) -> None:
    client.post("/user/data/save_adapter?backfill=1", json={"dataset": "d", "tag_field": "t"})
    read = client.get("/user/data/get_adapter?dataset=d").json()

    answer = client.post("/user/data/save_adapter", json=read)

    assert (answer.status, answer.json()["version"]) == (200, 2)
    assert answer.json()["tag_field"] == "t"


def test_422_when_an_adapter_is_larger_than_32_kb(client: ApiClient) -> None:
    label = "\U0001f600" * 256
    extras = [{"label": f"{n}{label[2:]}", "field": "f" * 100, "unit": "u"} for n in range(40)]
    fits = {"dataset": "d", "extra_fields": extras[:25]}
    body = {"dataset": "d", "extra_fields": extras}

    assert client.post("/user/data/save_adapter", json=fits).status == 200
    for query in ("", "?preview=1", "?backfill=1"):
        answer = client.post(f"/user/data/save_adapter{query}", json=body)
        assert (answer.status, answer.code) == (422, "invalid_adapter"), query
        assert "adapter_too_large" in json.dumps(answer.json()["errors"])


def test_422_when_a_unit_is_no_unit(client: ApiClient) -> None:
    extra = {"label": "a", "field": "b", "unit": "x" * 450_000}

    answer = client.post("/user/data/save_adapter", json={"dataset": "d", "extra_fields": [extra]})

    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/extra_fields/0/unit"
