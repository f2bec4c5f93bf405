"""Keeps one thing's failure from all others: the last resort around a row, a user, a message.

What fails inside is logged by ids with its traceback, counted, and not raised. The caller
goes on with the next one, and sees to it that the failed one is tried again.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import msgspec

from shared.observability import count, logger


class IsolatedWork(msgspec.Struct):
    """Whether the work inside `kept_apart` failed."""

    failed: bool = False


@contextmanager
def kept_apart(
    event: str, metric: str | None, *, service: str | None = None, **ids: object
) -> Iterator[IsolatedWork]:
    """Let any failure inside cost only what is named: logged as `event`, counted as `metric`
    (None where the caller makes it known).

    Running out of memory is the process's failure, not one thing's, and is raised; so is
    whatever is no `Exception`.
    """
    attempt = IsolatedWork()
    try:
        yield attempt
    except MemoryError:
        raise
    except Exception:
        # The last resort: what was not foreseen in one thing must not cost the others.
        attempt.failed = True
        logger().exception(event, extra=ids)
        if metric:
            count(metric, service=service)


def user_kept_apart(step: str, user_id: str) -> AbstractContextManager[IsolatedWork]:
    """`kept_apart` for the work of one user's storage in the background."""
    return kept_apart(
        "user_not_served", "UsersNotServed", service="storage", step=step, user_id=user_id
    )


# The code of a row that fails in a way that was not foreseen.
ROW_UNREADABLE = "row_unreadable"


def tell_unreadable_rows(failures: Sequence[Exception], **ids: object) -> None:
    """Count the rows that failed with the code `ROW_UNREADABLE`, which is a fault of ours, and
    log where the first one did; not what the exception says, for that may be a user's data.
    """
    unforeseen = [failure for failure in failures if getattr(failure, "code", "") == ROW_UNREADABLE]
    if unforeseen:
        where = place_of_failure(unforeseen[0].__cause__)
        logger().error("rows_not_converted", extra={**where, **ids})
        count("RowsNotConverted", len(unforeseen), service="rows")


def place_of_failure(failure: BaseException | None) -> dict[str, object]:
    """What kind of failure it was, and where: all of it that may be logged of users' data."""
    frames = traceback.extract_tb(failure.__traceback__) if failure else []
    return {
        "error": type(failure).__name__,
        "frames": [f"{frame.filename}:{frame.lineno}" for frame in frames[-5:]],
    }


class StepsFailed(RuntimeError):
    """Some steps of an upkeep failed as a whole; all others were carried out."""


def carry_out_all(steps: Mapping[str, Callable[[], int]]) -> dict[str, int]:
    """Carry steps out in order, each whatever becomes of those before it; what each returned.

    Raises StepsFailed in the end when any failed, so that the function's own alarm and
    retry see it.
    """
    done: dict[str, int] = {}
    for name, step in steps.items():
        with kept_apart("step_failed", None, step=name):
            done[name] = step()
    if missing := [name for name in steps if name not in done]:
        raise StepsFailed(f"failed: {', '.join(missing)}")
    return done
