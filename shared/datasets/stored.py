"""Stored rows to runs: what a backfill converts and a preview shows.

A row's run is the very one that its append would have given, so converting again
doubles nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from shared.datasets.adapters import Adapter
from shared.datasets.conversion import RowNotConvertible, run_id_of, run_of_row
from shared.datasets.rows import META_PREFIX
from shared.errors import Fault
from shared.runs import Run

_BATCH_ID = f"{META_PREFIX}batch_id"


def run_of_stored(line: bytes, adapter: Adapter, *, ordinal: int, tenant: str) -> Run:
    """The run of a row that is stored already.

    `ordinal` counts the stored rows of the row's segment from 0. Raises RowNotConvertible.
    """
    stored = msgspec.json.decode(line)
    batch_id = stored[_BATCH_ID]
    return run_of_row(
        {name: value for name, value in stored.items() if not name.startswith(META_PREFIX)},
        adapter,
        run_id=run_id_of(batch_id, ordinal),
        tenant=tenant,
        batch_id=batch_id,
    )


@dataclass
class StoredConversion:
    """Stored rows of a dataset being converted, in append order, page after page.

    `batch_id` and `ordinal` tell where the next page goes on: pass them to a new one.
    `converted` are the runs, `faults` the rows that give none, by their place on this page.
    """

    adapter: Adapter
    tenant: str
    batch_id: str = ""
    ordinal: int = 0
    converted: list[Run] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, lines: Iterable[bytes]) -> "StoredConversion":
        """Convert the lines that follow; the rows of one batch stand together."""
        for index, line in enumerate(lines):
            batch_id = msgspec.json.decode(line, type=_Batched).batch_id
            self.ordinal = self.ordinal if batch_id == self.batch_id else 0
            self.batch_id = batch_id
            self._convert(index, line)
            self.ordinal += 1
        return self

    def _convert(self, index: int, line: bytes) -> None:
        try:
            run = run_of_stored(line, self.adapter, ordinal=self.ordinal, tenant=self.tenant)
            self.converted.append(run)
        except RowNotConvertible as exc:
            self.faults.append(exc.fault(index))


class _Batched(msgspec.Struct):
    batch_id: str = msgspec.field(name=_BATCH_ID)
