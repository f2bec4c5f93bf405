"""Series are the points that sorting all runs by time gives, in whatever order they are read."""

import random
import statistics
from itertools import pairwise

import pytest

from shared.storage.lake.parquet import connect
from shared.usage.groups import TooManyGroups
from shared.usage.series import MAX_POINTS, read_series
from shared.usage.shifts import Points
from tests.kit.statements import watched_statements


@pytest.fixture
def connection():
    with connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE runs (ts TIMESTAMP, ok BOOLEAN, latency_ms DOUBLE, device VARCHAR, "
            "conditions MAP(VARCHAR, VARCHAR))"
        )
        yield connection


def store(connection, rows):
    """Rows of a second, a device and a latency; one of each ten failed, and counts for nothing."""
    rows = [(*row, True) for row in rows] + [(*row[:2], 1e9, False) for row in rows[::10]]
    seconds, devices, latencies, ok = map(list, zip(*rows, strict=True))
    connection.execute(
        "INSERT INTO runs SELECT make_timestamp(unnest(?::BIGINT[]) * 1000000), "
        "unnest(?::BOOLEAN[]), unnest(?::DOUBLE[]), unnest(?::VARCHAR[]), NULL",
        [seconds, ok, latencies, devices],
    )


def expected(latencies):
    """Points and the seconds at which they begin, of latencies in order of time."""
    single = latencies[-500:] if len(latencies) > MAX_POINTS else latencies
    older = latencies[: len(latencies) - len(single)]
    size = -(-len(older) // 500) or 1
    # Whole ones are counted from the newest.
    edges = [0, *range(len(older) % size or size, len(older) + 1, size)] if older else [0]
    blocks = [older[start:end] for start, end in pairwise(edges)]
    blocks += [[value] for value in single]
    starts = [sum(map(len, blocks[:place])) for place in range(len(blocks))]
    return Points(list(map(statistics.fmean, blocks)), list(map(len, blocks))), starts


@pytest.mark.parametrize("count", [1, 999, 1_000, 1_001, 1_499, 1_703])
@pytest.mark.parametrize("order", ["in order", "turned", "mixed"])
def test_points_are_those_of_sorted_runs_in_any_order(connection, count, order):
    chance = random.Random(count)
    latencies = [chance.uniform(1, 9) for _ in range(count)]
    rows = [(second, "a", latency) for second, latency in enumerate(latencies)]
    if order != "in order":
        rows = rows[::-1] if order == "turned" else chance.sample(rows, len(rows))
    rows += [(second, None, 2.0) for second in range(12)]
    store(connection, rows)

    with watched_statements() as statements:
        found = read_series(connection, ("device",), "latency_ms", 2_000)

    # Lists, groups, points; once more, sorted, where runs of a series came in another order.
    assert len(statements) == (3 if order == "in order" or count == 1 else 6)
    points, starts = expected(latencies)
    (one, other) = found
    assert (one.key, other.key) == (("a",), (None,))
    assert one.points.runs == points.runs
    assert one.points.values == pytest.approx(points.values, rel=1e-12)
    assert one.times == [second * 1_000_000 for second in starts]
    assert other.points == Points([2.0] * 12, [1] * 12)


def test_runs_are_sorted_at_once_when_there_are_very_many(connection):
    store(connection, [(second, "a", float(second)) for second in range(20)])
    few = read_series(connection, ("device",), "latency_ms", 20)

    with watched_statements() as statements:
        many = read_series(connection, ("device",), "latency_ms", 10_000_001)

    assert many == few
    assert len(statements) == 3
    assert not any("list(ts)" in sql for sql in statements)


def test_all_runs_are_one_series_when_nothing_is_kept_apart(connection):
    assert read_series(connection, (), "latency_ms", 2_000) == []
    store(connection, [(1, "a", 1.0), (0, "b", 3.0)])

    (found,) = read_series(connection, (), "latency_ms", 2_000)

    assert (found.key, found.points.values, found.times) == ((), [3.0, 1.0], [0, 1_000_000])


def test_mean_is_left_out_when_no_float_holds_it(connection):
    connection.execute(
        "INSERT INTO runs SELECT make_timestamp(i * 1000000), true, "
        "CASE WHEN i IN (7, 8) THEN 1.7e308 ELSE 5 END, 'a', NULL FROM range(1, 2001) r(i)"
    )

    (found,) = read_series(connection, ("device",), "latency_ms", 2_000)

    # 1500 older ones are 500 means of three each, the third of which is of the runs 7 to 9.
    assert found.points.values == [5.0] * 999
    assert found.times[1:3] == [4_000_000, 10_000_000]


def test_grouping_is_refused_when_there_are_too_many_series(connection):
    connection.execute(
        "INSERT INTO runs SELECT make_timestamp(i), true, 5, 'd' || i, NULL FROM range(1001) r(i)"
    )

    with pytest.raises(TooManyGroups):
        read_series(connection, ("device",), "latency_ms", 2_000)
