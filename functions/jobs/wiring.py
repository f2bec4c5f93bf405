"""What the jobs endpoints work on, made from the settings at the first request."""

from dataclasses import dataclass
from functools import cache

from shared.aws import Table
from shared.config import read_settings
from shared.idempotency import IdempotencyStore
from shared.jobs import Jobs, JobsSettings, Submissions


@dataclass(frozen=True)
class Settings(JobsSettings):
    """Tables and the bucket of bodies. `max_open_jobs` of one user may wait for a model on a
    device or in a pool.
    """

    catalog_table: str
    idempotency_table: str
    callback_allow_private: bool
    max_open_jobs: int


@cache
def jobs() -> Jobs:
    """The jobs feature over this deployment's resources."""
    return Jobs.of(read_settings(Settings))


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
