"""The order in which queues are looked at."""

from evalyard_runner.lanes import NORMAL_FIRST_EVERY, poll_order, waiting_queue
from evalyard_runner.wire import Queue
from hypothesis import given
from hypothesis import strategies as st

LISTED = [
    Queue("dev-high", "high"),
    Queue("dev", "normal"),
    Queue("high", "high"),
    Queue("pool", "normal"),
]
QUEUES = st.lists(
    st.builds(Queue, st.text("abc", min_size=1), st.sampled_from(["high", "normal"])),
    min_size=1,
    unique_by=lambda queue: queue.url,
)


def test_order_is_the_servers_when_it_is_not_the_normal_lanes_turn() -> None:
    assert poll_order(LISTED, 0) == LISTED


def test_normal_lanes_lead_when_their_turn_comes() -> None:
    urls = [queue.url for queue in poll_order(LISTED, NORMAL_FIRST_EVERY - 1)]

    assert urls == ["dev", "pool", "dev-high", "high"]


@given(QUEUES, st.integers(0, 1000))
def test_every_queue_is_looked_at_once_when_a_round_is_made(queues: list[Queue], no: int) -> None:
    assert sorted(poll_order(queues, no), key=repr) == sorted(queues, key=repr)


@given(QUEUES, st.integers(0, 1000))
def test_every_queue_is_waited_on_when_as_many_rounds_pass(queues: list[Queue], no: int) -> None:
    waited = [waiting_queue(queues, no + step) for step in range(len(queues))]

    assert sorted(waited, key=repr) == sorted(queues, key=repr)


@given(QUEUES, st.integers(0, 1000))
def test_a_normal_lane_leads_when_four_rounds_pass(queues: list[Queue], no: int) -> None:
    leaders = {poll_order(queues, no + step)[0].lane for step in range(NORMAL_FIRST_EVERY)}

    assert "normal" in leaders or all(queue.lane == "high" for queue in queues)
