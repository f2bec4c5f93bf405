"""The runs of one segment, column by column: how a segment keeps them.

One MessagePack document. Every column is a list with one entry a run, or one value that
holds for all. Ids that follow from the segment's own id are not written, nor is a
`tok_s` that follows from the other columns (docs/decisions/0008-runs-in-columns.md).
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from types import GenericAlias
from typing import Any, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from shared.clock import to_us
from shared.runs.columns import COLUMNS, Column, Run
from shared.runs.run import speed_of
from shared.segment_ids import run_id_of, run_ids_begin

# Members of `Run` that are written in a form of their own.
_OTHERWISE = ("run_id", "ts_us", "tok_s", "extra")


def _plain_member(column: Column) -> tuple[str, Any, Any]:
    """The member of a block for a column that is written as it is, with its default."""
    value = get_type_hints(Run)[column.name]
    return column.name, GenericAlias(list, value) | value, _DEFAULTS[column.name]


_DEFAULTS = {
    field.name: {} if field.default_factory is dict else field.default
    for field in msgspec.structs.fields(Run)
}
_PLAIN = tuple(column.name for column in COLUMNS if column.name not in _OTHERWISE)
# Any, because a type checker cannot follow members that are made.
_PlainColumns: Any = msgspec.defstruct(
    "_PlainColumns",
    [_plain_member(column) for column in COLUMNS if column.name in _PLAIN],
    omit_defaults=True,
    kw_only=True,
)


class RunBlock(_PlainColumns, omit_defaults=True, kw_only=True):  # type: ignore[misc, call-arg]
    """Runs in columns: those of `Run`, the plain ones as they are.

    Ids: `run_id` where they are given; else `run_<segment_id>_<ordinal>`, the ordinals
    counting from 0 where they are not given either. Times: `ts_us`, or `ts` as moments.
    Without `tok_s` it is derived. Extras by label, or run by run in `extras`.
    """

    count: int
    segment_id: str = ""
    ordinals: list[int] | None = None
    run_id: list[str] | None = None
    ts_us: list[int] | None = None
    ts: list[datetime] | None = None
    tok_s: list[float | None] | float | UnsetType | None = UNSET
    extra: dict[str, list[float | None] | float] = msgspec.field(default_factory=dict)
    extras: list[dict[str, float]] | None = None

    @classmethod
    def of_runs(cls, runs: list[Run], segment_id: str) -> "RunBlock":
        """The block of some runs of a segment; lossless."""
        columns: dict[str, Any] = {name: _column(runs, name) for name in (*_PLAIN, "tok_s")}
        return cls(
            count=len(runs),
            ts_us=[run.ts_us for run in runs],
            **_ids(runs, segment_id),
            **_extras_of(runs),
            **columns,
        )

    def encoded(self) -> bytes:
        """The block as a segment holds it; nothing where there is no run."""
        return _ENCODER.encode(self) if self.count else b""

    def span(self) -> tuple[int, int] | None:
        """The earliest and the latest time, in microseconds since the epoch; None without runs."""
        if self.ts:
            return to_us(min(self.ts)), to_us(max(self.ts))
        return (min(self.ts_us), max(self.ts_us)) if self.ts_us else None

    def runs(self) -> list[Run]:
        """The runs one by one. Raises ValueError where a column has another length."""
        columns = {name: getattr(self, name) for name in _PLAIN}
        columns["run_id"] = self._run_ids()
        columns["ts_us"] = self._times()
        columns["tok_s"] = self.speeds() if self.tok_s is UNSET else self.tok_s
        columns["extra"] = self._extras()
        return list(map(Run, *(self._spread(columns[name]) for name in Run.__struct_fields__)))

    def _spread(self, column: Any) -> Iterable[Any]:
        if not isinstance(column, list):
            return repeat(column, self.count)
        if len(column) != self.count:
            raise ValueError(f"a column has {len(column)} entries for {self.count} runs")
        return column

    def _times(self) -> list[int]:
        if self.ts is not None:
            return list(map(to_us, self.ts))
        if self.ts_us is None:
            raise ValueError("there are no times")
        return self.ts_us

    def _run_ids(self) -> list[str]:
        if self.run_id is not None:
            return self.run_id
        ordinals = range(self.count) if self.ordinals is None else self.ordinals
        return [run_id_of(self.segment_id, ordinal) for ordinal in ordinals]

    def speeds(self, said: list[float | None] | None = None) -> list[float | None]:
        """The `tok_s` that follow from the other columns, and from what was said."""
        measured = (said, self.completion_tokens, self.latency_ms, self.ttft_ms)
        return list(map(speed_of, *map(self._spread, measured)))

    def _extras(self) -> list[dict[str, float]]:
        if self.extras is not None:
            return self.extras
        if not self.extra:
            return [{} for _ in range(self.count)]
        labels = list(self.extra)
        rows = zip(*map(self._spread, self.extra.values()), strict=True)
        return [
            {label: value for label, value in zip(labels, row, strict=True) if value is not None}
            for row in rows
        ]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(RunBlock)


def decode_runs(body: bytes) -> list[Run]:
    """The runs of a segment, of its bytes from the offset on.

    Raises msgspec.DecodeError for what is no block.
    """
    if not body:
        return []
    try:
        return _DECODER.decode(body).runs()
    except ValueError as exc:
        raise msgspec.DecodeError(f"not a block of runs: {exc}") from exc


def _column(runs: list[Run], name: str) -> Any:
    """The values of one member, as a single one where they are all the same."""
    values = list(map(attrgetter(name), runs))
    return values[0] if values and values.count(values[0]) == len(values) else values


def _ids(runs: list[Run], segment_id: str) -> dict[str, Any]:
    prefix = run_ids_begin(segment_id)
    given = [run.run_id for run in runs]
    ordinals = [_ordinal(run_id.removeprefix(prefix)) for run_id in given]
    if [f"{prefix}{ordinal}" for ordinal in ordinals] != given:
        return {"run_id": given}
    return {
        "segment_id": segment_id,
        "ordinals": None if ordinals == list(range(len(runs))) else ordinals,
    }


def _ordinal(text: str) -> int:
    # A longer number would be no ordinal, and may not even be read as one.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _extras_of(runs: list[Run]) -> dict[str, Any]:
    """By label where most runs have most labels; else run by run, lest the columns be all holes."""
    labels = dict.fromkeys(label for run in runs for label in run.extra)
    filled = sum(len(run.extra) for run in runs)
    if len(labels) * len(runs) > 2 * filled:
        return {"extras": [run.extra for run in runs]}
    return {"extra": {label: [run.extra.get(label) for run in runs] for label in labels}}
