"""What becomes of an ask, whatever happens to its messages and to its devices."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.gateway.asking import Asking, Ended, Send
from shared.gateway.messages import MAX_MESSAGE_BYTES, encoded, read_up
from tests.shared.gateway.kit import Device, World, frame, text

WORDS = "one two three"
# When copies of a message arrive; no copy at all is a lost message.
COPIES = st.lists(st.sampled_from([0.0, 0.01, 0.2, 0.7]), max_size=3)


def test_words_come_in_order_and_once_when_all_goes_well() -> None:
    world = World({"a": Device()})

    end = world.run()

    assert (end.how, end.serial, world.words) == ("done", "a", WORDS)
    assert [step.kind for step in world.sent] == ["ask", "end"]


@given(st.dictionaries(st.integers(0, 6), COPIES))
def test_words_come_in_order_and_once_when_frames_are_lost_doubled_or_late(
    faults: dict[int, list[float]],
) -> None:
    world = World({"a": Device()}, up=lambda n: faults.get(n, [0.01]))

    end = world.run()

    # Where nothing at all of the first second arrives, the device counts as one that is not there.
    assert (end.how, world.words) == ("done", WORDS) or not any(faults.get(n) for n in range(6))


@given(st.dictionaries(st.integers(0, 4), COPIES))
def test_ask_is_answered_by_one_device_whole_when_messages_to_it_are_lost_or_doubled(
    faults: dict[int, list[float]],
) -> None:
    devices = {"a": Device(), "b": Device()}
    world = World(devices, down=lambda n: faults.get(n, [0.01]))

    end = world.run()

    assert len(devices["a"].asked) <= 1
    if end.how == "done":
        assert world.words == WORDS
        assert {step.serial for step in world.told if step.frame.c} == {end.serial}
    else:
        assert not world.words


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from(["a", "b", ""]),
            st.sampled_from(
                [
                    text(3, "WRONG", attempt=2),
                    text(3, "WRONG", attempt=0),
                    frame("done", 1, attempt=9),
                    frame("done", 4, ask_id="ask_2"),
                    text(99_999, "WRONG"),
                    frame("unheard_of", 40),
                ]
            ),
        ),
        max_size=6,
    )
)
def test_words_are_the_devices_own_when_frames_of_others_come_between(
    noise: list[tuple[float, str, Any]],
) -> None:
    world = World({"a": Device(), "b": Device(words=("WRONG",))}, noise=noise)

    end = world.run()

    assert (end.how, end.serial, world.words) == ("done", "a", WORDS)


def test_frame_from_another_topic_is_not_believed_when_it_has_the_right_numbers() -> None:
    forged = [(0.005, "b", frame("accepted", 1)), (0.1, "b", text(3, "WRONG"))]
    world = World({"a": Device(), "b": Device()}, noise=forged)

    assert world.run().serial == "a"
    assert world.words == WORDS


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"\xff", b'{"id":1}', b"null", b'{"id":"\xff"}', b'{"c":' + b"[" * 90_000],
)
def test_payload_is_no_frame_when_it_is_garbage(payload: bytes) -> None:
    assert read_up(payload) is None


def test_payload_is_no_frame_when_it_is_over_size() -> None:
    whole = {"id": "a", "try": 1, "n": 1, "t": 0, "k": "chunks", "c": [[0, {"x": "y" * 90_000}]]}

    assert read_up(encoded(whole)) is not None
    assert read_up(encoded(whole | {"message": "y" * MAX_MESSAGE_BYTES})) is None


@pytest.mark.parametrize("reason", ["full", "hot", "low_battery", "model_not_found", "stopping"])
def test_next_device_answers_when_the_first_refuses(reason: str) -> None:
    world = World({"a": Device(refuses=reason), "b": Device()})

    assert (world.run().serial, world.words) == ("b", WORDS)


def test_call_is_refused_with_the_queue_when_all_are_full() -> None:
    end = World({"a": Device(refuses="full"), "b": Device(refuses="hot")}).run()

    assert (end.how, end.serial, end.ahead, end.retry_after_s) == ("queue_full", None, 4, 7)


def test_call_is_refused_with_the_last_reason_when_no_device_can() -> None:
    end = World({"a": Device(refuses="hot")}).run()

    assert end.frame is not None
    assert (end.how, end.serial, end.frame.reason) == ("refused", None, "hot")


def test_next_device_answers_when_the_first_does_not_say_anything() -> None:
    world = World({"a": Device(dies_after=0), "b": Device()})

    assert (world.run().serial, world.words) == ("b", WORDS)
    assert [step.kind for step in world.sent[:3]] == ["ask", "cancel", "ask"]
    assert world.sent[1].unheard


def test_last_device_answers_when_it_was_too_busy_to_say_so_at_once() -> None:
    world = World({"a": Device()}, up=lambda n: [4.0] if n == 0 else [4.1])

    end = world.run()

    assert (end.how, world.words) == ("done", WORDS)


def test_last_device_is_not_waited_for_when_the_broker_says_that_it_left() -> None:
    asking = Asking("ask_1", ["a"], waits_until=30.0, timeout_s=30.0, ends_by=60.0, now=0.0)
    list(asking.begin(0.0))
    asking.leave("a", 0.5)

    steps = [type(step).__name__ for step in asking.tick(1.6)]

    assert steps == ["Send", "Ended"]


@pytest.mark.parametrize("frames", [1, 2])
def test_another_takes_over_unseen_when_a_device_dies_before_the_first_text(frames: int) -> None:
    world = World({"a": Device(dies_after=frames), "b": Device()})

    end = world.run()

    assert (end.how, end.serial, world.words) == ("done", "b", WORDS)
    assert world.now < 10


@pytest.mark.parametrize("frames", [1, 2])
def test_another_takes_over_sooner_when_the_broker_says_that_a_device_left(frames: int) -> None:
    world = World({"a": Device(dies_after=frames), "b": Device()}, leaves=[(0.3, "a")])

    end = world.run()

    assert (end.how, end.serial, world.words) == ("done", "b", WORDS)
    assert world.now < 5


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["a", "b", ""])), max_size=4))
def test_device_that_speaks_is_not_lost_when_the_broker_says_that_it_left(
    leaves: list[tuple[float, str]],
) -> None:
    world = World({"a": Device(), "b": Device()}, leaves=leaves)

    end = world.run()

    assert (end.how, end.serial, world.words) == ("done", "a", WORDS)


def test_device_is_waited_for_when_the_broker_says_that_it_left_in_the_middle() -> None:
    world = World({"a": Device(dies_after=4), "b": Device()}, leaves=[(0.4, "a")])

    end = world.run()

    assert (end.how, end.serial) == ("lost", "a")
    assert world.now > 10


def test_call_fails_when_its_device_dies_after_the_first_text() -> None:
    world = World({"a": Device(dies_after=4), "b": Device()})

    end = world.run()

    assert (end.how, end.serial, end.spoken, world.words) == ("lost", "a", True, "one two ")


def test_call_fails_when_three_devices_died() -> None:
    world = World({name: Device(dies_after=2) for name in "abcd"})

    end = world.run()

    assert (end.how, end.serial) == ("lost", "c")


def test_another_answers_when_a_device_fails_before_the_first_text() -> None:
    fails = frame("failed", 3, code="runtime_crash", message="gone", retryable=True)
    world = World({"a": Device(words=(), fails=fails), "b": Device()})

    assert (world.run().serial, world.words) == ("b", WORDS)


@pytest.mark.parametrize(
    ("words", "code", "retryable"),
    [((), "invalid_argument", True), ((), "internal", False), (("one ",), "runtime_crash", True)],
)
def test_failure_is_final_when_no_other_device_could_do_better(
    words: tuple[str, ...], code: str, retryable: bool
) -> None:
    fails = frame("failed", 3 + len(words), code=code, message="why", retryable=retryable)
    end = World({"a": Device(words=words, fails=fails), "b": Device()}).run()

    assert end.frame is not None
    assert (end.how, end.serial, end.frame.code) == ("failed", "a", code)


def test_call_is_given_up_when_no_device_begins_in_time() -> None:
    waiting = Device(words=())
    waiting._frames = lambda attempt: iter(  # type: ignore[method-assign]
        [
            frame("accepted", 1, attempt, ahead=3),
            *(frame("alive", n, attempt) for n in range(2, 60)),
        ]
    )
    world = World({"a": waiting}, max_wait_s=2.0)

    end = world.run()

    assert (end.how, end.serial, end.ahead) == ("wait_exceeded", None, 3)
    assert world.sent[-1].kind == "cancel"


def test_call_is_stopped_when_it_takes_longer_than_its_timeout() -> None:
    world = World({"a": Device(words=("and ",) * 100)}, timeout_s=2.0)

    end = world.run()

    assert (end.how, end.serial, world.sent[-1].kind) == ("timeout", "a", "cancel")
    assert 2.0 <= world.now <= 4.0


@pytest.mark.parametrize("begins", [True, False])
def test_call_is_over_in_time_when_its_first_device_failed_late(begins: bool) -> None:
    """Upkeep takes a call that lasts longer for one whose function died."""
    asking = Asking("ask_1", ["a", "b"], waits_until=30.0, timeout_s=300.0, ends_by=330.0, now=0.0)
    list(asking.begin(0.0))
    list(asking.hear("a", frame("started", 1), 1.0))
    failed = frame("failed", 2, code="runtime_crash", message="gone", retryable=True)
    list(asking.hear("a", failed, 320.0))
    list(asking.hear("b", frame("started" if begins else "accepted", 1, attempt=2), 328.0))

    before = [type(step).__name__ for step in asking.tick(329.9)]
    sent, end = asking.tick(330.0)

    assert "Ended" not in before
    assert isinstance(sent, Send)
    assert (sent.kind, sent.serial) == ("cancel", "b")
    assert isinstance(end, Ended)
    assert end.how == ("timeout" if begins else "wait_exceeded")


def test_device_stops_when_the_client_leaves_while_it_speaks() -> None:
    world = World({"a": Device(words=("and ",) * 100)}, cancelled_at=1.0)

    end = world.run()

    assert (end.how, end.serial, end.spoken) == ("cancelled", "a", True)
    assert world.sent[-1].kind == "cancel"


def test_call_ends_at_once_when_the_client_leaves_while_it_waits() -> None:
    world = World({"a": Device(dies_after=1)}, cancelled_at=0.5)

    end = world.run()

    assert (end.how, end.serial, world.now < 2) == ("cancelled", None, True)


def test_device_hears_that_the_call_is_wanted_while_it_speaks() -> None:
    world = World({"a": Device(words=("and ",) * 120)})

    world.run()

    assert [step.kind for step in world.sent].count("keep") == 2


def test_device_that_lives_is_not_lost_when_its_last_word_was() -> None:
    world = World({"a": Device()}, up=lambda n: [] if n == 5 else [0.01])

    end = world.run()

    assert (end.how, world.words) == ("done", WORDS)
    assert "again" in [step.kind for step in world.sent]
