"""How long the runner waits before it tries again."""

from evalyard_runner.backoff import Backoff
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(0, 1), st.integers(1, 60))
def test_delay_stays_within_bounds_when_everything_keeps_failing(rand: float, tries: int) -> None:
    backoff = Backoff(first_s=0.5, longest_s=30, rand=lambda: rand)

    delays = [backoff.next_delay() for _ in range(tries)]

    assert all(0.25 <= delay <= 30 for delay in delays)
    assert delays == sorted(delays)


def test_delay_is_short_again_when_a_try_passed() -> None:
    backoff = Backoff(rand=lambda: 1.0)
    first = backoff.next_delay()
    backoff.next_delay()

    backoff.reset()

    assert backoff.next_delay() == first
