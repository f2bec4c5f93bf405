"""Deletes for good what the recovery window no longer needs, where no lifecycle rule does.

On AWS the bucket's lifecycle rules do this; an emulator keeps the rules and ignores them,
so the daily upkeep of a local cloud does the same, by the same times. As there, a version
counts from the moment when another, or a marker, took its place: never by its own age.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared import clock
from shared.aws import Bucket, StoredVersion
from shared.storage.log.archive import FOLDED_PREFIX

_DAY_S = 86_400
_EXPORTS_PREFIX = "exports/"


@dataclass(frozen=True)
class Expiry:
    """The expiry of one bucket, after so many days."""

    bucket: Bucket
    days: int

    def carry_out(self, may_go_on: Callable[[], bool]) -> int:
        """Delete what expired, while there is time; how many versions and markers."""
        removed = 0
        for folder in self.bucket.list_folders("", with_deleted=True):
            if not may_go_on():
                break
            expired = list(self._expired(f"{folder}/"))
            self.bucket.delete_history(expired)
            removed += len(expired)
        return removed

    def _expired(self, prefix: str) -> Iterator[StoredVersion]:
        history: dict[str, list[StoredVersion]] = {}
        for entry in self.bucket.history(prefix):
            history.setdefault(entry.key, []).append(entry)
        current_s, noncurrent_s = self._cutoffs(prefix)
        for entries in history.values():
            newest_first = sorted(entries, key=lambda e: (e.is_latest, e.modified_s), reverse=True)
            yield from _expired_of(newest_first, current_s, noncurrent_s)

    def _cutoffs(self, prefix: str) -> tuple[float, float]:
        """Objects that are older than the first have expired, and versions replaced before the
        second: the rules of the template."""
        now = clock.now_s()
        if prefix == FOLDED_PREFIX:
            return now - self.days * _DAY_S, now - _DAY_S
        if prefix == _EXPORTS_PREFIX:
            return now - _DAY_S, now - _DAY_S
        return 0.0, now - self.days * _DAY_S


def _expired_of(
    newest_first: Sequence[StoredVersion], current_s: float, noncurrent_s: float
) -> Iterator[StoredVersion]:
    latest = newest_first[0]
    replaced = pairwise(newest_first)
    gone = [older for newer, older in replaced if newer.modified_s < noncurrent_s]
    yield from gone
    alone = len(gone) == len(newest_first) - 1
    if alone and (latest.is_delete_marker or latest.modified_s < current_s):
        yield latest
