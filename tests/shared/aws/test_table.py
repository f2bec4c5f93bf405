"""Items go in and come out unchanged; conditions hold; transactions are whole."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.aws import ConditionFailed, Table, TransactionLost, Update
from shared.aws.attributes import decode_item, encode_item
from shared.errors import CallRefused, Unavailable
from tests.kit.cloud import aws_client
from tests.kit.effort import examples
from tests.kit.faults import Calls, Request, watched_calls

# DynamoDB takes no empty attribute names.
NAMES = st.text(min_size=1, max_size=5)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: number == 0 or 1e-100 < abs(number) < 1e100
    )
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@dataclass
class Starts(Calls):
    """Sees the sort keys that queries start from."""

    starts: list[str] = field(default_factory=list)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        if "ExclusiveStartKey" in request.params:
            self.starts.append(request.params["ExclusiveStartKey"]["sk"]["S"])
        return super().made(request, call)


@pytest.fixture
def table(tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=5))
def test_values_survive_encoding(item: dict[str, Any]) -> None:
    assert decode_item(encode_item(item)) == item


@pytest.mark.parametrize("value", [object(), 1 + 2j, range(3)])
def test_error_when_a_value_cannot_be_stored(value: object) -> None:
    with pytest.raises(TypeError):
        encode_item({"value": value})


@settings(max_examples=examples(), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_item_comes_back_as_it_was_put(table: Table, value: Any) -> None:
    item = {"pk": "p", "sk": "s", "value": value}

    table.put(item)

    assert table.get("p", "s") == item


def test_float_is_the_same_double_when_read_back(table: Table) -> None:
    table.put({"pk": "p", "sk": "s", "value": 0.1 + 0.2})

    found = table.get("p", "s")

    assert found is not None
    assert math.isclose(found["value"], 0.1 + 0.2, rel_tol=0, abs_tol=0)


def test_none_when_there_is_no_item(table: Table) -> None:
    assert table.get("p", "s") is None
    assert table.delete("p", "s") is None


def test_new_item_is_refused_when_there_is_one(table: Table) -> None:
    table.put({"pk": "p", "sk": "s", "who": "first"}, only_new=True)

    with pytest.raises(ConditionFailed):
        table.put({"pk": "p", "sk": "s", "who": "second"}, only_new=True)
    assert table.get("p", "s") == {"pk": "p", "sk": "s", "who": "first"}


def test_update_sets_adds_and_removes(table: Table) -> None:
    table.put({"pk": "p", "sk": "s", "gone": 1, "count": 2, "kept": "old"})

    found = table.update(
        Update(
            "p", "s", set={"name": "x"}, set_if_absent={"kept": "new", "made": 1}, add={"count": 3},
            remove=("gone",),
        )
    )  # fmt: skip

    assert found == {
        "pk": "p", "sk": "s", "name": "x", "kept": "old", "made": 1, "count": 5
    }  # fmt: skip
    assert table.get("p", "s") == found


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"only_if": {"state": "a"}}, True),
        ({"only_if": {"state": "b"}}, False),
        ({"only_if": {"other": None}}, True),
        ({"only_if": {"state": None}}, False),
        ({"must_exist": True}, True),
        ({"extra_condition": "size_ > :low", "values": {":low": 4}}, True),
        ({"extra_condition": "size_ > :low", "values": {":low": 5}}, False),
        (
            {"only_if": {"state": "a"}, "extra_condition": "size_ > :low", "values": {":low": 5}},
            False,
        ),
    ],
)
def test_update_holds_to_its_condition(
    table: Table, condition: dict[str, Any], holds: bool
) -> None:
    table.put({"pk": "p", "sk": "s", "state": "a", "size_": 5})
    update = Update("p", "s", set={"state": "z"}, **condition)

    try:
        table.update(update)
        happened = True
    except ConditionFailed:
        happened = False

    found = table.get("p", "s")
    assert found is not None
    assert (happened, found["state"]) == ((True, "z") if holds else (False, "a"))


def test_update_makes_no_item_when_it_must_exist(table: Table) -> None:
    with pytest.raises(ConditionFailed):
        table.update(Update("p", "s", set={"x": 1}, must_exist=True))
    assert table.get("p", "s") is None


@pytest.fixture
def letters(table: Table) -> Table:
    for letter in "abcde":
        table.put({"pk": "p", "sk": f"x#{letter}"})
    table.put({"pk": "p", "sk": "y"})
    table.put({"pk": "q", "sk": "x#z"})
    return table


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "abcdey"),
        ({"prefix": "x#"}, "abcde"),
        ({"prefix": "x#", "descending": True}, "edcba"),
        ({"prefix": "x#", "limit": 2}, "abcde"),
        ({"prefix": "x#", "after": "x#b"}, "cde"),
        ({"prefix": "x#", "after": "x#d", "descending": True, "limit": 1}, "cba"),
        ({"between": ("x#b", "x#d")}, "bcd"),
        ({"prefix": "nothing"}, ""),
    ],
)
def test_query_yields_in_order_over_pages(
    letters: Table, query: dict[str, Any], expected: str
) -> None:
    assert "".join(item["sk"][-1] for item in letters.query("p", **query)) == expected


def test_many_are_read_at_once_when_more_than_a_batch(table: Table) -> None:
    for number in range(150):
        table.put({"pk": "p", "sk": str(number)})

    found = table.get_many(("p", str(number)) for number in range(160))

    assert {int(item["sk"]) for item in found} == set(range(150))
    assert table.get_many([]) == []


def test_transaction_happens_whole(table: Table) -> None:
    table.put({"pk": "p", "sk": "old"})
    transaction = table.transaction()
    transaction.put({"pk": "p", "sk": "new"}, only_new=True)
    transaction.update(Update("p", "counter", add={"count": 1}))
    transaction.delete("p", "old")

    transaction.commit()

    assert [item["sk"] for item in table.query("p")] == ["counter", "new"]


def test_transaction_names_the_reason_and_changes_nothing_when_lost(table: Table) -> None:
    table.put({"pk": "p", "sk": "taken"})
    transaction = table.transaction()
    transaction.put({"pk": "p", "sk": "free"})
    transaction.put({"pk": "p", "sk": "taken", "who": "me"}, only_new=True)

    with pytest.raises(TransactionLost) as lost:
        transaction.commit()

    assert lost.value.reasons == ("None", "ConditionalCheckFailed")
    assert [item["sk"] for item in table.query("p")] == ["taken"]


def test_our_fault_when_the_table_is_gone(table: Table) -> None:
    assert table.is_active()
    aws_client("dynamodb").delete_table(TableName=table.name)

    for ask in (lambda: table.get("p", "s"), lambda: list(table.query("p")), table.is_active):
        with pytest.raises(CallRefused) as failed:
            ask()
        assert table.name not in failed.value.detail


@pytest.mark.parametrize(
    ("after", "descending", "expected"),
    [
        ("a", True, []),
        ("b", True, []),
        ("c", True, ["b"]),
        ("d", True, ["c", "b"]),
        ("e", True, ["d", "c", "b"]),
        ("a", False, ["b", "c", "d"]),
        ("c", False, ["d"]),
        ("d", False, []),
        ("e", False, []),
    ],
)
def test_range_is_kept_when_a_page_begins_outside_of_it(
    table: Table, after: str, descending: bool, expected: list[str]
) -> None:
    for name in "abcde":
        table.put({"pk": "p", "sk": name})

    with watched_calls(Starts()) as calls:
        found = list(table.query("p", between=("b", "d"), after=after, descending=descending))

    assert [item["sk"] for item in found] == expected
    # AWS refuses others: "The provided starting key is outside query boundaries".
    assert isinstance(calls, Starts)
    assert all("b" <= start <= "d" for start in calls.starts)


@dataclass
class Throttled(Calls):
    """A DynamoDB that serves only the first few of each batch; of the first ones none."""

    refused: int = 0
    served: int = 3

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        asked = request.params.get("RequestItems")
        if asked is None:
            return super().made(request, call)
        serve = 0 if len(self.names) < self.refused else self.served
        ((table, batch),) = asked.items()
        wanted = batch["Keys"] if isinstance(batch, dict) else batch
        now, later = wanted[:serve], wanted[serve:]
        rest = {**batch, "Keys": later} if isinstance(batch, dict) else later
        request.params["RequestItems"] = {
            table: {**batch, "Keys": now} if isinstance(batch, dict) else now
        }
        answer = super().made(request, call) if now else self._nothing(request, table)
        left = "UnprocessedKeys" if isinstance(batch, dict) else "UnprocessedItems"
        return {**answer, left: {table: rest} if later else {}}

    def _nothing(self, request: Request, table: str) -> dict[str, Any]:
        self.names.append(request.operation)
        return {"Responses": {table: []}}


def items(count: int) -> list[dict[str, Any]]:
    return [{"pk": "p", "sk": f"{number:04d}"} for number in range(count)]


def test_items_come_in_the_order_asked_when_many_are_read(table: Table) -> None:
    table.put_many(items(250))
    keys = [("p", f"{number:04d}") for number in range(249, -1, -1)]

    with watched_calls() as calls:
        found = table.get_many([*keys, ("p", "absent"), keys[0]])

    assert [(item["pk"], item["sk"]) for item in found] == keys
    assert calls.names == ["BatchGetItem"] * 3


@pytest.mark.parametrize("refused", [0, 2])
def test_no_item_is_lost_when_batches_are_served_in_part(
    table: Table, held_clock: Any, refused: int
) -> None:
    began = held_clock.now_us

    with watched_calls(Throttled(refused=refused)):
        table.put_many(items(30))
    with watched_calls(Throttled(refused=refused)):
        found = table.get_many([("p", f"{number:04d}") for number in range(30)])

    assert found == items(30)
    assert held_clock.now_us > began


@pytest.mark.parametrize("do", [lambda t: t.get_many([("p", "s")]), lambda t: t.put_many(items(1))])
def test_it_is_given_up_when_nothing_is_served_again_and_again(
    table: Table, held_clock: Any, do: Callable[[Table], object]
) -> None:
    with watched_calls(Throttled(served=0)) as calls, pytest.raises(Unavailable) as raised:
        do(table)

    assert raised.value.retry_after_s == 2
    assert len(calls.names) == 8


def test_pages_are_bounded_when_a_limit_is_given(table: Table) -> None:
    table.put_many(items(25))

    pages = list(table.pages("p", limit=10, descending=True))

    assert [len(page) for page in pages] == [10, 10, 5]
    assert pages[0][0]["sk"] == "0024"


def test_nothing_is_deleted_when_the_condition_of_a_transaction_fails(table: Table) -> None:
    table.put({"pk": "p", "sk": "s", "count": 2})
    writes = table.transaction()
    writes.delete("p", "s", only_if={"count": 1})

    with pytest.raises(TransactionLost) as lost:
        writes.commit()

    assert lost.value.reasons == ("ConditionalCheckFailed",)
    assert table.get("p", "s") is not None
