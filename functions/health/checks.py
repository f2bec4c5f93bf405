"""Asks the storage whether it answers; remembers for a moment, as anybody may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from shared import clock
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.errors import EvalyardError
from shared.observability import logger


@dataclass(frozen=True)
class Settings:
    """The storage whose health is asked after."""

    data_bucket: str
    catalog_table: str


Said = Literal["ok", "failing"]
Status = Literal["ok", "degraded", "down"]
_REMEMBERED_S = 5


@dataclass(frozen=True)
class Health:
    """What each check said."""

    tables: Said
    bucket: Said

    @property
    def status(self) -> Status:
        """`ok` when all are, `down` when none is, else `degraded`."""
        said = {self.tables, self.bucket}
        if said == {"ok"}:
            return "ok"
        return "degraded" if "ok" in said else "down"


def current_health() -> Health:
    """The health of these seconds."""
    return _health_of(clock.now_s() // _REMEMBERED_S)


@lru_cache(maxsize=1)
def _health_of(_: int) -> Health:
    settings = read_settings(Settings)
    return Health(
        tables=_said("tables", Table(settings.catalog_table).is_active),
        bucket=_said("bucket", lambda: _answers(Bucket(settings.data_bucket))),
    )


def _answers(bucket: Bucket) -> bool:
    next(bucket.list("health/"), None)
    return True


def _said(name: str, check: Callable[[], bool]) -> Said:
    try:
        return "ok" if check() else "failing"
    except EvalyardError:
        logger().exception("health_check_failed", check=name)
        return "failing"
