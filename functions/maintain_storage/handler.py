"""Scheduled upkeep: folds what events missed; with `{"roll_up": true}` also rolls up days
that have something new; with `{"deep": true}` also goes on with edits whose wake-up was
lost, removes orphans, deletes for good what the recovery window no longer needs (where no
lifecycle rule does), and holds a sample of the rollups against their rows.

Done: as much as time allowed; the next run goes on. Retry: a failure is retried by
Lambda and then reported to the failed-events queue. Nothing is dropped. A second run
at the same time is harmless: commits are fenced, and only aged orphans are removed.
"""

from typing import Any

from functions.maintain_storage.settings import Settings
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.datasets.folding import maintenance
from shared.observability import logger
from shared.storage import Catalog

_RESERVE_MS = 20_000
# Of each user, each time.
_DAYS_HELD_AGAINST_ROWS = 3


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do the upkeep and tell what was done."""
    settings = read_settings(Settings)
    upkeep = maintenance(Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table)))

    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)

    done = {"segments_folded": upkeep.fold_forgotten(may_go_on)}
    if event.get("roll_up"):
        done["days_rolled_up"] = upkeep.roll_up(may_go_on)
    if event.get("deep"):
        done["users_edited"] = upkeep.go_on_with_edits(may_go_on)
        done["orphans_removed"] = upkeep.remove_orphans(may_go_on)
        done["versions_expired"] = upkeep.expire(settings.expire_after_days, may_go_on)
        done["rollups_differing"] = upkeep.hold_against_rows(_DAYS_HELD_AGAINST_ROWS, may_go_on)
    logger().info("storage_maintained", extra=done)
    return done
