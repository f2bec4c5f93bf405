"""Comparing two sides through the real entry point."""

import pytest

from shared import clock
from shared.clock import DAY_US, SECOND_US

FIELDS = [
    "metric", "extra", "unit", "better", "a", "b", "n_a", "n_b",
    "delta", "delta_pct", "ci95", "p_value", "verdict", "more_runs",
]  # fmt: skip


class Ada:
    """A user with a dataset `d`, whose rows become runs."""

    def __init__(self, api) -> None:
        self.datasets = api("datasets", user="ada")
        self.usage = api("usage", user="ada")
        self.adapter("d")

    def adapter(self, dataset, **fields):
        body = {"dataset": dataset, "tag_field": "tag", "ok_field": "ok", **fields}
        assert self.datasets.post("/user/data/save_adapter", json=body).status == 200

    def append(self, latencies, *, dataset="d", ago_s=60, **fields):
        ts = clock.iso(clock.now_us() - ago_s * SECOND_US)
        rows = [{"ts": ts, "latency_ms": value, **fields} for value in latencies]
        answer = self.datasets.post(
            "/user/data/append_jsonl", json={"dataset": dataset, "rows": rows}
        )
        assert answer.json()["usage"]["recorded"] == len(rows), answer.text

    def compare(self, query=""):
        answer = self.usage.get(f"/usage/compare?{query}")
        assert answer.status == 200, answer.text
        return answer.json()

    def metric(self, name, query=""):
        found = self.compare(query)["metrics"]
        return next(entry for entry in found if entry["metric"] == name)


@pytest.fixture
def ada(api):
    return Ada(api)


def test_b_has_improved_when_it_is_clearly_faster(ada):
    ada.append([1000, 1010, 990, 1005], model="old")
    ada.append([800, 810, 790, 805], model="new")

    found = ada.metric("latency_ms", "a_model=old&b_model=new&minutes=5")

    assert list(found) == FIELDS
    assert (found["verdict"], found["better"], found["unit"]) == ("improved", "lower", "ms")
    assert (found["a"], found["b"], found["n_a"], found["n_b"]) == (1001.25, 801.25, 4, 4)
    assert (found["delta"], found["delta_pct"]) == (-200, pytest.approx(-200 / 10.0125))
    assert found["ci95"][0] < -200 < found["ci95"][1] < -180
    assert found["p_value"] < 1e-6
    assert found["more_runs"] is None


def test_sides_are_the_last_two_days_when_no_window_is_given(ada, held_clock):
    ada.append([1000, 1010], ago_s=30 * 3600)
    ada.append([2000, 2020])

    found = ada.compare()

    now = clock.now_us() + 1
    assert found["b"]["window"]["from"] == clock.iso(now - DAY_US)
    assert found["a"]["window"]["to"] == found["b"]["window"]["from"]
    assert found["a"]["window"]["from"] == clock.iso(now - 2 * DAY_US)
    assert (found["a"]["runs"], found["b"]["runs"]) == (2, 2)
    assert found["metrics"][0]["verdict"] == "regressed"
    assert (found["a"]["exact"], found["min_effect_pct"]) == (True, 2.0)


def test_sides_share_the_window_when_it_has_no_prefix(ada, held_clock):
    found = ada.compare("from=2025-12-03&to=2025-12-04&a_model=x&b_model=y&device=d")

    assert found["a"]["window"] == found["b"]["window"]
    assert found["a"]["window"]["from"] == "2025-12-03T00:00:00.000Z"
    assert found["a"]["filters"] == {"model": ["x"], "device": ["d"]}
    assert found["b"]["filters"] == {"model": ["y"], "device": ["d"]}


def test_side_uses_only_its_own_window_when_it_has_one(ada, held_clock):
    found = ada.compare("minutes=5&a_from=2025-12-03&a_to=2025-12-04")

    now = clock.now_us() + 1
    assert found["a"]["window"]["to"] == "2025-12-04T00:00:00.000Z"
    assert found["b"]["window"]["from"] == clock.iso(now - 300 * SECOND_US)


def test_other_side_is_the_last_day_when_only_one_side_has_a_window(ada, held_clock):
    found = ada.compare("a_from=2025-12-03&a_to=2025-12-04")

    assert found["b"]["window"]["from"] == clock.iso(clock.now_us() + 1 - DAY_US)


