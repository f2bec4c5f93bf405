"""Answers about usage equal an independent oracle, however the runs are stored."""

from collections import defaultdict
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import DAY_US, SECOND_US, read_time
from shared.runs import DIMENSIONS, Run
from shared.storage.assembly import compactor
from shared.storage.log import UserLog
from shared.usage import Filters, UsageQuery, overview, summary
from tests.kit.effort import examples
from tests.shared.usage.oracle import expected_stats

START_US = read_time("2025-12-03T00:00:00Z")
WINDOW_US = 3 * DAY_US
_users = count()

labels = st.sampled_from(["a", "b", None])
milliseconds = st.none() | st.floats(0.001, 1e6)
tokens = st.none() | st.integers(0, 10_000)


@st.composite
def runs(draw) -> list[Run]:
    found = draw(
        st.lists(
            st.builds(
                Run,
                run_id=st.just(""),
                ts_us=st.integers(START_US - DAY_US, START_US + WINDOW_US + DAY_US),
                device=labels,
                model=labels,
                tag=labels,
                tenant=labels,
                dataset=labels,
                prompt_tokens=tokens,
                completion_tokens=tokens,
                latency_ms=milliseconds,
                ttft_ms=milliseconds,
                tok_s=milliseconds,
                ok=st.booleans(),
                extra=st.dictionaries(
                    st.sampled_from(["GPU power (W)", "x"]), st.floats(-1e6, 1e6)
                ),
                conditions=st.fixed_dictionaries(
                    {}, optional={"quant": st.sampled_from(["Q4", "Q8"]), "threads": st.just("4")}
                ),
            ),
            max_size=12,
        )
    )
    return [_named(run, number) for number, run in enumerate(found)]


def _named(run: Run, number: int) -> Run:
    return msgspec.structs.replace(run, run_id=f"run_{number}")


def same(found, expected) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[k], expected[k]) for k in found)
    if found is None or expected is None:
        return found is expected
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def assert_same_stats(found, expected) -> None:
    for name, value in expected.items():
        assert same(found[name], value), name


def dimension_of(run: Run, name: str) -> str | None:
    is_condition = name.startswith("cond.")
    return run.conditions.get(name[5:]) if is_condition else getattr(run, name)


