"""Several calls at once, bounded in number and in bytes, with results in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from shared.deadlines import current_deadline

# So many calls are under way at a time; a client keeps as many connections open.
AT_ONCE = 16
# Enough for sixteen objects of 2 MB; a function of 1 GB has room for it several times.
BUDGET_BYTES = 32 * 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    weight: Callable[[Item], int] = lambda _: 0,
) -> Iterator[Result]:
    """`work` of each item, in order, begun ahead of the one that is taken.

    What is under way, or done and not taken, weighs at most 32 MiB together, in the bytes
    that `weight` gives; an item that weighs more goes alone. What an item raises comes
    when its turn comes, and what was not begun by then is not begun. Raises QueryTimedOut
    when the caller's deadline passes meanwhile.
    """
    deadline = current_deadline()
    if len(items) <= 1 or AT_ONCE <= 1:
        for item in items:
            deadline.check()
            yield work(item)
        return
    ahead: deque[tuple[Future[Result], int]] = deque()
    with ThreadPoolExecutor(min(AT_ONCE, len(items))) as pool:
        try:
            for item in items:
                deadline.check()
                size = weight(item)
                while ahead and _is_full(ahead, size):
                    yield ahead.popleft()[0].result()
                ahead.append((pool.submit(work, item), size))
            while ahead:
                yield ahead.popleft()[0].result()
        finally:
            for future, _ in ahead:
                future.cancel()


def _is_full(ahead: deque[tuple[Future[Result], int]], size: int) -> bool:
    held = sum(weight for _, weight in ahead)
    return len(ahead) >= AT_ONCE or held + size > BUDGET_BYTES
