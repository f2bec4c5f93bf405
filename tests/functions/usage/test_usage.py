"""The usage endpoints through their own entry point."""

import pytest

from shared import clock
from tests.kit.faults import watched_calls
from tests.kit.names import short

NOW_ROWS = [
    {
        "device": "d1",
        "model": "m1",
        "completion_tokens": 100,
        "prompt_tokens": 10,
        "latency_ms": 1000,
        "ttft_ms": 100,
    },
    {"device": "d2", "model": "m1", "completion_tokens": 50, "prompt_tokens": 5, "latency_ms": 500},
]


@pytest.fixture
def ada(api):
    datasets = api("datasets", user="ada")
    datasets.post("/user/data/save_adapter", json={"dataset": "d"})
    now = clock.iso(clock.now_us())
    rows = [{"ts": now, **row} for row in NOW_ROWS]
    datasets.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows})
    return api("usage", user="ada")


def test_run_is_counted_when_asked_right_after_the_append(ada):
    document = ada.get("/usage/summary").json()

    assert (document["runs"], document["devices"], document["models"]) == (2, 2, 1)
    assert document["exact"] is True
    assert document["previous"]["runs"] == 0
    assert document["previous"]["error_rate"] is None
    assert document["tok_s"]["max"] == pytest.approx(99 / 0.9)
    assert document["throughput_tps"] == pytest.approx(150 / 1.5)


def test_throughput_is_of_runs_with_both_when_some_lack_tokens_or_latency(api):
    usage = api("usage", user="ada")
    rows = [
        {"completion_tokens": 100, "latency_ms": 1000},
        {"completion_tokens": 900},
        {"latency_ms": 9000},
        {"completion_tokens": 500, "latency_ms": 100, "ok": False},
    ]
    assert usage.post("/usage/import", json=rows).status == 200

    document = usage.get("/usage/summary").json()

    assert document["completion_tokens"] == 1500
    assert document["throughput_tps"] == pytest.approx(100)


def test_mean_spread_and_throughput_are_null_when_no_float_holds_the_sum(api):
    usage = api("usage", user="ada")
    row = {"latency_ms": 1e308, "completion_tokens": 5, "extra": {"power": 1e308}}
    assert usage.post("/usage/import", json=[row, row]).status == 200

    document = usage.get("/usage/summary").json()

    for found in (document["latency_ms"], document["extra"]["power"]):
        assert (found["n"], found["mean"], found["std"], found["p50"]) == (2, None, None, 1e308)
    assert document["throughput_tps"] is None


def test_newest_runs_are_listed_when_asked_for(ada):
    document = ada.get("/usage", params={"runs": 1, "group_by": "device,model"}).json()

    assert document["total"]["runs"] == 2
    assert len(document["runs"]) == 1
    assert document["runs"][0]["source_kind"] == "dataset"
    assert document["runs"][0]["tenant"] == "ada"
    assert [entry["key"] for entry in document["breakdown"]] == [
        {"device": "d1", "model": "m1"},
        {"device": "d2", "model": "m1"},
    ]
    assert sum(point["runs"] for point in document["series"]) == 2
    assert document["window"]["bucket_s"] == 1800


def test_filters_narrow_when_repeated(ada):
    assert ada.get("/usage/summary", params={"device": "d1"}).json()["runs"] == 1
    assert ada.get("/usage/summary?device=d1&device=d2").json()["runs"] == 2
    assert ada.get("/usage/summary", params={"ok": "false"}).json()["runs"] == 0


