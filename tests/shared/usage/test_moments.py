"""Moments of groups are NumPy's, and rollups give the same as rows."""

from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from shared.runs import Run
from shared.storage.log import UserLog, read_snapshot
from shared.usage import Filters, UsageQuery
from shared.usage.moments import GroupMoments, Moment, side_moments
from tests.shared.usage.test_queries import START_US, WINDOW_US, runs

_users = count()


def moments_of(values: list[float]) -> tuple[int, float, float]:
    return len(values), float(np.mean(values)), float(np.std(values))


def same(found: Moment, values: list[float]) -> bool:
    expected = moments_of(values)
    return found.n == expected[0] and (found.mean, found.std) == pytest.approx(
        expected[1:], rel=1e-9, abs=1e-6
    )


def check(group: GroupMoments, inside: list[Run]) -> None:
    assert group.runs == len(inside)
    for name in ("latency_ms", "ttft_ms", "tok_s"):
        values = [value for run in inside if run.ok and (value := getattr(run, name)) is not None]
        assert (name in group.metrics) is bool(values)
        assert not values or same(group.metrics[name], values)
    assert same(group.metrics["error_rate"], [float(not run.ok) for run in inside])
    for label in {label for run in inside for label in run.extra}:
        assert same(group.extras[label], [run.extra[label] for run in inside if label in run.extra])


@pytest.mark.exhaustive
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(folded=runs(), pending=runs())
def test_moments_are_numpys_when_read_from_rows_or_rollups(storage, folded, pending):
    user = f"moments-{next(_users)}"
    storage.store(user, folded, fold=True)
    storage.tidy(user)
    storage.store(user, pending, fold=False)
    log = UserLog(storage.bucket, storage.catalog, user)
    query = UsageQuery(user, START_US, START_US + WINDOW_US)
    inside = [run for run in folded + pending if query.from_us <= run.ts_us < query.to_us]

    for by, exact in ((("device",), True), (("device",), False), (("cond.quant",), False)):
        found = read_snapshot(
            log, lambda snapshot, by=by, exact=exact: side_moments(snapshot, query, by, exact=exact)
        )

        def key_of(run: Run, name: str = by[0]) -> str | None:
            return run.device if name == "device" else run.conditions.get("quant")

        assert found.runs == sum(group.runs for group in found.groups) == len(inside)
        assert {group.key for group in found.groups} == {(key_of(run),) for run in inside}
        for group in found.groups:
            check(group, [run for run in inside if (key_of(run),) == group.key])


def test_nothing_is_there_when_no_run_passes_the_filters(storage):
    log = UserLog(storage.bucket, storage.catalog, "user-without-runs")
    query = UsageQuery("user-without-runs", START_US, START_US + WINDOW_US, Filters(model=("m",)))

    found = read_snapshot(log, lambda snapshot: side_moments(snapshot, query, ("device", "model")))

    assert (found.runs, found.groups) == (0, ())
