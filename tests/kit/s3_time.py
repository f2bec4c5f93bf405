"""The time that moto's S3 writes objects at, apart from the machine's: no two in one second."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class S3Time:
    """What S3 takes for now, a second later with each look, as its times have no fractions."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    def tick(self) -> datetime:
        """The next second."""
        self.now = self.now.replace(microsecond=0) + timedelta(seconds=1)
        return self.now

    @property
    def now_s(self) -> float:
        """The second of the last write."""
        return self.now.replace(tzinfo=UTC).timestamp()