def test_nothing_is_seen_when_the_user_is_another(api, ada):
    assert api("usage", user="eve").get("/usage/summary").json()["runs"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("minutes=5&since_s=3", "window_conflict"),
        ("minutes=5&from=2025-01-01", "window_conflict"),
        ("from=yesterday", "invalid_parameter"),
        ("minutes=0", "invalid_parameter"),
        ("minutes=nan", "invalid_parameter"),
        ("minutes=x", "invalid_parameter"),
        ("from=2025-01-02&to=2025-01-01", "window_empty"),
        ("from=2999-01-01", "window_empty"),
    ],
)
@pytest.mark.parametrize("path", ["/usage", "/usage/summary"])
def test_window_is_refused_when_it_makes_no_sense(ada, path, query, code):
    answer = ada.get(f"{path}?{query}")

    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("group_by=colour", "invalid_parameter"),
        ("group_by=device,model,tag,tenant", "invalid_parameter"),
        ("bucket=1&minutes=1440", "too_many_buckets"),
        ("bucket=fortnight", "invalid_parameter"),
        ("tz=Nowhere", "invalid_timezone"),
        ("tz=localtime", "invalid_timezone"),
        ("tz=posix/UTC", "invalid_timezone"),
        (f"bucket={'9' * 4_301}", "invalid_parameter"),
        (f"from={'9' * 4_301}", "invalid_parameter"),
        (f"to={'0' * 4_301}", "invalid_parameter"),
        (f"runs={'9' * 4_301}", "invalid_parameter"),
        (f"minutes={'9' * 4_301}", "invalid_parameter"),
        (f"since_s={'1' * 400}", "invalid_parameter"),
        ("runs=1001", "invalid_parameter"),
        ("runs=-1", "invalid_parameter"),
        ("group_by=model&top=0", "invalid_parameter"),
        ("group_by=model&top=1001", "invalid_parameter"),
        ("ok=perhaps", "invalid_parameter"),
    ],
    ids=short,
)
def test_question_is_refused_when_it_makes_no_sense(ada, query, code):
    answer = ada.get(f"/usage?{query}")

    assert (answer.status, answer.code) == (400, code)


