"""A row that fails in a way that no check foresaw costs itself, wherever rows become runs."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from shared import ids
from shared.aws import Item, Table
from shared.datasets import (
    AccountLimits,
    Adapter,
    AppendBatch,
    Arrival,
    RequestRows,
    RowNotConvertible,
    append_rows,
    run_of_row,
)
from shared.imports.records import Record, Records
from shared.imports.run import Batch
from shared.imports.validation import judge
from shared.row_bodies import SentRow
from shared.storage.assembly import convert_stored
from shared.storage.lake.backfill import StoredRow
from shared.storage.log import Backfill, Backlog, SegmentLog
from tests.kit.faults import UNFORESEEN

ROWS = [{"ts": 1764784800 + number, "model": "m"} for number in range(4)]
ADAPTER = {"dataset": "d", "extra_fields": [{"label": "l", "field": "x", "kind": "number"}]}
FAILURES = pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda each: type(each).__name__)


class BrokenAdapters(Table):
    """A table whose adapter names an extra by half a character: no run can be stored under it."""

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        items = super().get_many(keys)
        for item in items:
            for extra in item.get("adapter", {}).get("extra_fields", ()):
                extra["label"] = "\ud83d"
        return items


@pytest.mark.parametrize("odd", [{}, {"other": {"nested": 1}}], ids=["uniform", "one by one"])
def test_all_others_are_recorded_when_one_row_cannot_be_converted(api, bucket, tables, odd, capsys):
    saved = api("datasets", user="ada").post("/user/data/save_adapter", json=ADAPTER)
    lines = [json.dumps(row).encode() for row in [*ROWS, {**ROWS[0], "x": 5, **odd}]]
    body = b"\n".join(lines)
    rows = [SentRow(line, number) for number, line in enumerate(lines, start=1)]
    sent = RequestRows(lambda: rows, body, 0, len(body), "lines")
    batch = AppendBatch("ada", "ada", "d", ids.ulid(), repeatable=False)

    result = append_rows(
        SegmentLog(bucket),
        BrokenAdapters(tables["CatalogTable"].name),
        batch,
        sent,
        limits=AccountLimits(10, 100, 10**6),
        backlog=Backlog(SegmentLog(bucket), tables["CatalogTable"], 100),
    )

    assert saved.status == 200
    assert result.usage is not None
    (fault,) = result.usage.faults
    assert (result.appended, result.usage.recorded) == (5, 4)
    assert (fault.code, fault.pointer) == ("row_unreadable", "/rows/4")
    assert '"RowsNotConverted":[1' in capsys.readouterr().out
    (segment,) = SegmentLog(bucket).pending("ada")
    assert (segment.name.rows, segment.name.runs) == (5, 4)


def test_all_others_are_converted_when_a_stored_row_is_broken(capsys):
    adapter = {"dataset": "d", "x_field": "ts"}
    backfill = Backfill(version=1, adapter=adapter, tenant="ada")
    segment_id = ids.ulid(1764784800 * 10**6)
    good = b'{"ts":1764784800,"_meta_batch_id":"bat_%s"}' % segment_id.encode()
    broken = [b'{"ts":17647', b"[]", b'{"ts":1764784800}', b"\xff", b"[" * 100_000]
    rows = [
        StoredRow(line, f"bat_{segment_id}", place)
        for place, line in enumerate([good, *broken, good])
    ]

    runs = convert_stored(backfill, rows)

    assert [run and run.run_id for run in runs] == [
        f"run_{segment_id}_0",
        *[None] * 5,
        f"run_{segment_id}_6",
    ]
    assert '"RowsNotConverted":[5' in capsys.readouterr().out


class Broken(dict[str, Any]):
    """A row that fails when it is looked at."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(ts=1764784800, model="m")
        self.failure = failure

    def get(self, *_: object) -> object:
        raise self.failure


@FAILURES
def test_all_others_are_imported_when_one_row_fails(failure, capsys):
    measured = [{**row, "latency_ms": 5} for row in ROWS]
    rows = [measured[0], Broken(failure), measured[1]]
    records = Records([Record(place, place + 1, row) for place, row in enumerate(rows)], ())

    judged = judge(records, Batch("ada", "ada", ids.ulid(), 1764784800 * 10**6))

    (fault,) = judged.faults
    assert [run.model for run in judged.runs] == ["m", "m"]
    assert (fault.pointer, fault.code, fault.line) == ("/rows/1", "row_unreadable", 2)
    assert '"RowsNotConverted":[1' in capsys.readouterr().out


@FAILURES
def test_row_is_not_convertible_when_anything_fails_in_it(failure):
    with pytest.raises(RowNotConvertible) as refused:
        run_of_row(
            Broken(failure),
            Adapter(dataset="d"),
            Arrival(run_id="r", tenant="t", batch_id="b", at_us=0),
        )

    assert refused.value.code == "row_unreadable"
    assert refused.value.__cause__ is failure
