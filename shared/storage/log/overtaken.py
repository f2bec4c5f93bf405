"""Doing once more what another commit overtook."""

from collections.abc import Callable
from typing import TypeVar

from shared import clock
from shared.aws import ConditionFailed, ObjectMissing, TransactionLost
from shared.errors import Unavailable

_ATTEMPTS = 20

Result = TypeVar("Result")


class Overtaken(Exception):
    """A commit happened meanwhile."""


def retry_when_overtaken(
    attempt: Callable[[], Result],
    *,
    attempts: int = _ATTEMPTS,
    pause_s: Callable[[int], float] | None = None,
    retry_after_s: int | None = None,
) -> Result:
    """The result of the first attempt that no other commit came before.

    An attempt was overtaken when its own commit is refused (TransactionLost, ConditionFailed),
    when an object that the catalog named is gone (ObjectMissing), or when it says so
    (`Overtaken`). `pause_s` gives the seconds to wait before an attempt, by its number from
    0. Raises Unavailable (`storage_busy`) after so many attempts in a row.
    """
    for number in range(attempts):
        if pause_s:
            clock.sleep(pause_s(number))
        try:
            return attempt()
        except (ConditionFailed, ObjectMissing, Overtaken, TransactionLost):
            continue
    raise Unavailable(
        "the data is being reorganised; ask again",
        code="storage_busy",
        retry_after_s=retry_after_s,
    )
