"""Runs by the handful, stored as segments, folded or not."""

from dataclasses import dataclass

import pytest

from shared import ids
from shared.aws import Bucket
from shared.datasets.folding import compaction
from shared.runs import Run
from shared.storage import Catalog, SegmentLog
from shared.storage.rolling import Rolling


@dataclass
class Storage:
    """One AWS for many users."""

    bucket: Bucket
    catalog: Catalog

    def store(self, user_id: str, runs: list[Run], *, fold: bool) -> None:
        """Write runs as one segment, and fold it if asked."""
        SegmentLog(self.bucket).append(
            user_id, "", [], runs, segment_id=ids.ulid(), repeatable=False
        )
        if fold:
            compaction(self.bucket, self.catalog, user_id).drain(lambda: True)

    def tidy(self, user_id: str) -> None:
        """Do what the schedule does: roll up the user's days, and gather months."""
        Rolling(self.bucket, self.catalog, user_id).roll_up(lambda: True)


@pytest.fixture
def storage(bucket, tables) -> Storage:
    """The storage of an empty deployment."""
    return Storage(bucket, Catalog(tables["CatalogTable"]))