EVERYTHING = [
    {"minutes": 9_999_999_999},
    {"since_s": 2_000_000_000},
    {"minutes": 1_064_900_000},
    {"from": "0"},
    {"from": "1970-01-01T00:00:00Z", "to": "9998-12-31T23:59:59Z"},
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("tz", ["America/New_York", "Pacific/Kiritimati"])
def test_everything_is_counted_when_the_window_reaches_to_1970(ada, tz):
    documents = [
        ada.get("/usage", params={**window, "tz": tz, "runs": 5}).json() for window in EVERYTHING
    ]

    for document in documents:
        assert document["window"]["from"] == "1970-01-01T00:00:00.000Z"
        assert document["total"]["runs"] == len(document["runs"]) == 2
        assert sum(point["runs"] for point in document["series"]) == 2


def test_the_window_before_is_empty_when_this_one_reaches_to_1970(ada):
    documents = [ada.get("/usage/summary", params=window).json() for window in EVERYTHING]

    assert [(each["runs"], each["previous"]["runs"]) for each in documents] == [(2, 0)] * 5


@pytest.mark.exhaustive
def test_files_and_metrics_have_everything_when_the_window_reaches_to_1970(api, ada):
    datasets = api("datasets", user="ada")

    files = [ada.get("/usage/export.csv", params=window) for window in EVERYTHING]
    metrics = [
        datasets.get("/user/data/metrics", params={"dataset": "d", **window})
        for window in EVERYTHING
    ]

    assert [file.headers["x-row-count"] for file in files] == ["2"] * 5
    assert [found.json()["rows"] for found in metrics] == [2] * 5
    assert {found.json()["window"]["from"] for found in metrics} == {"1970-01-01T00:00:00.000Z"}


def test_sides_have_everything_when_their_windows_reach_to_1970(ada):
    asked = [
        {f"{side}_{name}": value for side in "ab" for name, value in window.items()}
        for window in EVERYTHING
    ]

    documents = [ada.get("/usage/compare", params=params).json() for params in asked]

    assert [[each[side]["runs"] for side in "ab"] for each in documents] == [[2, 2]] * 5


def test_offset_is_understood_when_its_plus_is_not_encoded(ada):
    answer = ada.get("/usage/summary?from=2025-12-03T18:00:00+01:00&to=2025-12-03T19:00:00+01:00")

    assert answer.json()["window"]["from"] == "2025-12-03T17:00:00.000Z"


def test_runs_without_groups_are_one_group_of_the_breakdown(ada):
    document = ada.get("/usage").json()

    (only,) = document["breakdown"]
    assert only["key"] == {}
    assert only["runs"] == document["total"]["runs"] == 2


def test_buckets_are_fewer_when_there_are_many_groups(api):
    usage = api("usage", user="eve")
    now = clock.now_s()
    rows = [{"ts": now - 60 * number, "model": f"m{number}"} for number in range(300)]
    assert usage.post("/usage/import", json=rows).status == 200

    document = usage.get("/usage", params={"group_by": "model"}).json()
    refused = usage.get("/usage", params={"group_by": "model", "bucket": "minute"})

    assert len(document["breakdown"]) == 300
    assert sum(point["runs"] for point in document["series"]) == 300
    assert len(document["series"]) <= 4_000
    assert refused.status == 400
    assert refused.json()["code"] == "too_many_groups"
    assert "longer buckets" in refused.json()["detail"]


def test_all_runs_are_in_the_greatest_groups_and_the_others_when_there_are_over_a_thousand(api):
    usage = api("usage", user="eve")
    now = clock.now_s()
    rows = [
        {"ts": now - number, "model": f"m{number % 1_200:04}", "latency_ms": 9}
        for number in range(1_210)
    ]
    nameless = [{"ts": now - 60, "latency_ms": 7}] * 3
    assert usage.post("/usage/import", json=rows + nameless).status == 200

    refused = usage.get("/usage", params={"group_by": "model"})
    document = usage.get("/usage", params={"group_by": "model", "top": 11}).json()

    assert (refused.status, refused.code) == (400, "too_many_groups")
    *greatest, tenth, others = document["breakdown"]
    assert [(each["key"]["model"], each["runs"]) for each in greatest] == [
        (None, 3),
        *((f"m{number:04}", 2) for number in range(9)),
    ]
    assert "others" not in tenth
    assert (others["key"], others["others"], others["groups"]) == ({}, True, 1_190)
    assert others["latency_ms"]["p50"] == 9
    assert sum(each["runs"] for each in document["breakdown"]) == 1_213
    assert sum(point["runs"] for point in document["series"]) == 1_213
    assert len(document["series"]) <= 12 * 51


def test_everything_is_one_entry_when_the_top_of_no_grouping_is_wanted(ada):
    document = ada.get("/usage", params={"top": 5}).json()

    assert [(each["key"], each["runs"]) for each in document["breakdown"]] == [({}, 2)]


def test_token_counts_that_no_run_has_are_refused_and_the_greatest_add_up(api):
    usage = api("usage", user="eve")
    greatest = 10**12

    refused = usage.post("/usage/import", json=[{"prompt_tokens": greatest + 1}])
    taken = usage.post("/usage/import", json=[{"prompt_tokens": greatest}] * 50)

    assert refused.status == 422
    assert refused.json()["errors"][0]["code"] == "out_of_range"
    assert taken.status == 200
    assert usage.get("/usage/summary").json()["prompt_tokens"] == 50 * greatest


def test_extremes_are_answered_when_their_squares_overflow(api):
    usage = api("usage", user="eve")
    usage.post("/usage/import", json=[{"latency_ms": 1e200, "extra": {"x": -1e300}}] * 3)

    for choice in ("true", "false"):
        document = usage.get("/usage/summary", params={"exact": choice}).json()
        assert document["latency_ms"]["max"] == 1e200
        assert document["extra"]["x"]["n"] == 3


def test_unreadable_time_is_pointed_at(ada):
    answer = ada.get("/usage", params={"from": "abc"})

    assert answer.status == 400
    assert answer.json()["errors"][0]["pointer"] == "/query/from"


@pytest.mark.parametrize("datasets", [1, 20])
def test_shapes_of_datasets_cost_the_same_calls_however_many_there_are(api, datasets):
    usage = api("usage", user="ada")
    rows = [{"latency_ms": 9, "dataset": f"d{number}"} for number in range(datasets)]
    assert usage.post("/usage/import", json=rows).status == 200
    names = "".join(f"&dataset=d{number}" for number in range(datasets))

    with watched_calls() as calls:
        answer = usage.get(f"/usage?group_by=dataset&bucket=day&minutes=20160{names}")

    assert len(answer.json()["breakdown"]) == datasets
    assert len(calls.names) <= 5
