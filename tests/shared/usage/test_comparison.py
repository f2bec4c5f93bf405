"""Comparisons equal an oracle on the raw values, however the runs are stored, at a bounded cost."""

import math
from itertools import count

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import DAY_US, read_time
from shared.runs import DIMENSIONS, Run
from shared.storage.assembly import compactor
from shared.storage.log import UserLog
from shared.usage import Filters, ReadOptions, UsageQuery, compare
from tests.kit.effort import examples
from tests.kit.faults import watched_calls
from tests.kit.statements import watched_statements
from tests.shared.usage.oracle import expected_stats
from tests.shared.usage.student_oracle import tail
from tests.shared.usage.test_queries import assert_same_stats

START_US = read_time("2025-12-03T00:00:00Z")
_users = count()
labels = st.sampled_from(["a", "b", None])
# Whole numbers: equal ones have no spread at all, others a clear one.
numbers = st.none() | st.integers(1, 50).map(float)


@st.composite
def runs(draw, name) -> list[Run]:
    found = draw(
        st.lists(
            st.builds(
                Run,
                run_id=st.just(""),
                ts_us=st.integers(START_US, START_US + 2 * DAY_US - 1),
                device=labels,
                model=st.sampled_from(["old", "new"]),
                tag=labels,
                latency_ms=numbers,
                ttft_ms=numbers,
                tok_s=numbers,
                ok=st.sampled_from([True, True, True, False]),
                extra=st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 9).map(float)),
            ),
            max_size=14,
        )
    )
    return [
        Run(
            **{field: getattr(run, field) for field in run.__struct_fields__}
            | {"run_id": f"{name}{n}"}
        )
        for n, run in enumerate(found)
    ]


def values(side: list[Run], metric: str) -> list[float]:
    if metric == "error_rate":
        return [float(not run.ok) for run in side]
    if metric in ("x", "y"):
        return [run.extra[metric] for run in side if metric in run.extra]
    found = [getattr(run, metric) for run in side if run.ok]
    return [value for value in found if value is not None]


def assert_welch(entry, a: list[float], b: list[float]) -> None:
    """The entry says what the textbook says of the values."""
    assert (entry["n_a"], entry["n_b"]) == (len(a), len(b))
    if min(len(a), len(b)) < 2:
        assert (entry["verdict"], entry["p_value"], entry["ci95"]) == ("inconclusive", None, None)
        return
    parts = [float(np.var(side, ddof=1)) / len(side) for side in (a, b)]
    delta = float(np.mean(b) - np.mean(a))
    assert entry["delta"] == pytest.approx(delta, abs=1e-9)
    if not any(parts):
        return
    df = sum(parts) ** 2 / sum(p**2 / (len(s) - 1) for p, s in zip(parts, (a, b), strict=True))
    error = math.sqrt(sum(parts))
    assert entry["p_value"] == pytest.approx(tail(abs(delta) / error, df), rel=1e-6)
    assert tail((entry["ci95"][1] - delta) / error, df) == pytest.approx(0.05, rel=1e-6)


def query(user: str, model: str, **filters) -> UsageQuery:
    wanted = Filters(model=(model,), **filters)
    return UsageQuery(user, START_US, START_US + 2 * DAY_US, wanted)


