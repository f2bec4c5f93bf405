"""Side by side: in order, bounded in number and in bytes, and an error is the item's own."""

import logging
from itertools import islice
from threading import Barrier, Event, Lock, current_thread

import pytest

from shared.aws import Bucket, ObjectMissing, clients, side_by_side
from shared.aws.parallel import AT_ONCE, BUDGET_BYTES


class Gauge:
    """Counts how many calls are under way, and what they weigh together at most."""

    def __init__(self) -> None:
        self.now = self.most = self.begun = 0
        self._lock = Lock()

    def work(self, weight: int) -> int:
        with self._lock:
            self.begun += 1
            self.now += weight
            self.most = max(self.most, self.now)
        return weight

    def taken(self, weight: int) -> None:
        with self._lock:
            self.now -= weight


def test_results_come_in_order_when_the_first_takes_longest() -> None:
    others_done = Event()

    def work(number: int) -> int:
        if number == 0:
            assert others_done.wait(10)
        if number == AT_ONCE - 1:
            others_done.set()
        return number

    assert list(side_by_side(work, range(40))) == list(range(40))


def test_sixteen_calls_are_under_way_together_when_there_are_enough() -> None:
    together = Barrier(AT_ONCE, timeout=10)

    places = list(side_by_side(lambda _: together.wait(), range(2 * AT_ONCE)))

    assert sorted(places) == sorted([*range(AT_ONCE)] * 2)


def test_no_more_than_sixteen_are_begun_when_results_are_not_taken() -> None:
    gauge = Gauge()

    results = side_by_side(gauge.work, [1] * 1_000)
    next(results)
    results.close()

    assert gauge.begun <= AT_ONCE


def test_what_is_held_stays_within_the_budget_when_items_are_large() -> None:
    gauge, large = Gauge(), BUDGET_BYTES // 3

    for weight in side_by_side(gauge.work, [large] * 20, weight=int):
        gauge.taken(weight)

    # The one that was just taken is the caller's.
    assert gauge.most <= BUDGET_BYTES + large


def test_an_item_goes_alone_when_it_is_larger_than_the_budget() -> None:
    gauge, huge = Gauge(), 2 * BUDGET_BYTES

    for weight in side_by_side(gauge.work, [huge] * 3, weight=int):
        gauge.taken(weight)

    assert (gauge.begun, gauge.most) == (3, huge)


def test_the_error_comes_in_its_turn_when_one_item_fails() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 20:
            raise ObjectMissing("gone")
        return number

    results = side_by_side(work, range(1_000))
    got = list(islice(results, 20))
    with pytest.raises(ObjectMissing):
        next(results)

    assert got == list(range(20))
    assert len(begun) <= 20 + AT_ONCE


@pytest.mark.parametrize("items", [[], [7]])
def test_no_thread_is_made_when_there_is_nothing_to_do_together(items: list[int]) -> None:
    names: list[str] = []

    def work(number: int) -> int:
        names.append(current_thread().name)
        return number

    assert list(side_by_side(work, items)) == items
    assert set(names) <= {"MainThread"}


def test_no_connection_is_thrown_away_when_sixteen_calls_share_a_client(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "urllib3.connectionpool")
    keys = [f"k{number}" for number in range(64)]
    for key in keys:
        bucket.put(key, key.encode())

    bodies = list(side_by_side(bucket.get, keys))

    assert bodies == [key.encode() for key in keys]
    assert clients.client("s3").meta.config.max_pool_connections >= AT_ONCE
    assert not caplog.records


def test_one_client_is_made_when_many_threads_ask_for_the_first(aws: None) -> None:
    clients._client.cache_clear()
    clients._session.cache_clear()
    together = Barrier(AT_ONCE, timeout=10)

    def ask(_: int) -> int:
        together.wait()
        return id(clients.client("sqs"))

    found = list(side_by_side(ask, range(AT_ONCE)))

    assert len(set(found)) == 1
