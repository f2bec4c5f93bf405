"""Conditions of runs: imported, filtered by, grouped by, compared, and exported as they came."""

import pytest

from shared import clock
from shared.clock import SECOND_US


@pytest.fixture
def ada(api):
    return api("usage", user="ada")


def send(ada, *conditions, **fields):
    rows = [
        {"latency_ms": 100 + n, "conditions": each, **fields} for n, each in enumerate(conditions)
    ]
    answer = ada.post("/usage/import", json=rows)
    assert answer.status == 200, answer.text
    return answer.json()


def breakdown(ada, query):
    found = ada.get(f"/usage?{query}").json()
    assert sum(entry["runs"] for entry in found["breakdown"]) == found["total"]["runs"]
    return [(*entry["key"].values(), entry["runs"]) for entry in found["breakdown"]]


def test_runs_are_grouped_by_a_condition_when_some_have_none(ada):
    send(ada, {"quant": "Q4"}, {"quant": "Q4"}, {"quant": "Q8"}, {})

    assert sorted(breakdown(ada, "group_by=cond.quant,device"), key=repr) == [
        ("Q4", None, 2), ("Q8", None, 1), (None, None, 1),
    ]  # fmt: skip
    found = ada.get("/usage?group_by=cond.quant").json()
    assert found["group_by"] == ["cond.quant"]
    assert {"cond.quant": None} in [point["key"] for point in found["series"]]


def test_key_has_the_values_own_type_when_it_is_no_text(ada):
    send(ada, {"threads": 4, "warm": True, "build": "4"})

    assert breakdown(ada, "group_by=cond.threads,cond.warm,cond.build") == [(4, True, "4", 1)]


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("cond.quant=Q4", 2),
        ("cond.quant=Q4&cond.quant=Q8", 3),
        ("cond.quant=Q4&cond.threads=4", 1),
        ("cond.threads=4", 1),
        ("cond.threads=4.0", 1),
        ("cond.threads=5", 0),
        ("cond.warm=true", 1),
        ("cond.absent=x", 0),
        ("cond.quant=", 0),
        ("cond.quant=Q4&device=other", 0),
    ],
)
@pytest.mark.parametrize("path", ["/usage/summary", "/usage", "/usage/export.csv"])
def test_runs_are_filtered_by_conditions_when_asked(ada, path, query, runs):
    send(ada, {"quant": "Q4", "threads": 4}, {"quant": "Q4", "warm": True}, {"quant": "Q8"}, {})

    answer = ada.get(f"{path}?{query}")

    assert answer.status == 200, answer.text
    if path.endswith("csv"):
        assert answer.headers["x-row-count"] == str(runs)
        return
    document = answer.json()
    assert (document.get("total") or document)["runs"] == runs
    assert all(name in document["filters"] for name in [query.split("=")[0]])


@pytest.mark.parametrize(
    "query", ["cond.Quant=x", "cond.=x", "cond.<name>=x", "cond=x", "a_cond.quant=x", "cond.a-b=x"]
)
def test_parameter_is_unknown_when_it_is_no_condition(ada, query):
    answer = ada.get(f"/usage/summary?{query}")

    assert (answer.status, answer.json()["code"]) == (400, "unknown_parameter")
    assert "cond.<name>" in answer.json()["allowed"]


def test_grouping_is_refused_when_it_is_no_condition(ada):
    answer = ada.get("/usage?group_by=cond.Quant")

    assert (answer.status, answer.json()["code"]) == (400, "invalid_parameter")
    assert "cond.<name>" in answer.json()["allowed"]


def test_sides_are_of_conditions_when_compared(ada):
    send(ada, *[{"commit": "a", "quant": "Q4", "threads": 4}] * 3)
    send(ada, *[{"commit": "b", "quant": "Q4"}] * 3)

    found = ada.get("/usage/compare?a_cond.commit=a&b_cond.commit=b&minutes=5").json()

    assert (found["a"]["runs"], found["b"]["runs"]) == (3, 3)
    assert found["a"]["filters"] == {"cond.commit": ["a"]}
    assert found["conditions_diff"] == [
        {"field": "cond.commit", "a": ["a"], "b": ["b"]},
        {"field": "cond.threads", "a": [4], "b": [None]},
    ]


@pytest.mark.parametrize(
    ("conditions", "pointer"),
    [
        ({"Quant": "x"}, "/rows/1/conditions/Quant"),
        ({"quant": ["x"]}, "/rows/1/conditions/quant"),
        ({"quant": "x" * 129}, "/rows/1/conditions/quant"),
        ({f"c{n}": 1 for n in range(17)}, "/rows/1/conditions"),
        ("quant=Q4", "/rows/1/conditions"),
    ],
)
def test_row_is_refused_alone_when_its_conditions_are_invalid(ada, conditions, pointer):
    rows = [{"latency_ms": 1}, {"latency_ms": 1, "conditions": conditions}]

    answer = ada.post("/usage/import", json=rows)

    assert (answer.status, answer.json()["imported"]) == (207, 1)
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, "condition_invalid")


