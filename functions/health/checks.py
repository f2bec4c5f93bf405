"""Asks the storage whether it answers; remembers for a moment, as anybody may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from functions.health.settings import Settings
from shared import clock
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.errors import EvalyardError
from shared.observability import logger

_REMEMBERED_S = 5


@dataclass(frozen=True)
class Health:
    """What each check said: `ok` or `failing`."""

    checks: dict[str, str]

    @property
    def status(self) -> str:
        """`ok` when all are, `down` when none is, else `degraded`."""
        well = sum(said == "ok" for said in self.checks.values())
        if well == len(self.checks):
            return "ok"
        return "degraded" if well else "down"


def current_health() -> Health:
    """The health of these seconds."""
    return _health_of(clock.now_s() // _REMEMBERED_S)


@lru_cache(maxsize=1)
def _health_of(_: int) -> Health:
    settings = read_settings(Settings)
    checks = {
        "tables": lambda: Table(settings.catalog_table).is_active(),
        "bucket": lambda: _answers(Bucket(settings.data_bucket)),
    }
    return Health({name: _said(name, check) for name, check in checks.items()})


def _answers(bucket: Bucket) -> bool:
    next(bucket.list("health/"), None)
    return True


def _said(name: str, check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "failing"
    except EvalyardError:
        logger().exception("health_check_failed", check=name)
        return "failing"
