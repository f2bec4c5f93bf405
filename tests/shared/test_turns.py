"""How the time of an invocation is shared."""

from types import SimpleNamespace

from shared.turns import TimeLeft, Turn


def test_each_step_may_use_what_the_ones_before_it_left():
    context = SimpleNamespace(left=100_000)
    context.get_remaining_time_in_millis = lambda: context.left
    time_left = TimeLeft.of(context, 10_000)

    first = time_left.share(3)
    context.left = 70_001
    first_goes_on = first()
    context.left = 70_000
    second = time_left.share(2)
    third = time_left.share(1)

    assert (first_goes_on, first()) == (True, False)
    assert second.until_ms == 40_000
    assert third.until_ms == 10_000


def test_share_is_nothing_when_no_time_is_left():
    time_left = TimeLeft(lambda: 5_000, 10_000)

    assert not time_left()
    assert not time_left.share(4)()


def test_turn_ends_after_its_seconds_or_with_the_time_of_all(held_clock):
    answers = iter([True, False])
    turn = Turn(lambda: next(answers), 60)

    asked = [turn(), turn()]
    held_clock.advance(60)

    assert asked == [True, False]
    assert turn.over
    assert not turn()
