"""Each minute: settles the calls whose function died, so that each is one run and no seat is lost.

Done: as many as were due. Retry: one that fails stays due (metric `GatewaySeatsNotSettled`); what
cannot even be listed fails the invocation, which Lambda retries and reports to the failed-events
queue. Nothing is dropped, and the event says nothing. A second run at the same time is harmless: a
run is written once by its name, a seat is freed once by its call.
"""

from dataclasses import dataclass

from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.gateway import GatewayUpkeep, Seats
from shared.observability import logger
from shared.storage.log import SegmentLog


@dataclass(frozen=True)
class Settings:
    """Where seats are, and where runs are written."""

    gateway_table: str
    data_bucket: str


def lambda_handler(event: object, context: object) -> dict[str, int]:
    """Settle what is due and return how many calls that were."""
    del event, context
    settings = read_settings(Settings)
    seats = Seats(Table(settings.gateway_table), each_user=0)
    upkeep = GatewayUpkeep(seats, SegmentLog(Bucket(settings.data_bucket)))
    settled = upkeep.sweep()
    logger().info("gateway_maintained", settled=settled)
    return {"settled": settled}