def test_own_filters_replace_the_common_ones_when_of_the_same_name(ada):
    found = ada.compare("model=x&model=y&ok=true&a_model=z&b_ok=true&b_ok=false&tag=t")

    assert found["a"]["filters"] == {"model": ["z"], "tag": ["t"], "ok": [True]}
    assert found["b"]["filters"] == {"model": ["x", "y"], "tag": ["t"], "ok": [True, False]}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("a_minutes=5&a_since_s=3", "window_conflict"),
        ("b_minutes=5&b_from=2025-01-01", "window_conflict"),
        ("minutes=5&since_s=3", "window_conflict"),
        ("a_from=yesterday", "invalid_parameter"),
        ("b_minutes=0", "invalid_parameter"),
        ("b_minutes=nan", "invalid_parameter"),
        ("a_ok=perhaps", "invalid_parameter"),
        ("a_from=2025-01-02&a_to=2025-01-01", "window_empty"),
        ("b_from=2999-01-01", "window_empty"),
        ("min_effect_pct=-1", "invalid_parameter"),
        ("min_effect_pct=nan", "invalid_parameter"),
        ("min_effect_pct=inf", "invalid_parameter"),
        ("min_effect_pct=much", "invalid_parameter"),
    ],
)
def test_comparison_is_refused_when_it_makes_no_sense(ada, query, code):
    answer = ada.usage.get(f"/usage/compare?{query}")

    assert (answer.status, answer.code) == (400, code)


def test_refusal_names_the_side_when_one_is_at_fault(ada):
    unreadable = ada.usage.get("/usage/compare?a_from=yesterday").json()
    out_of_range = ada.usage.get("/usage/compare?b_minutes=0").json()

    assert unreadable["detail"].startswith("side a: from: ")
    assert out_of_range["errors"][0]["pointer"] == "/query/b_minutes"


def test_nothing_is_said_when_a_side_has_no_runs(ada):
    ada.append([1000, 1010], model="m")

    found = ada.compare("a_model=none&b_model=m&minutes=5")

    latency = found["metrics"][0]
    assert (latency["a"], latency["b"], latency["n_a"], latency["n_b"]) == (None, 1005, 0, 2)
    assert latency["verdict"] == "inconclusive"
    unsaid = ("delta", "delta_pct", "ci95", "p_value", "more_runs")
    assert [latency[name] for name in unsaid] == [None] * 5
    assert found["conditions_diff"] == []


def test_nothing_is_said_when_a_mean_is_beyond_what_a_float_holds(ada):
    ada.append([1e308, 1.7e308], model="old")
    ada.append([1e308, 1.7e308], model="new")

    found = ada.metric("latency_ms", "a_model=old&b_model=new&minutes=5")

    assert (found["a"], found["b"], found["p_value"]) == (None, None, None)
    assert found["verdict"] == "inconclusive"


def test_more_runs_are_named_when_the_noise_hides_the_difference(ada):
    ada.append([900, 1100, 950, 1050], model="old")
    ada.append([850, 1080, 900, 1000], model="new")
    query = "a_model=old&b_model=new&minutes=5"

    found = ada.metric("latency_ms", query)

    assert found["verdict"] == "inconclusive"
    assert found["more_runs"]["a"] == found["more_runs"]["b"] > 10


def test_error_rates_are_compared_as_zeros_and_ones(ada):
    ada.append([1] * 40, model="old", ok=True)
    ada.append([1] * 30, model="new", ok=True)
    ada.append([1] * 10, model="new", ok=False)

    found = ada.metric("error_rate", "a_model=old&b_model=new&minutes=5")

    assert (found["a"], found["b"], found["n_a"], found["n_b"]) == (0, 0.25, 40, 40)
    assert (found["delta_pct"], found["verdict"]) == (None, "regressed")


def test_effect_is_too_small_when_the_threshold_is_raised(ada):
    ada.append([1000, 1001, 999, 1000], model="old")
    ada.append([1050, 1051, 1049, 1050], model="new")
    query = "a_model=old&b_model=new&minutes=5"

    assert ada.metric("latency_ms", query)["verdict"] == "regressed"
    assert ada.metric("latency_ms", f"{query}&min_effect_pct=10")["verdict"] == "unchanged"


def power(**meaning):
    return {"extra_fields": [{"label": "GPU power (W)", "field": "watts", **meaning}]}


def compare_power(ada):
    for model, watts in (("old", [100, 101]), ("new", [80, 81])):
        for value in watts:
            ada.append([1, 1], model=model, watts=value, dataset="p")
    return ada.metric("GPU power (W)", "a_model=old&b_model=new&minutes=5")