slow = settings(
    max_examples=examples(0.6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.exhaustive
@slow
@given(
    folded=runs(),
    pending=runs(),
    ok=st.sampled_from([(), (True,), (False,)]),
    models=st.sampled_from([(), ("a",), ("a", "b")]),
    quants=st.sampled_from([(), ("Q4",), ("Q4", "Q8")]),
)
def test_summary_equals_the_oracle_when_runs_are_folded_or_pending(
    storage, folded, pending, ok, models, quants
):
    user = f"user-{next(_users)}"
    storage.store(user, folded, fold=True)
    storage.store(user, pending, fold=False)
    filters = Filters(model=models, ok=ok, **{"cond.quant": quants})
    query = UsageQuery(user, START_US, START_US + WINDOW_US, filters)

    answer = summary(storage.bucket, storage.catalog, query)

    found = answer.stats
    assert answer.exact

    def matching(first: int, last: int) -> list[Run]:
        return [
            run
            for run in folded + pending
            if first <= run.ts_us < last
            and (not models or run.model in models)
            and (not ok or run.ok in ok)
            and (not quants or run.conditions.get("quant") in quants)
        ]

    inside = matching(query.from_us, query.to_us)
    assert_same_stats(found, expected_stats(inside))
    assert found["devices"] == len({run.device for run in inside} - {None})
    assert found["models"] == len({run.model for run in inside} - {None})
    before = matching(query.from_us - WINDOW_US, query.from_us)
    assert_same_stats(found["previous"], expected_stats(before))


@pytest.mark.exhaustive
@slow
@given(
    folded=runs(),
    pending=runs(),
    group_by=st.lists(st.sampled_from([*DIMENSIONS, "cond.quant"]), max_size=2, unique=True),
)
def test_groups_and_buckets_add_up_to_the_total_when_grouped(storage, folded, pending, group_by):
    user = f"user-{next(_users)}"
    storage.store(user, folded, fold=True)
    storage.store(user, pending, fold=False)
    query = UsageQuery(user, START_US, START_US + WINDOW_US)

    found = overview(
        storage.bucket,
        storage.catalog,
        query,
        group_by=tuple(group_by),
        step_s=6 * 3600,
        newest=1000,
    )

    inside = [r for r in folded + pending if query.from_us <= r.ts_us < query.to_us]
    assert_same_stats(found.total, expected_stats(inside))
    assert sum(point["runs"] for point in found.series) == len(inside)
    assert len(found.runs) == len(inside)
    assert sorted((run["ts"] for run in found.runs), reverse=True) == [
        run["ts"] for run in found.runs
    ]
    groups = defaultdict(list)
    for run in inside:
        groups[tuple(dimension_of(run, name) for name in group_by)].append(run)
    if group_by:
        assert {tuple(entry["key"].values()) for entry in found.breakdown} == set(groups)
        for entry in found.breakdown:
            assert_same_stats(entry, expected_stats(groups[tuple(entry["key"].values())]))


@pytest.mark.exhaustive
@slow
@given(
    folded=runs(),
    pending=runs(),
    group_by=st.lists(
        st.sampled_from([*DIMENSIONS, "cond.quant"]), min_size=1, max_size=2, unique=True
    ),
    top=st.integers(1, 4),
    ok=st.sampled_from([(), (True,)]),
)
def test_greatest_groups_are_exact_and_the_others_are_one_when_only_the_top_is_wanted(
    storage, folded, pending, group_by, top, ok
):
    user = f"user-{next(_users)}"
    storage.store(user, folded, fold=True)
    storage.store(user, pending, fold=False)
    query = UsageQuery(user, START_US, START_US + WINDOW_US, Filters(ok=ok))

    found = overview(
        storage.bucket,
        storage.catalog,
        query,
        group_by=tuple(group_by),
        top=top,
        step_s=6 * 3600,
    )

    groups = defaultdict(list)
    for run in folded + pending:
        if query.from_us <= run.ts_us < query.to_us and (not ok or run.ok):
            groups[tuple(dimension_of(run, name) for name in group_by)].append(run)
    ranked = sorted(groups, key=lambda key: (-len(groups[key]), [(v is None, v) for v in key]))
    shown = found.breakdown[: min(top, len(ranked))]
    assert [tuple(entry["key"].values()) for entry in shown] == ranked[:top]
    for entry, key in zip(shown, ranked, strict=False):
        assert_same_stats(entry, expected_stats(groups[key]))
    left = [run for key in ranked[top:] for run in groups[key]]
    others = found.breakdown[len(shown) :]
    assert [(each["key"], each["others"], each["groups"]) for each in others] == (
        [({}, True, len(ranked) - top)] if left else []
    )
    for each in others:
        assert_same_stats(each, expected_stats(left))
    for entry in found.breakdown:
        points = [point for point in found.series if point["key"] == entry["key"]]
        assert sum(point["runs"] for point in points) == entry["runs"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("count", [1_000, 250_000], ids=["held", "streamed"])
def test_the_figures_are_the_same_when_runs_are_too_many_to_hold(storage, count):
    storage.store_many("ada", START_US, count)
    query = UsageQuery("ada", START_US, START_US + WINDOW_US)

    told = summary(storage.bucket, storage.catalog, query).stats
    asked = overview(storage.bucket, storage.catalog, query, group_by=("device",), step_s=86_400)

    assert (told["runs"], told["devices"], told["models"]) == (count, 7, 0)
    assert told["latency_ms"]["p50"] == 500.5
    assert told["latency_ms"]["max"] == 1000
    assert told["extra"]["x"]["mean"] == (count - 1) / 2
    assert asked.total["latency_ms"] == told["latency_ms"]
    assert sum(entry["runs"] for entry in asked.breakdown) == count
    assert sum(point["runs"] for point in asked.series) == count


def test_every_bucket_is_there_when_most_are_empty(storage):
    storage.store("ada", [Run(run_id="r", ts_us=START_US + 5 * SECOND_US)], fold=True)

    found = overview(
        storage.bucket,
        storage.catalog,
        UsageQuery("ada", START_US, START_US + 60 * SECOND_US),
        step_s=10,
    )

    assert [point["runs"] for point in found.series] == [1, 0, 0, 0, 0, 0]
    assert found.series[1]["error_rate"] is None
    assert found.series[1]["latency_ms"]["p50"] is None


def test_a_run_is_the_same_when_read_before_and_after_folding(storage):
    run = Run(
        run_id="r",
        ts_us=START_US + 123_456,
        device="d",
        model="m",
        tag="t",
        tenant="x",
        prompt_tokens=3,
        completion_tokens=4,
        latency_ms=0.1,
        ttft_ms=0.05,
        tok_s=1 / 3,
        ok=False,
        job_id="j",
        dataset="s",
        source_kind="job",
        prompt_preview="p",
        extra={"µ (W)": -1.5},
        batch_id="b",
    )
    query = UsageQuery("ada", START_US, START_US + DAY_US)

    def read():
        return overview(storage.bucket, storage.catalog, query, step_s=86_400, newest=5).runs

    storage.store("ada", [run], fold=False)
    pending = read()
    compactor(UserLog(storage.bucket, storage.catalog, "ada")).drain(lambda: True)

    assert pending == read() == [run.document()]
