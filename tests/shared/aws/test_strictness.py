"""The tests' AWS refuses what AWS refuses, so that what passes here passes there."""

from collections.abc import Callable

import pytest

from shared.aws import Bucket, Table, Update
from shared.errors import CallRefused
from tests.kit.strictness import MAX_ITEM_BYTES

LONG = "k" * 2_049
# Four bytes each.
WIDE = "\U0001f600" * 257


@pytest.fixture
def table(tables: dict[str, Table]) -> Table:
    return tables["JobsTable"]


def _in_a_transaction(table: Table, stored: dict[str, object]) -> None:
    writes = table.transaction()
    writes.put({"pk": "p", "sk": "s", **stored})
    writes.commit()


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table.get(LONG, "s"),
        lambda table: table.get("p", WIDE),
        lambda table: table.get("", "s"),
        lambda table: table.get_many([("p", "s"), ("p", WIDE)]),
        lambda table: list(table.query("")),
        lambda table: list(table.query("p", prefix=WIDE)),
        lambda table: list(table.query("p", after=WIDE)),
        lambda table: list(table.query("", index="dead", key_names=("dead_in", "dead_rank"))),
        lambda table: table.delete("p", ""),
        lambda table: table.put({"pk": "p", "sk": "s", "dead_in": LONG}),
        lambda table: table.put({"pk": "p", "sk": "s", "text": "x" * MAX_ITEM_BYTES}),
        lambda table: table.put_many([{"pk": "p", "sk": "s", "text": "x" * MAX_ITEM_BYTES}]),
        lambda table: table.update(Update("p", "s", set={"text": "x" * MAX_ITEM_BYTES})),
        lambda table: table.update(Update(LONG, "s", set={"text": "x"})),
    ],
)
def test_refused_when_a_key_or_an_item_is_too_large(
    table: Table, ask: Callable[[Table], object]
) -> None:
    with pytest.raises(CallRefused):
        ask(table)


@pytest.mark.parametrize("number", [1e126, -1e300, 1e-131, 5e-324, 10**38 + 1, float("nan")])
@pytest.mark.parametrize(
    "write",
    [
        lambda table, stored: table.put({"pk": "p", "sk": "s", **stored}),
        lambda table, stored: table.put_many([{"pk": "p", "sk": "s", **stored}]),
        lambda table, stored: table.update(Update("p", "s", set=stored)),
        _in_a_transaction,
    ],
)
def test_refused_when_no_number_of_dynamodb_is_stored(
    table: Table, write: Callable[[Table, dict[str, object]], object], number: float
) -> None:
    write(table, {"a": [{"b": 0.0}], "c": 1e125, "d": -1e-130, "e": 10**38, "f": 2**63})

    with pytest.raises(CallRefused):
        write(table, {"a": [{"b": number}]})


def test_refused_when_a_transaction_holds_too_large_an_item(table: Table) -> None:
    writes = table.transaction()
    writes.put({"pk": "p", "sk": "1"})
    writes.put({"pk": "p", "sk": "2", "text": "x" * MAX_ITEM_BYTES})

    with pytest.raises(CallRefused):
        writes.commit()


def test_refused_when_an_item_grows_too_large_bit_by_bit(table: Table) -> None:
    table.update(Update("p", "s", set={"one": "x" * 300_000}))

    with pytest.raises(CallRefused):
        table.update(Update("p", "s", set={"two": "x" * 200_000}))


def test_a_large_item_and_the_longest_keys_are_taken(table: Table) -> None:
    item = {"pk": "p" * 2_048, "sk": "s" * 1_024}
    text = "x" * 400_000

    table.put({**item, "text": text})

    assert table.get(item["pk"], item["sk"]) == {**item, "text": text}


def test_refused_when_the_key_of_an_object_is_too_long(bucket: Bucket) -> None:
    with pytest.raises(CallRefused):
        bucket.put_new("x" * 1_025, b"")
