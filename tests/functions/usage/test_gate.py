"""Baselines, the gate and changes through the real entry point."""

import pytest

from shared import clock
from shared.clock import SECOND_US

STEADY = [1000.0, 1010.0, 990.0, 1005.0, 995.0, 1000.0, 1002.0, 998.0]


class Lab:
    """A user whose runs come by import."""

    def __init__(self, api, user="ada") -> None:
        self.client = api("usage", user=user)

    def send(self, latencies, *, ago_s=60, commit=None, device="phone-1", **fields):
        now_us = clock.now_us() - ago_s * SECOND_US
        rows = [
            {
                "ts": clock.iso(now_us + number * 1_000),
                "latency_ms": value,
                "device": device,
                "model": "m",
                "conditions": {"commit": commit, "quant": fields.get("quant", "Q4")},
                **{name: value for name, value in fields.items() if name != "quant"},
            }
            for number, value in enumerate(latencies)
        ]
        answer = self.client.post("/usage/import", json=rows)
        assert answer.status == 200, answer.text

    def set(self, name="main", status=201, **body):
        body = {"window": {"last_s": 86_400}, "reason": "because", **body}
        answer = self.client.request("PUT", f"/usage/baselines/{name}", json=body)
        assert answer.status == status, answer.text
        return answer.json()

    def gate(self, status=200, **body):
        body = {"candidate": {"filters": {"cond.commit": ["b"]}}, **body}
        answer = self.client.post("/usage/gate", json=body)
        assert answer.status == status, answer.text
        return answer.json()


@pytest.fixture
def lab(api):
    return Lab(api)


LATENCY = [{"metric": "latency_ms", "max_regression_pct": 5}]
MAIN = {"filters": {"cond.commit": ["a"]}}


def test_baseline_keeps_its_figures_when_runs_come_later(lab):
    lab.send(STEADY, commit="a")
    made = lab.set(**MAIN)
    lab.send([9000.0] * 8, commit="a")
    lab.send(STEADY, commit="b")

    found = lab.gate(baseline="main", rules=LATENCY)

    assert (made["version"], made["runs"], made["series"], made["set_by"]) == (1, 8, 1, "ada")
    assert made["by"] == ["device", "model"]
    assert made["filters"] == {"cond.commit": ["a"]}
    assert found["verdict"] == "pass"
    (series,) = found["series"]
    assert (series["key"], series["a"]) == ({"device": "phone-1", "model": "m"}, 1000.0)
    assert (series["n_a"], series["n_b"], series["tolerance_pct"]) == (8, 8, 5)
    assert found["baseline"]["name"] == "main"
    assert found["baseline"]["age_s"] >= 0
    assert found["conditions_diff"] == [{"field": "cond.commit", "a": ["a"], "b": ["b"]}]
    assert found["markdown"].startswith("**pass**")


def test_baseline_has_versions_and_reasons_when_it_is_set_again(lab):
    lab.send(STEADY, commit="a")
    lab.set(reason="first")

    assert lab.set(status=200, reason="second")["version"] == 2
    found = lab.client.get("/usage/baselines/main").json()

    assert [(one["version"], one["reason"]) for one in found["history"]] == [
        (2, "second"), (1, "first"),
    ]  # fmt: skip
    assert set(found["history"][0]) == {"version", "reason", "set_by", "set_at", "runs"}
    listed = lab.client.get("/usage/baselines").json()
    assert [(one["name"], one["version"]) for one in listed["data"]] == [("main", 2)]


def test_baselines_are_listed_page_by_page(lab):
    lab.send(STEADY, commit="a")
    for name in ("one", "two", "three"):
        lab.set(name)

    first = lab.client.get("/usage/baselines?limit=2").json()
    rest = lab.client.get(f"/usage/baselines?limit=2&cursor={first['next_cursor']}").json()

    assert [one["name"] for one in first["data"]] == ["three", "two"]
    assert ([one["name"] for one in rest["data"]], rest["has_more"]) == (["one"], False)


def test_baseline_is_gone_when_it_was_deleted(lab, bucket):
    lab.send(STEADY, commit="a")
    lab.set()

    assert lab.client.delete("/usage/baselines/main").status == 204

    for answer in (
        lab.client.get("/usage/baselines/main"),
        lab.client.delete("/usage/baselines/main"),
        lab.client.post("/usage/gate", json={"baseline": "main", "candidate": {}}),
    ):
        assert (answer.status, answer.json()["code"]) == (404, "baseline_not_found")
    assert list(bucket.list("baselines/")) == []
    assert lab.set()["version"] == 1


