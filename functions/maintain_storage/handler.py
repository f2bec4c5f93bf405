"""Scheduled upkeep: folds what events missed; with `{"deep": true}` also goes on
with edits whose wake-up was lost, and removes orphans.

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


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do the upkeep and tell what was done."""
    settings = read_settings(Settings)
    upkeep = maintenance(Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table)))
    done = {"segments_folded": upkeep.fold_forgotten(lambda: _time_left(context))}
    if event.get("deep"):
        done["users_edited"] = upkeep.go_on_with_edits(lambda: _time_left(context))
        done["orphans_removed"] = upkeep.remove_orphans(lambda: _time_left(context))
    logger().info("storage_maintained", extra=done)
    return done


def _time_left(context: Any) -> bool:
    return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)
