"""Imports by a dataset's adapter and by a format, what a dry run shows, and the list of formats."""

import json
from typing import get_args

import pytest

from functions.usage.import_schemas import FormatName
from shared.imports import FORMATS
from tests.shared.imports.samples import DECODE
from tests.shared.imports.test_files import FILES

ADAPTER = {
    "dataset": "bench",
    "x_field": "when",
    "device_field": "host",
    "model_field": "meta.model",
    "latency_ms_field": "took",
    "completion_tokens_field": "tokens",
    "ok_field": "state",
    "ok_values": ["200"],
    "units": {"latency_ms": "s"},
    "extra_fields": [
        {"label": "Power (W)", "field": "mw", "scale": 0.001},
        {"label": "Warm", "field": "warm", "kind": "boolean"},
    ],
}
ROW = {"when": "2025-12-03T18:00:00Z", "host": "007", "took": 1.5, "tokens": 31, "state": "200"}
DRY = "/usage/import?dry_run=1"


@pytest.fixture
def ada(api):
    return api("usage", user="ada")


@pytest.fixture
def adapted(api, ada):
    api("datasets", user="ada").post("/user/data/save_adapter", json=ADAPTER)
    return ada


def test_rows_are_mapped_when_an_adapter_is_named(adapted):
    row = ROW | {"meta": {"model": "m"}, "mw": 45_000, "run_id": "r1"}

    answer = adapted.post(f"{DRY}&adapter=bench", json=[row, ROW | {"state": "500"}, {"took": 1}])

    assert answer.status == 207
    document = answer.json()
    assert [error["code"] for error in document["errors"]] == ["time_missing"]
    first, second = document["sample"]
    assert (first["run_id"], first["model"], first["device"]) == ("r1", "m", "007")
    assert (first["latency_ms"], first["ok"], first["extra"]) == (1500, True, {"Power (W)": 45})
    assert (first["source_kind"], first["dataset"], second["ok"]) == ("import", None, False)
    assert document["span"] == {
        "from": "2025-12-03T18:00:00.000Z",
        "to": "2025-12-03T18:00:00.000Z",
    }


def test_cells_are_read_as_the_adapter_means_them_when_the_body_is_csv(adapted):
    header = "when,host,meta.model,took,tokens,state,mw,warm"
    body = f"{header}\n20251203180000,007,3.10,1.5,31,200,5,true\n"

    answer = adapted.post(
        f"{DRY}&adapter=bench", content=body, headers={"Content-Type": "text/csv"}
    )

    (run,) = answer.json()["sample"]
    assert (run["ts"], run["device"], run["model"]) == (1764784800, "007", "3.10")
    assert (run["latency_ms"], run["ok"], run["extra"]) == (
        1500,
        True,
        {"Power (W)": 0.005, "Warm": 1},
    )


def test_404_when_the_dataset_has_no_adapter(ada):
    answer = ada.post("/usage/import?adapter=nothing", json=[ROW])

    assert (answer.status, answer.json()["code"]) == (404, "adapter_not_found")


def test_400_when_both_an_adapter_and_a_format_are_given(adapted):
    assert adapted.post("/usage/import?adapter=bench&format=ollama", json=[ROW]).status == 400


def test_both_names_are_said_when_two_formats_fit(ada):
    answer = json.loads((FILES / "openai-chat-completion.json").read_text())
    both = answer | {"done": True, "eval_count": 3, "total_duration": 2_000_000_000}

    refused = ada.post("/usage/import", json=[both])
    decided = ada.post(f"{DRY}&format=ollama", json=[both])

    assert (refused.status, refused.json()["code"]) == (422, "format_ambiguous")
    assert "openai or ollama" in refused.json()["detail"]
    assert (decided.json()["format"], decided.json()["sample"][0]["latency_ms"]) == ("ollama", 2000)


def test_400_with_what_is_allowed_when_a_format_is_unknown(ada):
    answer = ada.post("/usage/import?format=excel", json=[ROW])

    assert answer.status == 400
    assert set(answer.json()["errors"][0]["allowed"]) == set(get_args(FormatName))


def test_table_is_imported_when_it_is_sent_as_markdown(ada):
    body = (FILES / "llama-bench.md").read_text()

    answer = ada.post("/usage/import", content=body, headers={"Content-Type": "text/markdown"})

    document = answer.json()
    assert (answer.status, document["format"], document["imported"]) == (200, "llama-bench", 3)
    assert "sample" not in document


def test_every_format_is_listed_with_all_that_it_says(ada):
    answer = ada.get("/usage/import/formats").json()

    assert [each["format"] for each in answer["data"]] == [known.name for known in FORMATS]
    assert {known.name for known in FORMATS} == set(get_args(FormatName))
    for each in answer["data"]:
        assert each["title"]
        assert each["told_by"]
        assert each["fields"]
        assert each["media_types"]


def runs_of(client):
    asked = {"from": "1970-01-02", "to": "2100-01-01", "runs": 100}
    return client.get("/usage", params=asked).json()["runs"]


def test_a_tools_conditions_make_room_when_the_query_has_fifteen(ada):
    query = "&".join(f"cond.own_{number}=x" for number in range(15))

    answer = ada.post(f"/usage/import?{query}", json=[DECODE])

    said = runs_of(ada)[0]["conditions"]
    assert answer.status == 200
    assert [name for name in said if not name.startswith("own_")] == ["backend"]
    assert len(said) == 16
    left_out = [each["field"] for each in answer.json()["assumed"] if "room" in each["treated_as"]]
    assert "conditions.build" in left_out
    assert "conditions.backend" not in left_out


def test_mapped_rows_have_the_querys_conditions_when_they_do_not_say_them(adapted):
    rows = [ROW, ROW | {"conditions": {"commit": "own"}}]

    answer = adapted.post("/usage/import?adapter=bench&cond.commit=4f2c", json=rows)

    assert answer.status == 200
    assert {run["conditions"]["commit"] for run in runs_of(adapted)} == {"4f2c", "own"}
