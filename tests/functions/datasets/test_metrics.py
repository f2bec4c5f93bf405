"""`GET /user/data/metrics` through the function's own entry point."""

import subprocess
import sys
import tempfile

import pytest

from shared.storage.assembly import compactor
from shared.storage.log import Catalog, UserLog
from tests.functions.datasets.quick_start import ADAPTER, ROWS
from tests.kit.faults import watched_calls
from tools.template import ROOT


@pytest.fixture(autouse=True)
def scratch_space(tmp_path, monkeypatch):
    """A cold function: scratch space that nobody has used."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


@pytest.fixture
def fold(bucket, tables):
    log = UserLog(bucket, Catalog(tables["CatalogTable"]), "ada")
    return lambda: compactor(log).drain(lambda: True)


def quick_start(client) -> None:
    assert client.post("/user/data/save_adapter", json=ADAPTER).status == 200
    assert client.post("/user/data/append_jsonl", json=ROWS).status == 200


@pytest.mark.parametrize("folded", [False, True])
def test_answer_is_the_contracts_when_the_quick_start_was_followed(ada, fold, folded):
    quick_start(ada)
    if folded:
        fold()

    found = ada.get("/user/data/metrics?dataset=my_server_metrics").json()

    series = {one["label"]: one for one in found.pop("series")}
    assert found.pop("adapter")["version"] == 1
    assert found == {
        "dataset": "my_server_metrics",
        "window": {
            "from": "2025-12-03T18:00:00.000Z",
            "to": "2025-12-03T18:05:00.001Z",
            "bucket_s": None,
            "partial_last_bucket": False,
        },
        "rows": 2,
        "x_field": "ts",
        "by_device": [{"device": "server-1", "rows": 2}],
        "by_model": [{"model": "llama3-8b", "rows": 2}],
    }
    assert list(series) == [
        "Prompt tokens",
        "Completion tokens",
        "Latency (ms)",
        "Time to first token (ms)",
        "Speed (tok/s)",
        "GPU power (W)",
        "CPU usage (%)",
    ]
    summary = series["Latency (ms)"]["summary"]
    assert summary == pytest.approx(
        {
            "n": 2,
            "mean": 925.0,
            "min": 900.0,
            "p50": 925.0,
            "p90": 945.0,
            "p95": 947.5,
            "p99": 949.5,
            "max": 950.0,
            "std": 25.0,
            "last": 950.0,
        }
    )
    assert {key: value for key, value in series["Latency (ms)"].items() if key != "summary"} == {
        "field": "latency_ms",
        "label": "Latency (ms)",
        "kind": "number",
        "extra": False,
        "unit": "ms",
        "better": "lower",
        "points": [["2025-12-03T18:00:00.000Z", 900.0], ["2025-12-03T18:05:00.000Z", 950.0]],
        "downsampled": False,
    }


def test_window_is_echoed_when_it_was_asked_for(ada):
    quick_start(ada)

    found = ada.get(
        "/user/data/metrics?dataset=my_server_metrics&from=2025-12-03T18:05:00Z&to=2026-01-01"
    ).json()

    window = found["window"]
    assert found["rows"] == 1
    assert (window["from"], window["to"]) == (
        "2025-12-03T18:05:00.000Z",
        "2026-01-01T00:00:00.000Z",
    )


def test_window_is_null_when_there_is_nothing(ada):
    ada.post("/user/data/save_adapter", json=ADAPTER)

    answer = ada.get("/user/data/metrics?dataset=my_server_metrics")

    assert answer.status == 200
    assert (answer.json()["rows"], answer.json()["window"]["from"]) == (0, None)
    assert answer.json()["series"][0]["summary"] == {
        "n": 0,
        **dict.fromkeys(("mean", "min", "p50", "p90", "p95", "p99", "max", "std", "last")),
    }


def test_any_of_the_devices_counts_when_the_parameter_repeats(ada):
    quick_start(ada)

    def rows(query: str) -> int:
        found = ada.get(f"/user/data/metrics?dataset=my_server_metrics&{query}").json()
        return int(found["rows"])

    assert rows("device=x&device=server-1") == 2
    assert rows("device=x") == 0
    assert rows("model=llama3-8b&device=server-1") == 2


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("dataset=nothing", 404, "dataset_not_found"),
        ("dataset=..", 422, "invalid_dataset_name"),
        ("", 400, "invalid_parameter"),
        ("dataset=d&max_points=0", 400, "invalid_parameter"),
        ("dataset=d&max_points=5001", 400, "invalid_parameter"),
        ("dataset=d&max_points=x", 400, "invalid_parameter"),
        ("dataset=d&minutes=5&since_s=5", 400, "window_conflict"),
        ("dataset=d&from=soon", 400, "invalid_parameter"),
    ],
)
def test_question_is_refused_when_it_makes_no_sense(ada, query, status, code):
    answer = ada.get(f"/user/data/metrics?{query}")

    assert (answer.status, answer.code) == (status, code)


def test_dataset_is_not_found_when_it_belongs_to_another(api, ada):
    quick_start(ada)

    answer = api("datasets", user="eve").get("/user/data/metrics?dataset=my_server_metrics")

    assert (answer.status, answer.code) == (404, "dataset_not_found")


@pytest.mark.exhaustive
def test_duckdb_is_not_imported_when_the_function_starts():
    script = "import sys, functions.datasets.handler; sys.exit('duckdb' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert done.returncode == 0


def rows_of_devices(devices):
    """One row a second, of the devices in turn, each with a value of its own."""
    return [
        {"ts": 1_764_784_800 + at, "device": device, "latency_ms": 1 + at}
        for at, device in enumerate(devices)
    ]


def groups_of(client, rows, **parameters):
    sent = {"dataset": "d", "rows": rows}
    assert client.post("/user/data/append_jsonl", json=sent).status == 200
    query = {"dataset": "d", "split": "device", **parameters}
    (series,) = client.get("/user/data/metrics", params=query).json()["series"]
    return series["groups"], series


def test_series_comes_apart_when_it_is_split(ada):
    groups, series = groups_of(ada, rows_of_devices(["a", "b", None, "b"]))

    assert [(group["key"], group["others"], group["n"]) for group in groups] == [
        ("b", False, 2),
        ("a", False, 1),
        (None, False, 1),
    ]
    assert [value for _, value in groups[0]["points"]] == [2, 4]
    assert sorted(point for group in groups for point in group["points"]) == series["points"]


def test_least_labels_are_one_group_when_there_are_many(ada):
    names = [f"d{number}" for number in range(20) for _ in range(20 - number)]

    groups, _ = groups_of(ada, rows_of_devices(names))

    assert [group["key"] for group in groups] == [f"d{number}" for number in range(7)] + [None]
    assert [group["others"] for group in groups] == [False] * 7 + [True]
    assert sum(group["n"] for group in groups) == len(names)


def test_each_group_keeps_its_peaks_when_it_has_many_points(ada):
    names = [("a", "b")[at % 2] for at in range(400)]
    rows = rows_of_devices(names)
    rows[201]["latency_ms"] = 9_000

    groups, _ = groups_of(ada, rows, max_points=40)

    assert {group["downsampled"] for group in groups} == {True}
    assert max(len(group["points"]) for group in groups) <= 20
    assert 9_000 in [value for _, value in groups[1]["points"]]
    assert [groups[0]["points"][at][1] for at in (0, -1)] == [1, 399]


def test_calls_of_aws_are_the_same_when_series_come_apart(ada):
    groups_of(ada, rows_of_devices([f"d{number}" for number in range(60)]))

    calls = []
    for query in ("", "&split=device", "&split=model"):
        with watched_calls() as watched:
            assert ada.get(f"/user/data/metrics?dataset=d{query}").status == 200
        calls.append(sorted(watched.names))

    assert calls[0] == calls[1] == calls[2]


def test_groups_are_not_there_when_nothing_is_split(ada):
    quick_start(ada)

    found = ada.get("/user/data/metrics?dataset=my_server_metrics").json()

    assert all("groups" not in series for series in found["series"])