@pytest.mark.exhaustive
@settings(
    max_examples=examples(0.4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(folded=runs("f"), pending=runs("p"), rolled=st.booleans())
def test_comparison_equals_the_oracle_when_runs_are_folded_or_pending(
    storage, folded, pending, rolled
):
    user = f"user-{next(_users)}"
    storage.store(user, folded, fold=True)
    if rolled:
        storage.tidy(user)
    storage.store(user, pending, fold=False)
    asked = query(user, "old"), query(user, "new")

    found = compare(
        storage.bucket,
        storage.catalog,
        *asked,
        options=ReadOptions(exact=False if rolled else None),
    )

    a, b = ([run for run in folded + pending if run.model == model] for model in ("old", "new"))
    if not rolled:
        assert_same_stats(found.a.stats, expected_stats(a))
        assert_same_stats(found.b.stats, expected_stats(b))
    assert found.a.exact is found.b.exact is not (rolled and bool(folded))
    extras = sorted({x for run in a for x in run.extra} & {x for run in b for x in run.extra})
    names = [entry["metric"] for entry in found.metrics]
    assert names == ["latency_ms", "ttft_ms", "tok_s", "error_rate", *extras]
    for entry in found.metrics:
        assert_welch(entry, values(a, entry["metric"]), values(b, entry["metric"]))
    sets = {name: [{getattr(run, name) for run in side} for side in (a, b)] for name in DIMENSIONS}
    differing = [name for name in DIMENSIONS if a and b and sets[name][0] != sets[name][1]]
    for name in ("quant", "threads"):
        sides = [{run.document()["conditions"].get(name) for run in side} for side in (a, b)]
        sets[f"cond.{name}"] = sides
        differing += [f"cond.{name}"] if a and b and sides[0] != sides[1] else []
    assert [entry["field"] for entry in found.conditions_diff] == differing
    for entry in found.conditions_diff:
        assert [set(entry["a"]), set(entry["b"])] == sets[entry["field"]]


def _some(model: str, values: list[float]) -> list[Run]:
    return [
        Run(
            run_id=f"{model}{n}",
            ts_us=START_US + n,
            model=model,
            latency_ms=value,
            extra={"x": value},
        )
        for n, value in enumerate(values)
    ]


@pytest.fixture
def ada(storage) -> str:
    """A user with a folded and a pending segment for both sides."""
    storage.store("ada", _some("old", [9.0, 10.0, 11.0]), fold=True)
    storage.store("ada", _some("new", [7.0, 8.0, 9.0]), fold=True)
    storage.store("ada", _some("newer", [5.0, 6.0, 7.0]), fold=False)
    return "ada"


@pytest.mark.exhaustive
def test_both_sides_come_from_one_snapshot_when_folding_runs_at_any_call(storage, ada):
    def ask():
        return compare(storage.bucket, storage.catalog, query(ada, "old"), query(ada, "newer"))

    expected = ask()
    number = 0
    while True:
        storage.store(ada, _some("newer", [5.0]), fold=False)
        with watched_calls() as calls:
            calls.before[number] = compactor(UserLog(storage.bucket, storage.catalog, ada)).step
            found = ask()
        assert found.a.stats["runs"] == 3
        assert found.b.stats["runs"] == expected.b.stats["runs"] + number + 1
        number += 1
        if number >= len(calls.names):
            return


def test_calls_are_few_and_do_not_grow_when_sides_share_parts(storage, ada):
    asked = query(ada, "old"), query(ada, "new")

    with watched_calls() as calls:
        compare(storage.bucket, storage.catalog, *asked)
    with watched_calls() as again:
        compare(storage.bucket, storage.catalog, *asked)

    # Checkpoint, list, days, checkpoint, parts, the pending segment (once for both), adapters.
    assert calls.names.count("ListObjectsV2") == 1
    assert calls.names.count("GetItem") == 2
    assert calls.names.count("Query") == 2
    # Parts are kept between invocations; the pending segment is read once for both sides.
    assert again.names.count("GetObject") == 1


@pytest.mark.parametrize("conditions", [{}, {"commit": "abc"}])
def test_statements_of_a_side_are_few_when_read_from_rows(storage, conditions):
    values = [
        msgspec.structs.replace(run, conditions=conditions)
        for run in _some("old", [9.0, 10.0, 11.0])
    ]
    storage.store("eve", values, fold=True)
    asked = query("eve", "old"), query("eve", "old")
    compare(storage.bucket, storage.catalog, *asked)

    with watched_statements() as statements:
        found = compare(storage.bucket, storage.catalog, *asked)

    assert found.a.values["model"].first == ("old",)
    # The filter, the view, extras, all else, the values of dimensions, those of conditions.
    assert len(statements) == 2 * (6 if conditions else 5)


def test_no_adapter_is_read_when_no_extra_is_shared(storage, ada):
    with watched_calls() as calls:
        compare(storage.bucket, storage.catalog, query(ada, "old"), query(ada, "none"))

    assert calls.names.count("Query") == 1


def test_conditions_differ_when_only_values_beyond_the_listed_ones_do(storage):
    def tagged(model: str, tags: range) -> list[Run]:
        return [
            Run(run_id=f"{model}{n}", ts_us=START_US, model=model, tag=f"t{n:03}") for n in tags
        ]

    storage.store("eve", tagged("old", range(80)), fold=True)
    storage.store("eve", tagged("new", range(79)), fold=False)
    storage.store("eve", tagged("new", range(80, 81)), fold=False)

    found = compare(storage.bucket, storage.catalog, query("eve", "old"), query("eve", "new"))

    tags = next(entry for entry in found.conditions_diff if entry["field"] == "tag")
    assert (tags["a_count"], tags["b_count"]) == (80, 80)
    assert tags["a"] == tags["b"] == [f"t{n:03}" for n in range(50)]
