"""Tombstones are stored under the names that they had first, so that older items are read."""

import msgspec

from shared.storage.log import Checkpoint, Tombstone
from shared.storage.log.records import Garbage, item_of

STORED = {
    "pk": "USER#ada",
    "sk": "EDIT#01",
    "edit_id": "01",
    "kind": "undo",
    "dataset": "d",
    "generation": 3,
    "batch_id": "bat_1",
    "segments": ["s"],
    "rows": 2,
    "bytes": 20,
    "runs": True,
    "from_day": "2026-11-28",
    "garbage": [{"key": "k", "version_id": "v", "inclusive": True}],
}


def test_tombstone_is_read_and_written_as_it_was_stored_first() -> None:
    tombstone = msgspec.convert(STORED, Tombstone)

    assert tombstone.tombstone_id == "01"
    assert tombstone.garbage == (Garbage(key="k", version_id="v", inclusive=True),)
    again = item_of("ada", "EDIT#01", tombstone)
    assert msgspec.json.decode(msgspec.json.encode(again)) == STORED


def test_checkpoint_counts_tombstones_under_the_name_that_it_had_first() -> None:
    checkpoint = msgspec.convert({"generation": 1, "edits": 2}, Checkpoint)

    assert checkpoint.tombstones == 2
    assert msgspec.to_builtins(checkpoint)["edits"] == 2
