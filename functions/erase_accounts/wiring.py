"""Every place in which a user leaves something.

A feature that keeps something of a user says where in its own `traces`, and is listed
here, in the order in which data moves: what can still be written from something stands
behind it. The role in the template may remove there. Tests hold this list against what
the template lets functions write.
"""

from dataclasses import dataclass
from functools import cache

from shared.accounts import Audit, Erasing, account_traces, revoke_device_token
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.devices import device_remains, device_traces, slot_traces
from shared.idempotency import record_traces
from shared.ids import user_partition
from shared.jobs import job_remains, job_traces
from shared.storage.log import storage_traces
from shared.traces import Items, Objects, Place, Uploads


@dataclass(frozen=True)
class Settings:
    """Every table and the bucket.

    `erasure_grace_s`: for how long nothing of an account must be found before it is erased.
    """

    accounts_table: str
    catalog_table: str
    jobs_table: str
    devices_table: str
    idempotency_table: str
    gateway_table: str
    data_bucket: str
    erasure_grace_s: int
    audit_retention_days: int


# `shared.gateway`, which writes it, needs the broker's client.
_ASKS = "asks/{}/"
# `shared.usage`, which writes both, needs DuckDB.
_EXPORTS = "exports/{}/"
_BASELINES = "baselines/{}/"


@cache
def accounts() -> Table:
    """Users and their tokens."""
    return Table(read_settings(Settings).accounts_table)


@cache
def erasing() -> Erasing:
    """The erasures of this deployment."""
    settings = read_settings(Settings)
    return Erasing(accounts(), places(), remains(), settings.erasure_grace_s)


def places() -> tuple[Place, ...]:
    """Where users leave something."""
    settings = read_settings(Settings)
    bucket, jobs = Bucket(settings.data_bucket), Table(settings.jobs_table)
    devices = Table(settings.devices_table)
    tokens, *secrets = account_traces(accounts())
    return (
        tokens,
        *device_traces(devices, _revoke),
        *job_traces(bucket, jobs),
        *slot_traces(devices),
        Items(Table(settings.gateway_table), "calls", user_partition("{}")),
        Objects(bucket, "calls", _ASKS),
        *storage_traces(bucket, Table(settings.catalog_table)),
        Uploads(bucket, "uploads", _EXPORTS),
        Objects(bucket, "exports", _EXPORTS),
        Objects(bucket, "baselines", _BASELINES),
        *record_traces(Table(settings.idempotency_table)),
        *secrets,
    )


def remains() -> tuple[Place, ...]:
    """What must stay until no call writes any more."""
    settings = read_settings(Settings)
    jobs, devices = Table(settings.jobs_table), Table(settings.devices_table)
    return (*job_remains(jobs), *device_remains(devices))


def _revoke(serial: str) -> None:
    """End the token of a device whose owner is erased."""
    audit = Audit(kept_days=read_settings(Settings).audit_retention_days)
    done = audit.entry("device.retired", serial, because="owner_erased", outcome="begun")
    revoke_device_token(accounts(), serial, done=done)
