"""Previews and backfills of save_adapter, and what get_adapter says about them."""

from typing import Any

from fastapi import Response

from functions.datasets import wiring
from functions.datasets.views import json_answer, listed
from shared import clock
from shared.clock import SECOND_US
from shared.datasets import Adapter, preview_adapter, save_and_backfill
from shared.errors import EvalyardError
from shared.http import Caller
from shared.observability import logger
from shared.storage.log import UserLog

# What a request spends on a backfill before it leaves the rest to the aggregation.
_SPENT_US = 4 * SECOND_US


def previewed(user: Caller, adapter: Adapter) -> Response:
    """What the newest rows would give."""
    runs, faults = preview_adapter(wiring.user_log(user.user_id), user.tenant, adapter)
    return json_answer({"runs": [run.document() for run in runs], "errors": listed(faults)})


def backfilled(user: Caller, adapter: Adapter) -> Response:
    """The saved adapter with its backfill: 200 when it is done, 202 while it goes on."""
    # The analytics layer is loaded where it is needed: appends must start fast.
    from shared.storage.assembly import compactor

    log = wiring.user_log(user.user_id)
    saved = save_and_backfill(log, user.tenant, adapter)
    until = clock.now_us() + _SPENT_US
    try:
        compactor(log).drain(lambda: clock.now_us() < until)
    except EvalyardError:
        # It is saved and goes on by itself; the answer says how far it is.
        logger().exception("backfill_delayed", user_id=user.user_id)
    progress = backfill_member(log, adapter.dataset)
    running = progress["backfill"]["status"] == "running"
    return json_answer(saved.document() | progress, 202 if running else 200)


def backfill_member(log: UserLog, dataset: str) -> dict[str, Any]:
    """`backfill` and how far it is, where one was asked for."""
    record = log.dataset(dataset)
    if record is None or record.backfill is None:
        return {}
    return {"backfill": record.backfill.document()}
