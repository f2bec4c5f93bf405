"""Exit codes: what a script learns of a command."""

from __future__ import annotations

from evalyard.errors import (
    AppendInterrupted,
    EvalyardError,
    Forbidden,
    JobFailed,
    OutOfReach,
    ServerError,
    Unauthorized,
    WaitTimeout,
)

GOOD = 0
REGRESSION = 1
USAGE = 2
INCONCLUSIVE = 3
NO_DATA = 4
JOB_FAILED = 5
NOT_ALLOWED = 6
OUT_OF_REACH = 7
TIMED_OUT = 8
NOT_COMPARABLE = 9
INTERRUPTED = 130

_OF_ERRORS: tuple[tuple[type[EvalyardError], int], ...] = (
    (Unauthorized, NOT_ALLOWED),
    (Forbidden, NOT_ALLOWED),
    (OutOfReach, OUT_OF_REACH),
    (ServerError, OUT_OF_REACH),
    (JobFailed, JOB_FAILED),
    (WaitTimeout, TIMED_OUT),
)


def of_error(error: EvalyardError) -> int:
    """The code of an error; of an upload that was cut, that of what cut it."""
    if isinstance(error, AppendInterrupted) and isinstance(error.__cause__, EvalyardError):
        return of_error(error.__cause__)
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), USAGE)
