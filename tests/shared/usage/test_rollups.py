"""Answers from rollups: counts and sums are those of the rows, percentiles within 1 %."""

from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import DAY_US, SECOND_US
from shared.runs import DIMENSIONS, Run
from shared.storage.lake import RELATIVE_ERROR
from shared.usage import Filters, ReadOptions, UsageQuery, overview, summary
from tests.kit.effort import examples
from tests.shared.usage.oracle import expected_stats
from tests.shared.usage.test_queries import START_US, runs, slow

ROLLED = ReadOptions(exact=False)
few = settings(slow, max_examples=examples(0.3))
NAMES = ("t", "key", "others", "groups")
HOUR_US = 3_600 * SECOND_US
_users = count()


def renamed(prefix: str, found: list[Run]) -> list[Run]:
    """The runs with ids of their own, as those of the same instant are in order of their ids."""
    return [msgspec.structs.replace(run, run_id=f"{prefix}-{run.run_id}") for run in found]


def near(found, expected, path=()) -> bool:
    """The same, but for percentiles: each within the histogram's error."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            near(found[key], expected[key], (*path, key)) for key in found
        )
    if found is None or expected is None:
        return found is expected
    if path[-1] in ("p50", "p90", "p95", "p99") and path[0] != "extra":
        return found == pytest.approx(expected, rel=RELATIVE_ERROR * 1.0001, abs=1e-12)
    if path[-1] in ("p50", "p90", "p95", "p99"):
        # Interpolating across zero, an error of the neighbours may exceed that of the value.
        return found == pytest.approx(expected, rel=0.01, abs=0.01 * 1e6)
    if path[-1] in ("std", "mean"):
        return found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def named(point):
    """Which bucket and group this is."""
    return {name: point.get(name) for name in NAMES}


def assert_near_stats(found, expected) -> None:
    for name, value in expected.items():
        assert near(found[name], value, (name,)), (name, found[name], value)


@pytest.mark.exhaustive
@few
@given(
    batches=st.lists(runs(), min_size=1, max_size=4),
    pending=runs(),
    ok=st.sampled_from([(), (True,), (False,)]),
    models=st.sampled_from([(), ("a",), ("a", "b")]),
    tags=st.sampled_from([(), ("b",)]),
    shift=st.sampled_from([0, 1, HOUR_US, 90 * 60 * SECOND_US]),
)
def test_summary_from_rollups_agrees_with_the_oracle_when_windows_are_ragged(
    storage, batches, pending, ok, models, tags, shift
):
    user = f"user-{next(_users)}"
    for number, batch in enumerate(batches):
        storage.store(user, batch, fold=True)
        if number == len(batches) // 2:
            storage.tidy(user)
    storage.store(user, pending, fold=False)
    query = UsageQuery(
        user,
        START_US + shift,
        START_US + 3 * DAY_US - shift,
        Filters(model=models, ok=ok, tag=tags),
    )

    found = summary(storage.bucket, storage.catalog, query, ROLLED).stats

    inside = [
        run
        for run in [*(run for batch in batches for run in batch), *pending]
        if query.from_us <= run.ts_us < query.to_us
        and (not models or run.model in models)
        and (not tags or run.tag in tags)
        and (not ok or run.ok in ok)
    ]
    assert_near_stats(found, expected_stats(inside))
    assert found["devices"] == len({run.device for run in inside} - {None})
    assert found["models"] == len({run.model for run in inside} - {None})


@pytest.mark.exhaustive
@few
@given(
    folded=runs(),
    more=runs(),
    pending=runs(),
    group_by=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True),
    tz=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    step_s=st.sampled_from([3_600, 6 * 3_600, 86_400]),
    top=st.none() | st.integers(1, 4),
)
def test_groups_and_buckets_from_rollups_equal_those_from_rows(
    storage, folded, more, pending, group_by, tz, step_s, top
):
    user = f"user-{next(_users)}"
    folded, more = renamed("folded", folded), renamed("more", more)
    storage.store(user, folded, fold=True)
    storage.tidy(user)
    storage.store(user, more, fold=True)
    storage.store(user, pending, fold=False)
    query = UsageQuery(user, START_US, START_US + 2 * DAY_US + HOUR_US)

    def ask(options: ReadOptions):
        return overview(
            storage.bucket,
            storage.catalog,
            query,
            group_by=tuple(group_by),
            top=top,
            step_s=step_s,
            tz=tz,
            newest=100,
            options=options,
        )

    rolled, exact = ask(ROLLED), ask(ReadOptions(exact=True))

    assert exact.exact
    assert rolled.runs == exact.runs
    assert_near_stats(rolled.total, exact.total)
    for found, expected in ((rolled.series, exact.series), (rolled.breakdown, exact.breakdown)):
        assert [named(point) for point in found] == [named(point) for point in expected]
        for point, other in zip(found, expected, strict=True):
            assert_near_stats(
                {k: v for k, v in point.items() if k not in NAMES},
                {k: v for k, v in other.items() if k not in NAMES},
            )
    assert sum(point["runs"] for point in rolled.series) == rolled.total["runs"]
