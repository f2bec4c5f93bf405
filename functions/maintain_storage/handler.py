"""Scheduled upkeep: folds what events missed; with `{"roll_up": true}` also rolls up days
that have something new; with `{"deep": true}` also goes on with tombstones whose wake-up was
lost, removes orphans, deletes for good what the recovery window no longer needs (where no
lifecycle rule does), and holds a sample of the rollups against their rows.

Done: as much as time allowed, each step for its share of it; the next run goes on with the
users after. Retry: what fails for one user is tried again in the next round (metric
`UsersNotServed`); a step that fails as a whole keeps no other from running, then the
invocation fails, is retried by Lambda and reported to the failed-events queue. Nothing is
dropped; an event of another shape folds. A second run at the same time is harmless: commits
are fenced, only aged orphans are removed, and the two share the round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.isolation import carry_out_all
from shared.observability import logger
from shared.storage.assembly import StorageMaintenance, maintenance
from shared.storage.log import Catalog
from shared.turns import MayGoOn, TimeLeft


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, and after how many days the upkeep deletes
    for good what was replaced (0: the bucket's lifecycle rules do).
    """

    data_bucket: str
    catalog_table: str
    expire_after_days: int


_RESERVE_MS = 20_000
# Of each user, each time.
_DAYS_HELD_AGAINST_ROWS = 3

Step = Callable[[MayGoOn], int]


def lambda_handler(event: object, context: Any) -> dict[str, int]:
    """Do the upkeep and return what was done."""
    settings = read_settings(Settings)
    upkeep = maintenance(Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table)))
    steps = _steps(upkeep, settings, event)
    done = _carry_out(steps, TimeLeft.of(context, _RESERVE_MS))
    logger().info("storage_maintained", extra=done)
    return done


def _steps(upkeep: StorageMaintenance, settings: Settings, event: object) -> dict[str, Step]:
    """What the schedule asks for, by the name that logs give it."""
    asked = event if isinstance(event, dict) else {}
    steps: dict[str, Step] = {"segments_folded": upkeep.flush_missed}
    if asked.get("roll_up"):
        steps["days_rolled_up"] = upkeep.roll_up
    if asked.get("deep"):
        steps["users_edited"] = upkeep.apply_tombstones
        steps["orphan_parts_removed"] = upkeep.remove_orphan_parts
        steps["orphan_versions_removed"] = upkeep.remove_orphan_versions
        steps["versions_expired"] = partial(upkeep.expire, settings.expire_after_days)
        steps["rollups_differing"] = partial(upkeep.hold_against_rows, _DAYS_HELD_AGAINST_ROWS)
    return steps


def _carry_out(steps: dict[str, Step], time_left: TimeLeft) -> dict[str, int]:
    """Each step for an equal share of the time that those before it left."""

    def in_its_share(step: Step, steps_left: int) -> int:
        return step(time_left.share(steps_left))

    return carry_out_all(
        {
            name: partial(in_its_share, step, len(steps) - place)
            for place, (name, step) in enumerate(steps.items())
        }
    )
