"""Tombstones: rows and runs taken out, seen by readers at once, removed by the compaction later.

A tombstone is committed like a fold, so a snapshot has it or has it not. Readers leave out
what it hides; the compaction applies it (`shared.storage.lake.apply_tombstones`) and deletes it.
"""

from typing import Literal

import msgspec

from shared.runs import Run
from shared.storage.log.records import CatalogRecord, Garbage, Part


class Tombstone(CatalogRecord, frozen=True, kw_only=True):
    """A batch taken back, or a dataset deleted, in `generation`.

    `segments` names the pending segments that it concerns. `rows` and `bytes` are folded
    rows that it still hides. With `runs` it concerns runs too; those of parts of days
    before `from_day` are removed already. `garbage` is what the last step replaced.
    """

    # As it is stored, by the name that it had first.
    tombstone_id: str = msgspec.field(name="edit_id")
    kind: Literal["undo", "delete"]
    dataset: str
    generation: int
    batch_id: str = ""
    segments: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0
    runs: bool = True
    from_day: str = ""
    garbage: tuple[Garbage, ...] = ()

    def hides(self, run: Run) -> bool:
        """Whether a run, of a segment or part that the tombstone concerns, is taken out."""
        if not self.runs:
            return False
        if self.kind == "undo":
            return run.batch_id == self.batch_id
        return run.dataset == self.dataset and run.source_kind == "dataset"

    def concerns(self, part: Part) -> bool:
        """Whether runs of a part may have to be left out."""
        if not self.runs:
            return False
        if self.kind == "undo":
            return part.may_hold(self.batch_id)
        return part.generation < self.generation

    def condition(self) -> tuple[str, list[str]]:
        """SQL that holds for the runs that are hidden in a part it concerns, with parameters."""
        if self.kind == "undo":
            return "batch_id IS NOT DISTINCT FROM ?", [self.batch_id]
        return "(dataset IS NOT DISTINCT FROM ? AND source_kind = 'dataset')", [self.dataset]
