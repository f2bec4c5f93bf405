"""An adapter that names units: what it answers, and what rows give in usage and in metrics."""

import pytest

ADAPTER = {
    "dataset": "d",
    "units": {"latency_ms": "s"},
    "ok_field": "state",
    "ok_values": ["done"],
    "extra_fields": [{"label": "Power (W)", "field": "mw", "scale": 0.001}],
}
ROWS = [
    {"ts": 1764784800, "latency_ms": 0.9, "ttft_ms": 100, "state": "done", "mw": 45_000},
    {"ts": 1764784801, "latency_ms": 1.1, "state": "lost", "mw": 55_000},
]


def test_runs_and_metrics_are_in_ms_when_rows_are_in_seconds(api):
    ada, usage = api("datasets", user="ada"), api("usage", user="ada")
    saved = ada.post("/user/data/save_adapter", json=ADAPTER).json()
    ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": ROWS})

    asked = {"from": "2025-12-03", "to": "2025-12-04", "runs": 9}
    document = usage.get("/usage", params=asked).json()
    series = ada.get("/user/data/metrics?dataset=d").json()["series"]

    assert (saved["units"], saved["ok_values"]) == ({"latency_ms": "s"}, ["done"])
    assert saved["extra_fields"][0]["scale"] == 0.001
    assert ada.post("/user/data/save_adapter", json=saved).json()["version"] == 2
    assert [run["ok"] for run in document["runs"]] == [False, True]
    assert document["total"]["latency_ms"]["max"] == document["total"]["ttft_ms"]["max"] * 9
    means = {found["label"]: found["summary"]["mean"] for found in series}
    assert means["Latency (ms)"] == pytest.approx(1000)
    assert means["Time to first token (ms)"] == pytest.approx(100)
    assert means["Power (W)"] == pytest.approx(50)
    assert document["total"]["extra"]["Power (W)"]["mean"] == pytest.approx(50)


@pytest.mark.parametrize(
    ("member", "pointer", "allowed"),
    [
        ({"units": {"latency_ms": "hours"}}, "/units/latency_ms", ["ns", "us", "ms", "s", "min"]),
        ({"units": {"tok_s": "s"}}, "/units/tok_s", None),
        ({"ok_values": ["done"]}, "/ok_values", None),
        ({"ok_field": "ok", "ok_values": []}, "/ok_values", None),
        ({"extra_fields": [{"label": "a", "field": "b", "scale": 0}]},
         "/extra_fields/0/scale", None),
        ({"extra_fields": [{"label": "a", "field": "b", "scale": 1e308}]},
         "/extra_fields/0/scale", None),
        ({"extra_fields": [{"label": "a", "field": "b", "scale": -1e-300}]},
         "/extra_fields/0/scale", None),
        ({"extra_fields": [{"label": "a", "field": "b", "kind": "string", "scale": 2}]},
         "/extra_fields/0/scale", None),
    ],
)  # fmt: skip
def test_422_when_units_make_no_sense(api, member, pointer, allowed):
    answer = api("datasets", user="ada").post(
        "/user/data/save_adapter", json={"dataset": "d", **member}
    )

    assert answer.status == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error.get("allowed")) == (pointer, allowed)


def test_stored_rows_are_converted_in_their_units_when_previewed_and_backfilled(api):
    ada, usage = api("datasets", user="ada"), api("usage", user="ada")
    ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": ROWS})

    previewed = ada.post("/user/data/save_adapter?preview=1", json=ADAPTER).json()["runs"]
    saved = ada.post("/user/data/save_adapter?backfill=1", json=ADAPTER).json()
    asked = {"from": "2025-12-03", "to": "2025-12-04", "runs": 9}
    runs = usage.get("/usage", params=asked).json()["runs"]

    assert saved["backfill"]["converted"] == 2
    for found in (previewed, runs):
        said = {(run["latency_ms"], run["ok"], run["extra"]["Power (W)"]) for run in found}
        assert said == {(900.0, True, 45.0), (1100.0, False, 55.0)}