def test_export_is_the_same_byte_for_byte_when_it_comes_back(ada, api):
    now = clock.iso(clock.now_us() - SECOND_US)
    send(
        ada,
        {"quant": "Q4_K_M", "threads": 4, "warm": True, "start_temperature_c": 31.5},
        {"commit": "1234567", "note": '=1+1, "quoted" é', "build": "", "odd": "true"},
        {},
        ts=now,
    )
    csv = {"content-type": "text/csv"}
    first = ada.get("/usage/export.csv").text
    lines = ada.get("/usage/export.csv?format=jsonl").text

    eve = api("usage", user="eve")
    assert eve.post("/usage/import", content=first.encode(), headers=csv).json()["imported"] == 3
    fay = api("usage", user="fay")
    kind = {"content-type": "application/x-ndjson"}
    assert fay.post("/usage/import", content=lines.encode(), headers=kind).json()["imported"] == 3

    header, *_ = first.splitlines()
    assert header.endswith(",extra,conditions")
    assert eve.get("/usage/export.csv").text == first == fay.get("/usage/export.csv").text
    again = ada.post("/usage/import", content=first.encode(), headers=csv).json()
    assert (again["imported"], again["duplicates"]) == (0, 3)


def test_options_of_llama_bench_are_conditions_when_imported(ada):
    row = {
        "build_commit": "a1b2c3d", "build_number": 4567, "cpu_info": "CPU", "gpu_info": "",
        "backends": "CUDA", "model_filename": "models/x-Q4_K_M.gguf", "n_threads": 8,
        "type_k": "q8_0", "type_v": "f16", "flash_attn": True, "n_prompt": 0, "n_gen": 8,
        "test_time": clock.iso(clock.now_us() - SECOND_US), "avg_ns": 1000000000, "avg_ts": 8.0,
    }  # fmt: skip

    assert ada.post("/usage/import", json=[row]).status == 200

    (run,) = ada.get("/usage?runs=1").json()["runs"]
    assert run["conditions"] == {
        "backend": "CUDA", "build": "a1b2c3d", "flash_attn": 1, "quant": "Q4_K_M",
        "runtime": "llama.cpp", "runtime_version": "b4567", "threads": 8, "type_k": "q8_0",
        "type_v": "f16",
    }  # fmt: skip


def test_dataset_rows_have_conditions_when_they_or_the_adapter_say_so(api):
    datasets, usage = api("datasets", user="ada"), api("usage", user="ada")
    fields = [{"name": "quant", "field": "model_info.quant"}, {"name": "threads", "field": "n"}]
    body = {"dataset": "d", "condition_fields": fields}
    saved = datasets.post("/user/data/save_adapter", json=body).json()
    assert saved["condition_fields"] == fields
    now = clock.iso(clock.now_us() - SECOND_US)
    rows = [
        {
            "ts": now,
            "latency_ms": 1,
            "n": 4,
            "model_info": {"quant": "Q4"},
            "conditions": {"os": "x"},
        },
        {"ts": now, "latency_ms": 2, "n": None, "conditions": {"threads": 2}},
        {"ts": now, "latency_ms": 3, "n": [1]},
        {"ts": now, "latency_ms": 4, "conditions": {"Bad": 1}},
    ]

    answer = datasets.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows}).json()

    assert (answer["appended"], answer["usage"]["recorded"]) == (4, 2)
    assert [(each["pointer"], each["code"]) for each in answer["usage"]["errors"]] == [
        ("/rows/2/n", "condition_invalid"),
        ("/rows/3/conditions/Bad", "condition_invalid"),
    ]
    found = usage.get("/usage?runs=2").json()["runs"]
    assert sorted([run["conditions"] for run in found], key=repr) == [
        {"os": "x", "quant": "Q4", "threads": 4},
        {"threads": 2},
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([{"name": "Quant", "field": "q"}], "condition_invalid"),
        ([{"name": "quant", "field": ""}], "empty_field"),
        ([{"name": "quant", "field": "a"}, {"name": "quant", "field": "b"}], "duplicate_label"),
        ([{"name": f"c{n}", "field": "a"} for n in range(17)], "too_many_condition_fields"),
    ],
)
def test_adapter_is_refused_when_its_condition_fields_are_wrong(api, fields, code):
    body = {"dataset": "d", "condition_fields": fields}

    answer = api("datasets", user="ada").post("/user/data/save_adapter", json=body)

    assert (answer.status, answer.json()["errors"][0]["code"]) == (422, code)
