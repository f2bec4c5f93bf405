"""Very many pending segments: read side by side and exactly, and the small ones folded first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Barrier, Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock, ids
from shared.clock import SECOND_US
from shared.datasets import PageRequest, read_rows
from shared.errors import Unavailable
from shared.storage.assembly import compactor
from shared.storage.lake import flush_plan
from shared.storage.lake.flush_plan import PATIENCE_S, SMALL_BYTES, flush_order
from shared.storage.log import PendingSegment, SegmentLog, SegmentName
from tests.kit.faults import Calls, Request, lose_answer, watched_calls

AT_ONCE = 16


@dataclass
class Together(Calls):
    """Calls of many threads. Reads of segments wait until so many are under way, and one of
    them has something happen before it.
    """

    before_read: dict[int, Callable[[], None]] = field(default_factory=dict)
    party: Barrier | None = None
    reads: int = 0
    _lock: Any = field(default_factory=Lock)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        key = str(request.params.get("Key"))
        if self._deep or request.operation != "GetObject" or not key.startswith("segments/"):
            return call()
        if self.party:
            self.party.wait()
        with self._lock:
            number, self.reads = self.reads, self.reads + 1
            self._act(self.before_read.pop(number, None))
        return call()


def append_large(world: Any, size: int = SMALL_BYTES + 1) -> str:
    """A large segment that the model of the world does not know."""
    segment_id = ids.ulid()
    row = b'{"pad":"' + b"x" * size + b'","_meta_batch_id":"bat_' + segment_id.encode() + b'"}'
    log = SegmentLog(world.bucket)
    log.append("ada", "large", [row], [], segment_id=segment_id, repeatable=False)
    return segment_id


def pending(world: Any) -> list[str]:
    found = SegmentLog(world.bucket).pending(world.user_id)
    return [segment.name.segment_id for segment in found]


@pytest.mark.parametrize("read", ["read_rows", "read_runs"])
def test_sixteen_segments_are_fetched_together_when_many_are_pending(world: Any, read: str) -> None:
    for _ in range(2 * AT_ONCE):
        world.append(rows=1)

    with watched_calls(Together(party=Barrier(AT_ONCE, timeout=20)), at_once=AT_ONCE):
        found = getattr(world, read)()

    assert found == (world.rows if read == "read_rows" else world.runs)


def test_sixteen_segments_are_fetched_together_when_they_are_folded(world: Any) -> None:
    for _ in range(2 * AT_ONCE):
        world.append(rows=1)

    with watched_calls(Together(party=Barrier(AT_ONCE, timeout=20)), at_once=AT_ONCE):
        assert world.compact() == 2 * AT_ONCE

    assert world.agrees()


@pytest.mark.parametrize("read", ["read_rows", "read_runs"])
@pytest.mark.parametrize("number", [0, 1, 7, 19])
def test_reader_sees_every_row_once_when_folding_runs_between_fetches_of_many_threads(
    world: Any, read: str, number: int
) -> None:
    for _ in range(20):
        world.append(rows=1)
    calls = Together(before_read={number: world.compact})

    with watched_calls(calls, at_once=AT_ONCE):
        found = getattr(world, read)()

    assert calls.reads > number
    assert found == (world.rows if read == "read_rows" else world.runs)


def test_the_error_of_one_fetch_is_the_readers_when_many_are_under_way(world: Any) -> None:
    for _ in range(20):
        world.append(rows=1)

    with (
        watched_calls(Together(before_read={7: lose_answer}), at_once=AT_ONCE),
        pytest.raises(Unavailable),
    ):
        world.read_runs()


def test_rows_come_in_append_order_when_they_are_fetched_together(world: Any) -> None:
    for _ in range(30):
        world.append(rows=2)

    with watched_calls(Together(), at_once=AT_ONCE):
        assert list(world.read_rows(page=7)) == list(world.rows)


def test_no_more_is_fetched_than_a_page_needs_when_many_are_pending(world: Any) -> None:
    for _ in range(30):
        world.append(rows=2)

    with watched_calls() as calls:
        page = read_rows(world.log, "d", PageRequest(3))

    assert len(page.lines) == 3
    assert calls.names.count("GetObject") == 2


@pytest.mark.exhaustive
def test_every_row_is_there_once_when_a_listing_has_several_pages(world: Any) -> None:
    for _ in range(1_010):
        world.append(rows=1, days=())

    with watched_calls() as calls:
        rows = world.listed_rows()

    assert rows == 1_010
    assert calls.names.count("ListObjectsV2") == 2
    assert SegmentLog(world.bucket).count_pending("ada", 5_000) == 1_010
    with watched_calls() as counting:
        assert SegmentLog(world.bucket).count_pending("ada", 1_000) == 1_000
    assert counting.names == ["ListObjectsV2"]


def test_small_segments_are_folded_first_when_a_commit_does_not_hold_all(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flush_plan, "MAX_BYTES", 2 * SMALL_BYTES)
    large = [append_large(world) for _ in range(3)]
    for _ in range(5):
        world.append(rows=1)

    folded = compactor(world.log).step()
    left = pending(world)
    world.compact()

    assert folded == 6
    assert left == large[1:]
    assert pending(world) == []
    assert world.read_rows() == world.rows
    assert len(world.read_rows("large")) == 3


def test_large_segments_are_folded_when_small_ones_keep_coming(
    world: Any, held_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A commit holds what comes of one dataset, so the large segment waits for the small ones.
    monkeypatch.setattr(flush_plan, "MAX_DATASETS_AND_MARKERS", 1)
    folding = compactor(world.log)
    large = append_large(world)
    steps = 0

    while large in pending(world):
        world.append(rows=1)
        world.append(rows=1)
        held_clock.advance(60)
        folding.step()
        steps += 1

    assert steps == PATIENCE_S // 60 + 1


DATASETS = st.sampled_from(["a", "b", ""])
SEGMENTS = st.lists(st.tuples(DATASETS, st.booleans(), st.integers(0, 2 * PATIENCE_S)), max_size=30)


@given(made=SEGMENTS, half=st.integers(0, 40))
def test_a_datasets_order_is_kept_when_small_segments_go_first(
    made: list[tuple[str, bool, int]], half: int
) -> None:
    now_us = clock.now_us()
    born = sorted(now_us - age * SECOND_US for _, _, age in made)
    live = []
    for number, ((dataset, large, _), at_us) in enumerate(zip(made, born, strict=True)):
        rows = 1 if dataset else 0
        segment_id = ids.repeatable_ulid(at_us, f"{number:04d}")
        name = SegmentName("ada", segment_id, False, rows, 0, 10, dataset)
        size = SMALL_BYTES * 2 if large else 10
        live.append(PendingSegment(name, size, rows_folded=number == half))
    live.sort(key=lambda segment: segment.name.segment_id)

    ordered = flush_order(live)

    def of(dataset: str, segments: list[PendingSegment]) -> list[PendingSegment]:
        return [each for each in segments if each.name.dataset == dataset and each.live_rows]

    assert len(ordered) == len(live)
    assert {id(each) for each in ordered} == {id(each) for each in live}
    for dataset in ("a", "b"):
        assert of(dataset, ordered) == of(dataset, live)
    assert not any(each.rows_folded for each in ordered[1:])
    # Whatever is small and follows nothing large goes before whatever is large and young.
    first_large = next(
        (place for place, each in enumerate(ordered) if _is_young_and_large(each, now_us)),
        len(ordered),
    )
    assert not any(
        each.size <= SMALL_BYTES and not each.live_rows for each in ordered[first_large:]
    )


def _is_young_and_large(segment: PendingSegment, now_us: int) -> bool:
    is_young = segment.name.born_us > now_us - (PATIENCE_S - 5) * SECOND_US
    return is_young and segment.size > SMALL_BYTES and not segment.rows_folded