def test_baseline_is_refused_when_no_run_is_in_it(lab):
    body = {"window": {"last_s": 60}, "reason": "r"}

    answer = lab.client.request("PUT", "/usage/baselines/main", json=body)

    assert (answer.status, answer.json()["code"]) == (422, "baseline_empty")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"window": {}}, "window_conflict"),
        ({"window": {"last_s": 5, "from": "2026-01-01"}}, "window_conflict"),
        ({"window": {"from": "2026-01-02", "to": "2026-01-01"}}, "window_empty"),
        ({"window": {"from": "yesterday"}}, "time_unreadable"),
        ({"filters": {"cond.Quant": ["x"]}}, "unknown_filter"),
        ({"filters": {"model": []}}, "filter_empty"),
        ({"filters": {"ok": ["perhaps"]}}, "not_a_boolean"),
        ({"by": ["device", "model", "tag", "tenant"]}, None),
        ({"by": ["phase"]}, None),
        ({"reason": ""}, None),
        ({"reason": None}, None),
        ({"window": None}, None),
    ],
)
def test_baseline_is_refused_when_its_body_is_unclear(lab, changes, code):
    lab.send(STEADY)
    body = {"window": {"last_s": 86_400}, "reason": "r", **changes}

    answer = lab.client.request("PUT", "/usage/baselines/main", json=body)

    assert answer.status == 422, answer.text
    assert code is None or answer.json()["code"] == code


def test_name_is_refused_when_no_baseline_may_have_it(lab):
    body = {"window": {"last_s": 86_400}, "reason": "r"}

    answer = lab.client.request("PUT", "/usage/baselines/.hidden", json=body)

    assert (answer.status, answer.json()["code"]) == (422, "invalid_baseline_name")


def test_baseline_is_unseen_when_it_is_anothers(lab, api):
    lab.send(STEADY, commit="a")
    lab.set()

    answer = api("usage", user="eve").get("/usage/baselines/main")

    assert (answer.status, answer.json()["code"]) == (404, "baseline_not_found")


def test_gate_fails_when_one_of_two_phones_is_slower(lab):
    for device in ("phone-1", "phone-2"):
        lab.send(STEADY, commit="a", device=device)
    lab.send(STEADY, commit="b")
    lab.send([value * 1.2 for value in STEADY], commit="b", device="phone-2")

    found = lab.gate(reference=MAIN, rules=LATENCY, by=["device"])
    assert lab.gate(reference=MAIN | {"by": ["device"]}, rules=LATENCY) == found

    assert (found["verdict"], found["baseline"]) == ("fail", None)
    verdicts = {one["key"]["device"]: one["verdict"] for one in found["series"]}
    assert verdicts == {"phone-1": "pass", "phone-2": "fail"}
    assert found["series"][1]["delta_pct"] == pytest.approx(20)


def test_default_rules_are_the_three_metrics(lab):
    fields = {"ttft_ms": 100.0, "completion_tokens": 50}
    lab.send(STEADY, commit="a", **fields)
    lab.send(STEADY, commit="b", **fields)

    found = lab.gate(reference=MAIN)

    assert [(one["metric"], one["tolerance_pct"]) for one in found["series"]] == [
        ("latency_ms", 5.0), ("ttft_ms", 5.0), ("tok_s", 5.0),
    ]  # fmt: skip
    assert found["verdict"] == "pass"


def test_gate_cannot_compare_when_a_required_condition_differs(lab):
    lab.send(STEADY, commit="a")
    lab.send(STEADY, commit="b", quant="Q8")

    found = lab.gate(reference=MAIN, rules=LATENCY, require_same=["quant"])
    unknown = lab.gate(reference=MAIN, rules=LATENCY, require_same=["runtime"])

    assert (found["verdict"], found["not_alike"]) == ("not_comparable", ["quant"])
    assert {"field": "cond.quant", "a": ["Q4"], "b": ["Q8"]} in found["conditions_diff"]
    assert unknown["verdict"] == "not_comparable"
    assert lab.gate(reference=MAIN, rules=LATENCY)["verdict"] == "pass"


def test_gate_has_no_data_when_the_candidate_has_none(lab):
    lab.send(STEADY, commit="a")

    found = lab.gate(reference=MAIN, rules=LATENCY)

    assert found["verdict"] == "no_data"
    assert found["series"][0]["n_b"] == 0
    assert found["conditions_diff"] == []


