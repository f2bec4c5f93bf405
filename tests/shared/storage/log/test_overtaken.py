"""What another commit overtook is done again, and not for ever."""

import pytest

from shared.aws import ConditionFailed, ObjectMissing, TransactionLost
from shared.errors import Conflict, Unavailable
from shared.storage.log.overtaken import Overtaken, retry_when_overtaken

OVERTAKEN = [
    ConditionFailed("another generation"),
    ObjectMissing("a part is gone"),
    Overtaken(),
    TransactionLost(("ConditionalCheckFailed",)),
]


class Attempts:
    """An attempt that fails in these ways, one after the other, and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def test_done_again_when_another_commit_came_first() -> None:
    attempt = Attempts(*OVERTAKEN)

    assert retry_when_overtaken(attempt) == "done"
    assert attempt.made == len(OVERTAKEN) + 1


def test_unavailable_when_overtaken_each_time() -> None:
    attempt = Attempts(*[Overtaken()] * 5)

    with pytest.raises(Unavailable) as refused:
        retry_when_overtaken(attempt, attempts=3, retry_after_s=1)

    assert (refused.value.error_code, refused.value.retry_after_s) == ("storage_busy", 1)
    assert attempt.made == 3


def test_raised_at_once_when_it_is_no_race() -> None:
    attempt = Attempts(Conflict("refused"))

    with pytest.raises(Conflict):
        retry_when_overtaken(attempt)

    assert attempt.made == 1


def test_waits_before_each_attempt_when_a_pause_is_given() -> None:
    asked: list[int] = []

    def pause_s(number: int) -> float:
        asked.append(number)
        return 0.0

    retry_when_overtaken(Attempts(Overtaken()), pause_s=pause_s)

    assert asked == [0, 1]
