"""What the devices endpoints work on, made from the settings at the first request."""

from dataclasses import dataclass
from functools import cache

from shared.accounts import Audit
from shared.aws import Table
from shared.config import read_settings, stack_name
from shared.devices import DeviceQueues, Retirements, SessionTerms
from shared.http import Caller
from shared.idempotency import IdempotencyStore
from shared.jobs import Jobs, JobsSettings, Leases


@dataclass(frozen=True)
class Settings(JobsSettings):
    """Tables, bucket and queues, the role whose narrowed credentials devices get, and the broker.

    Device queues are named by a prefix.
    """

    accounts_table: str
    catalog_table: str
    idempotency_table: str
    dead_jobs_queue_arn: str
    device_queue_prefix: str
    device_role_arn: str
    require_tls: bool
    audit_retention_days: int


@cache
def jobs() -> Jobs:
    """The jobs feature over this deployment's resources."""
    return Jobs.of(read_settings(Settings))


@cache
def leases() -> Leases:
    """What devices say about jobs."""
    return jobs().leases(Table(read_settings(Settings).catalog_table))


@cache
def accounts() -> Table:
    """Where device tokens are kept."""
    return Table(read_settings(Settings).accounts_table)


def audit(user: Caller, at_us: int | None = None) -> Audit:
    """What notes who did what; `at_us` is the beginning of a call that may be carried out again."""
    return Audit(user.user_id, user.token_id, read_settings(Settings).audit_retention_days, at_us)


@cache
def device_queues() -> DeviceQueues:
    """Makes queues for devices."""
    settings = read_settings(Settings)
    return DeviceQueues(
        settings.device_queue_prefix, settings.dead_jobs_queue_arn, settings.require_tls
    )


@cache
def retirements() -> Retirements:
    """Devices that are being taken out."""
    return Retirements(Table(read_settings(Settings).devices_table))


@cache
def session_terms() -> SessionTerms:
    """What device sessions are made of."""
    settings = read_settings(Settings)
    return SessionTerms(
        settings.device_role_arn,
        settings.dead_jobs_queue_arn,
        stack_name(),
        settings.iot_endpoint,
    )


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
