"""`GET /usage/export.csv` through its own entry point."""

import csv
import io
import json
from urllib.parse import urlsplit

import pytest

from shared import clock
from shared.clock import SECOND_US
from tests.kit.cloud import aws_client
from tests.shared.imports.csv_writer import COLUMNS

HEADER = ",".join(COLUMNS)
# What follows `extra`: these runs have no conditions.
LATER = ",{}"
DAY = {"from": "2025-12-03", "to": "2025-12-04"}
STEM = "evalyard-usage_20251203T000000Z_20251204T000000Z_UTC"
ADAPTER = {
    "dataset": "d",
    "tag_field": "tag",
    "prompt_preview_field": "prompt",
    "extra_fields": [{"label": "GPU power (W)", "field": "gpu"}],
}
ROWS = [
    {"ts": 1764784860.5, "device": "d2", "latency_ms": 500, "completion_tokens": 50, "tag": ""},
    {
        "ts": "2025-12-03T18:00:00.123456Z",
        "device": "=d1",
        "model": 'm "1"',
        "latency_ms": 1000,
        "ttft_ms": 100,
        "completion_tokens": 100,
        "prompt_tokens": 10,
        "prompt": "Why,\r\nyes",
        "gpu": -51.5,
    },
]


@pytest.fixture
def ada(api):
    datasets = api("datasets", user="ada")
    datasets.post("/user/data/save_adapter", json=ADAPTER)
    datasets.post("/user/data/append_jsonl", json={"dataset": "d", "rows": ROWS})
    return api("usage", user="ada")


def test_file_is_in_the_answer_when_it_is_small(ada):
    answer = ada.get("/usage/export.csv", params=DAY)

    run_ids = [cell for cell in answer.text.replace("\r\n", ",").split(",") if cell[:5] == "run_0"]
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="{STEM}.csv"'
    assert answer.headers["x-row-count"] == "2"
    assert answer.text == (
        f"{HEADER}\r\n"
        '''1764784800.123456,2025-12-03T18:00:00.123Z,'=d1,"m ""1""",,ada,10,100,1000.0,100.0,'''
        f"""110.0,true,,d,dataset,"Why,\r\nyes",{run_ids[0]},"{{""GPU power (W)"":-51.5}}"{LATER}"""
        '\r\n1764784860.5,2025-12-03T18:01:00.500Z,d2,,"",ada,,50,500.0,,100.0,true,,d,dataset,,'
        f"{run_ids[1]},{{}}{LATER}\r\n"
    )


def test_guard_and_byte_order_mark_are_as_asked(ada):
    plain = ada.get("/usage/export.csv", params=DAY | {"guard": "0"})
    marked = ada.get("/usage/export.csv", params=DAY | {"bom": "1"})

    assert ",=d1," in plain.text
    assert marked.body.startswith(b"\xef\xbb\xbfts,time,")


def test_rows_are_as_import_takes_them_when_json_lines_are_asked_for(ada):
    answer = ada.get("/usage/export.csv", params=DAY | {"format": "jsonl"})
    shown = ada.get("/usage", params=DAY | {"runs": 10}).json()["runs"]

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert f'{STEM}.jsonl"' in answer.headers["content-disposition"]
    assert [json.loads(line) for line in answer.text.splitlines()] == shown[::-1]


def test_parquet_comes_unharmed_when_it_is_asked_for(ada):
    answer = ada.get("/usage/export.csv", params=DAY | {"format": "parquet"})

    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert (answer.body[:4], answer.body[-4:]) == (b"PAR1", b"PAR1")


def test_filters_and_windows_are_those_of_usage(ada):
    def rows(**params: str) -> int:
        answer = ada.get("/usage/export.csv", params=params)
        assert len(list(csv.reader(io.StringIO(answer.text, newline="")))) - 1 == int(
            answer.headers["x-row-count"]
        )
        return int(answer.headers["x-row-count"])

    assert rows(**DAY, device="d2") == 1
    assert rows(**DAY, ok="false") == 0
    assert rows(**{"from": "2025-12-03T18:01", "to": "2025-12-03T18:01:00.5"}) == 0
    assert rows(minutes="5") == 0
    assert rows(to="2026-01-01") == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("format=xlsx", "invalid_parameter"),
        ("guard=perhaps", "invalid_parameter"),
        ("minutes=5&since_s=3", "window_conflict"),
        ("from=2025-01-02&to=2025-01-01", "window_empty"),
    ],
)
def test_question_is_refused_when_it_makes_no_sense(ada, query, code):
    answer = ada.get(f"/usage/export.csv?{query}")

    assert (answer.status, answer.code) == (400, code)


def test_nothing_is_seen_when_the_user_is_another(api, ada):
    answer = api("usage", user="eve").get("/usage/export.csv", params=DAY)

    assert answer.text == f"{HEADER}\r\n"


def crowd(api, text: str, rows: int) -> None:
    """Runs with a long preview each."""
    client = api("datasets", user="ada")
    client.post("/user/data/save_adapter", json=ADAPTER | {"dataset": "big"})
    for first in range(0, rows, 4_000):
        numbers = range(first, first + 4_000)
        body = [{"ts": 1764788400 + number / 10, "prompt": text} for number in numbers]
        answer = client.post("/user/data/append_jsonl", json={"dataset": "big", "rows": body})
        assert answer.status == 200


@pytest.mark.exhaustive
@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("jsonl", "application/x-ndjson")])
def test_whole_file_is_behind_a_signed_address_when_it_is_large(api, ada, bucket, form, kind):
    crowd(api, "=" + "x" * 199, rows=20_000)

    answer = ada.get("/usage/export.csv", params=DAY | {"format": form, "dataset": "big"})

    document = answer.json()
    assert (answer.status, answer.headers["x-row-count"]) == (303, "20000")
    assert answer.headers["location"] == document["url"]
    assert (document["rows"], document["format"]) == (20_000, form)
    assert document["file_name"] == f"{STEM}.{form}"
    key = urlsplit(document["url"]).path.removeprefix(f"/{bucket.name}/")
    assert key.startswith("exports/ada/")
    assert key.endswith(f".{form}")
    body = bucket.get(key)
    assert (len(body), body.count(b"\n")) == (document["bytes"], 20_000 + (form == "csv"))
    head = aws_client("s3").head_object(Bucket=bucket.name, Key=key)
    assert head["ContentType"].startswith(kind)
    assert head["ContentDisposition"] == f'attachment; filename="{STEM}.{form}"'
    left_s = (clock.read_time(document["expires_at"]) - clock.now_us()) / SECOND_US
    assert 840 < left_s <= 900


@pytest.mark.exhaustive
@pytest.mark.parametrize("text", ["é" * 200, '"' * 200])
def test_answer_stays_below_lambdas_limit_when_its_text_needs_escaping(api, ada, text):
    crowd(api, text, rows=8_000)

    answer = ada.get("/usage/export.csv", params=DAY | {"dataset": "big"})

    assert answer.status == 303
    assert answer.json()["bytes"] < 4.5 * 2**20
