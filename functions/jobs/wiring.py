"""What the jobs endpoints work on, made from the settings at the first request."""

from functools import cache

from functions.jobs.settings import Settings
from shared.aws import Bucket, Queue, Table
from shared.config import read_settings
from shared.devices import PoolQueues
from shared.http import IdempotencyStore
from shared.jobs import Jobs, Submissions


@cache
def jobs() -> Jobs:
    """The jobs feature over this deployment's resources."""
    settings = read_settings(Settings)
    return Jobs(
        jobs_table=Table(settings.jobs_table),
        devices_table=Table(settings.devices_table),
        bucket=Bucket(settings.data_bucket),
        pools=PoolQueues.read(settings.pool_queues),
        callbacks_queue=Queue(settings.callbacks_queue_url),
    )


@cache
def submissions() -> Submissions:
    """The way in for new jobs."""
    settings = read_settings(Settings)
    catalog = Table(settings.catalog_table)
    return jobs().submissions(
        catalog,
        allow_private_callbacks=settings.callback_allow_private,
        max_open_jobs=settings.max_open_jobs,
    )


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