def test_extra_is_judged_when_an_adapter_says_which_way_is_better(lab, api):
    extra = {"extra": {"Peak (MB)": 100.0}}
    lab.send(STEADY, commit="a", **extra)
    lab.send(STEADY, commit="b", extra={"Peak (MB)": 110.0})
    rules = [{"extra": "Peak (MB)", "max_regression_pct": 3}]

    refused = lab.gate(status=422, reference=MAIN, rules=rules)
    fields = [{"label": "Peak (MB)", "field": "peak", "better": "lower", "unit": "MB"}]
    api("datasets", user="ada").post(
        "/user/data/save_adapter", json={"dataset": "d", "extra_fields": fields}
    )
    found = lab.gate(reference=MAIN, rules=rules)

    assert refused["code"] == "direction_unknown"
    assert refused["errors"][0]["pointer"] == "/rules/0"
    assert found["verdict"] == "fail"
    (series,) = found["series"]
    assert (series["metric"], series["extra"], series["unit"]) == ("Peak (MB)", True, "MB")
    limit = [{"extra": "Peak (MB)", "max": 105}]
    assert lab.gate(reference=MAIN, rules=limit)["verdict"] == "fail"


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": [{"metric": "speed", "max": 1}]},
        {"rules": [{"metric": "tok_s"}]},
        {"rules": [{"metric": "tok_s", "extra": "x", "max": 1}]},
        {"rules": [{"max_regression_pct": 5}]},
        {"rules": [{"metric": "tok_s", "max": 1, "max_regression_pct": 5}]},
        {"min_runs": 0},
        {"fdr": 0},
        {"fdr": 1},
        {"require_same": ["Quant"]},
        {"candidate": {"window": {"last_s": 0}}},
        {"candidate": None},
    ],
)
def test_gate_is_refused_when_its_question_is_unclear(lab, changes):
    lab.gate(status=422, **{"reference": MAIN, **changes})


@pytest.mark.parametrize("changes", [{}, {"baseline": "main", "reference": MAIN}])
def test_gate_is_refused_when_it_has_two_references_or_none(lab, changes):
    found = lab.gate(status=422, **changes)

    assert found["code"] == "reference_conflict"


def test_change_is_named_with_what_changed(lab):
    for day in range(12):
        wobble = [value + day % 3 for value in STEADY[:2]]
        slower = 1.25 if day < 5 else 1.0
        commit = "new" if day < 5 else "old"
        lab.send([value * slower for value in wobble], ago_s=(day + 1) * 3_600, commit=commit)
    lab.send([50.0, 51.0], device="phone-2")

    found = lab.client.get("/usage/changes?metric=latency_ms&group_by=device").json()

    (change,) = found["changes"]
    assert change["key"] == {"device": "phone-1"}
    assert (change["before"]["n"], change["after"]["n"]) == (14, 10)
    assert change["delta_pct"] == pytest.approx(25, abs=1)
    assert change["verdict"] == "regressed"
    assert change["p_value"] < 1e-6
    assert change["conditions_changed"] == [
        {"field": "cond.commit", "before": ["old"], "after": ["new"]}
    ]


def test_change_is_found_when_no_float_holds_the_squares(lab):
    lab.send([1e300, 1.1e300] * 10, ago_s=7_200)
    lab.send([1.5e300, 1.6e300] * 10)

    (change,) = lab.client.get("/usage/changes?metric=latency_ms").json()["changes"]

    assert change["delta_pct"] == pytest.approx(100 * (1.55 / 1.05 - 1))
    assert change["verdict"] == "regressed"


def test_change_is_found_when_no_float_holds_the_sum(lab):
    """Nor keeps one such device the changes of others from being found."""
    lab.send([1e308, 1.1e308] * 10, ago_s=7_200)
    lab.send([1.5e308, 1.6e308] * 10)

    (change,) = lab.client.get("/usage/changes?metric=latency_ms").json()["changes"]

    assert change["before"] == {"n": 20, "mean": pytest.approx(1.05e308)}
    assert change["after"] == {"n": 20, "mean": pytest.approx(1.55e308)}


def test_nothing_is_named_when_nothing_changed(lab):
    lab.send(STEADY * 5)

    found = lab.client.get("/usage/changes?metric=latency_ms").json()

    assert found["changes"] == []
    assert found["metric"] == "latency_ms"
    window_s = (
        clock.read_time(found["window"]["to"]) - clock.read_time(found["window"]["from"])
    ) / SECOND_US
    assert window_s == pytest.approx(90 * 86_400)


@pytest.mark.parametrize(
    "query", ["metric=error_rate", "group_by=device,model,tag", "group_by=phase", "min=1"]
)
def test_changes_are_refused_when_the_question_is_unclear(lab, query):
    assert lab.client.get(f"/usage/changes?{query}").status == 400
