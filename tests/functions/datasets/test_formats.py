"""Rows as NDJSON and CSV, through the function's own entry point."""

import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.datasets import formats
from functions.datasets.formats import csv_of
from shared.errors import TooLarge


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


def append(client, *rows: str) -> None:
    body = f'{{"dataset":"d","rows":[{",".join(rows)}]}}'
    headers = {"content-type": "application/json"}
    stored = client.post("/user/data/append_jsonl", content=body.encode(), headers=headers)
    assert stored.status == 200


def pages(client, query: str) -> list[str]:
    """The bodies of all pages, by the links that lead from one to the next."""
    bodies, address = [], f"/user/data/get?{query}"
    while address:
        answer = client.get(address)
        assert answer.status == 200, answer.text
        bodies.append(answer.text)
        link = answer.headers.get("link", "")
        address = link.removeprefix("<").removesuffix('>; rel="next"')
    return bodies


def test_lines_are_those_stored_when_asked_for_jsonl(ada):
    append(ada, '{"a":1.10,"b":9007199254740993}', '{"a":1e2}')

    answer = ada.get("/user/data/get?dataset=d&format=jsonl")

    lines = answer.text.splitlines()
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert lines[0].startswith('{"a":1.10,"b":9007199254740993,"_meta_user_id":"ada"')
    assert lines[1].startswith('{"a":1e2,')
    assert answer.text.endswith("}\n")
    assert "link" not in answer.headers


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_links_lead_through_all_rows_when_there_are_pages(ada, format_):
    append(ada, *(f'{{"n":{number}}}' for number in range(5)))

    bodies = pages(ada, f"dataset=d&limit=2&format={format_}&guard=0")

    rows = [numbers_of(body, format_) for body in bodies]
    assert rows == [[0, 1], [2, 3], [4]]


def numbers_of(body: str, format_: str) -> list[int]:
    if format_ == "csv":
        return [int(row["n"]) for row in csv.DictReader(io.StringIO(body))]
    return [json.loads(line)["n"] for line in body.splitlines()]


@pytest.mark.parametrize(
    ("query", "wanted"), [("tail=3", [[2, 3], [4]]), ("order=desc", [[4, 3], [2, 1], [0]])]
)
def test_links_lead_on_when_rows_are_asked_for_from_the_end(ada, query, wanted):
    append(ada, *(f'{{"n":{number}}}' for number in range(5)))

    bodies = pages(ada, f"dataset=d&limit=2&format=jsonl&{query}")

    assert [numbers_of(body, "jsonl") for body in bodies] == wanted


def test_link_keeps_the_parameters_when_there_is_a_next_page(ada):
    append(ada, '{"n":1}', '{"n":2}')

    link = ada.get("/user/data/get?dataset=d&limit=1&format=csv&guard=0").headers["link"]

    target = urlsplit(link[1:].partition(">")[0])
    query = parse_qs(target.query)
    assert (target.scheme, target.netloc, target.path) == ("", "", "/user/data/get")
    assert query.keys() == {"dataset", "limit", "format", "guard", "cursor"}


def test_csv_has_a_column_for_each_key_when_rows_differ(ada):
    append(ada, '{"b":1.10,"a":"x,\\"y\\"\\n"}', '{"c":{"d":[1, 2]},"a":null,"b":-1}')

    answer = ada.get("/user/data/get?dataset=d&format=csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    meta = ["_meta_user_id", "_meta_dataset", "_meta_ts", "_meta_batch_id"]
    assert header == ["b", "a", *meta, "c"]
    assert [[row[0], row[1], row[-1]] for row in rows] == [
        ["1.10", 'x,"y"\n', ""],
        ["-1", "", '{"d":[1, 2]}'],
    ]


def test_text_is_guarded_unless_told_otherwise(ada):
    append(ada, '{"=k":"=1+1","n":-1,"t":"-1"}')

    guarded = ada.get("/user/data/get?dataset=d&format=csv").text.splitlines()
    plain = ada.get("/user/data/get?dataset=d&format=csv&guard=0").text.splitlines()

    assert (guarded[0][:7], guarded[1][:13]) == ("'=k,n,t", "'=1+1,-1,'-1,")
    assert (plain[0][:6], plain[1][:11]) == ("=k,n,t", "=1+1,-1,-1,")


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_body_is_empty_when_there_are_no_rows(ada, format_):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})

    answer = ada.get(f"/user/data/get?dataset=d&format={format_}")

    assert (answer.status, answer.text) == (200, "")


def test_format_is_refused_when_it_is_unknown(ada):
    answer = ada.get("/user/data/get?dataset=d&format=xml")

    assert (answer.status, answer.code) == (400, "invalid_parameter")


def test_page_is_refused_when_it_is_too_large_as_csv(monkeypatch):
    lines = [b'{"k%d":1}' % number for number in range(100)]
    monkeypatch.setattr(formats, "MAX_CSV_BYTES", 5_000)

    with pytest.raises(TooLarge):
        csv_of(lines, guard=True)