def test_direction_and_unit_of_an_extra_come_from_the_adapter(ada):
    ada.adapter("p", **power(unit="W", better="lower"))

    found = compare_power(ada)

    assert (found["unit"], found["better"], found["extra"]) == ("W", "lower", True)
    assert found["verdict"] == "improved"


def test_extra_is_not_judged_when_nobody_says_what_is_better(ada):
    ada.adapter("p", **power())

    found = compare_power(ada)

    assert (found["unit"], found["better"]) == (None, None)
    assert found["p_value"] < 0.05
    assert (found["verdict"], found["more_runs"]) == ("inconclusive", None)


def test_extra_is_not_judged_when_adapters_contradict_each_other(ada):
    ada.adapter("p", **power(unit="W", better="lower"))
    ada.adapter("other", **power(unit="W", better="higher"))

    found = compare_power(ada)

    assert (found["unit"], found["better"], found["verdict"]) == ("W", None, "inconclusive")


def test_extra_is_left_out_when_only_one_side_has_it(ada):
    ada.adapter("p", **power())
    ada.append([1, 2], model="old", watts=5, dataset="p")
    ada.append([1, 2], model="new", dataset="p")

    found = ada.compare("a_model=old&b_model=new&minutes=5")["metrics"]

    assert [entry["metric"] for entry in found] == [
        "latency_ms", "ttft_ms", "tok_s", "error_rate",
    ]  # fmt: skip


def test_conditions_are_named_when_they_differ(ada):
    ada.append([1], model="old", device="phone", tag="x")
    ada.append([1], model="new", device="phone")
    ada.append([1], model="new", device="tablet")

    found = ada.compare("a_model=old&b_model=new&minutes=5")["conditions_diff"]

    assert found == [
        {"field": "device", "a": ["phone"], "b": ["phone", "tablet"]},
        {"field": "model", "a": ["old"], "b": ["new"]},
        {"field": "tag", "a": ["x"], "b": [None]},
    ]


def test_lengths_are_named_when_they_differ_notably(ada):
    ada.append([1], model="old", prompt_tokens=100, completion_tokens=100)
    ada.append([1], model="new", prompt_tokens=200, completion_tokens=95)

    found = ada.compare("a_model=old&b_model=new&minutes=5")["conditions_diff"]

    assert {"field": "mean_prompt_tokens", "a": [100.0], "b": [200.0]} in found
    assert "mean_completion_tokens" not in {entry["field"] for entry in found}


def test_conditions_are_cut_and_counted_when_there_are_many(ada):
    for number in range(60):
        ada.append([1], model="old", device=f"d{number:02}")
    ada.append([1], model="new", device="d00")

    found = ada.compare("a_model=old&b_model=new&minutes=5")["conditions_diff"]

    assert len(found[0]["a"]) == 50
    assert (found[0]["a_count"], found[0]["b_count"]) == (60, 1)


def test_nothing_of_others_is_compared(ada, api):
    ada.append([1000, 1010])

    found = api("usage", user="eve").get("/usage/compare?minutes=5").json()

    assert (found["a"]["runs"], found["b"]["runs"]) == (0, 0)


def test_only_named_extras_are_compared_when_asked(ada):
    fields = [{"label": name, "field": name} for name in ("x", "y")]
    ada.adapter("p", extra_fields=fields)
    ada.append([1, 2], model="old", x=1, y=2, dataset="p")
    ada.append([1, 2], model="new", x=1, y=2, dataset="p")

    found = ada.compare("a_model=old&b_model=new&minutes=5&extra=y")

    assert [entry["metric"] for entry in found["metrics"] if entry["extra"]] == ["y"]
    assert found["a"]["extra_labels"] == {"total": 2, "shown": 1}


def test_extra_is_told_apart_when_it_has_the_name_of_a_metric(ada):
    ada.adapter("p", extra_fields=[{"label": "error_rate", "field": "x"}])
    ada.append([1, 2], model="old", x=0, dataset="p")
    ada.append([1, 2], model="new", x=1, dataset="p")

    found = ada.compare("a_model=old&b_model=new&minutes=5")["metrics"]

    both = [entry for entry in found if entry["metric"] == "error_rate"]
    assert [(entry["extra"], entry["p_value"]) for entry in both] == [(False, 1.0), (True, 0.0)]
