"""What the gateway works on, made from the settings when the function starts."""

from dataclasses import dataclass
from functools import cache

from shared.aws import Bucket, Queue, Table
from shared.aws.broker import Broker
from shared.config import read_settings, region, stack_name
from shared.devices import Fleet
from shared.gateway import Calls, KnownFleet, Seats
from shared.idempotency import IdempotencyStore
from shared.storage.log import SegmentLog


@dataclass(frozen=True)
class Settings:
    """Tables, bucket and broker; `max_parallel_asks` is a user's most calls at once."""

    accounts_table: str
    devices_table: str
    gateway_table: str
    idempotency_table: str
    data_bucket: str
    token_uses_queue_url: str
    iot_endpoint: str
    max_parallel_asks: int


@cache
def calls() -> Calls:
    """The calls of this process."""
    settings = read_settings(Settings)
    bucket = Bucket(settings.data_bucket)
    return Calls(
        stack=stack_name(),
        fleet=KnownFleet(Fleet(Table(settings.devices_table))),
        seats=Seats(Table(settings.gateway_table), settings.max_parallel_asks),
        bucket=bucket,
        segments=SegmentLog(bucket),
        connect=lambda topics, hear: Broker(
            settings.iot_endpoint, region(), f"{stack_name()}-gw-", topics, hear
        ),
    )


@cache
def accounts() -> Table:
    """Where API keys are known."""
    return Table(read_settings(Settings).accounts_table)


@cache
def token_uses() -> Queue:
    """Where the use of a key is reported."""
    return Queue(read_settings(Settings).token_uses_queue_url)


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
