"""Each minute: sends what was not sent, ends what lapsed, finishes what was interrupted.

Done: as much as time allowed; the next run goes on with what comes after. Retry: one item's
failure (metric `JobsNotTended` where it was not foreseen) leaves it due for the next round;
what cannot even be listed keeps nothing else waiting, then fails the invocation, which
Lambda retries and reports to the failed-events queue. Nothing is dropped, and the event says
nothing. A second run at the same time is harmless: jobs move by conditional writes, messages
may be doubled, and the two share the round.
"""

from functools import cache
from typing import Any

from shared.config import read_settings
from shared.jobs import Jobs, JobsSettings
from shared.observability import logger
from shared.turns import TimeLeft

_RESERVE_MS = 10_000


def lambda_handler(event: object, context: Any) -> dict[str, int]:
    """Work on what is due and return what was done."""
    del event
    done = _jobs().maintenance.sweep(TimeLeft.of(context, _RESERVE_MS))
    logger().info("jobs_maintained", done=dict(done))
    return dict(done)


@cache
def _jobs() -> Jobs:
    return Jobs.of(read_settings(JobsSettings))
