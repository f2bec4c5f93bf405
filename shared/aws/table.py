"""One DynamoDB table with a string `pk` and `sk`: items in, items out, conditions kept.

Reads are strongly consistent unless an index is asked. Expressions are given
with plain Python values; `#name` and `:value` placeholders are made here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from shared import clock
from shared.aws.attributes import decode_item, encode, encode_item
from shared.aws.clients import client
from shared.aws.errors import aws_errors
from shared.errors import Unavailable

Item = dict[str, Any]
_BATCH_GET = 100
_BATCH_WRITE = 25
# Refused so often in a row, a batch is given up: about six seconds.
_BATCH_ATTEMPTS = 8
_FIRST_PAUSE_S = 0.05


@dataclass(frozen=True)
class Update:
    """An update of one item: attributes to set and remove, counters to add to, a condition.

    `add` also grows sets of strings and `discard` takes members out of them.

    `only_if` maps attribute names to required values (None: the attribute must be
    absent); `extra_condition` is appended as an expression over `names` and `values`.
    """

    pk: str
    sk: str
    set: Item = field(default_factory=dict)
    set_if_absent: Item = field(default_factory=dict)
    add: Item = field(default_factory=dict)
    discard: Item = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    only_if: Item = field(default_factory=dict)
    must_exist: bool = False
    extra_condition: str = ""
    names: dict[str, str] = field(default_factory=dict)
    values: Item = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """The UpdateItem (or transaction) parameters."""
        names, values = dict(self.names), dict(self.values)
        clauses = [_set_clause(self, names, values), _add_clause(self, names, values)]
        if self.remove:
            clauses.append("REMOVE " + ", ".join(_name(names, part) for part in self.remove))
        clauses.append(_discard_clause(self, names, values))
        condition = _condition(self, names, values)
        request: dict[str, Any] = {
            "TableName": table,
            "Key": encode_item({"pk": self.pk, "sk": self.sk}),
            "UpdateExpression": " ".join(clause for clause in clauses if clause),
            "ExpressionAttributeNames": names,
        }
        if values:
            request["ExpressionAttributeValues"] = encode_item(values)
        if condition:
            request["ConditionExpression"] = condition
        return request


@dataclass
class Transaction:
    """Writes that happen all or not at all; at most 100."""

    table: str
    actions: list[dict[str, Any]] = field(default_factory=list)

    def put(self, item: Item, *, only_new: bool = False, unless: str | None = None) -> None:
        """Put an item; with `only_new` on condition that there is none, with `unless` that it
        has no attribute of this name.
        """
        request: dict[str, Any] = {"TableName": self.table, "Item": encode_item(item)}
        absent = "pk" if only_new else unless
        if absent:
            request["ConditionExpression"] = f"attribute_not_exists({absent})"
        self.actions.append({"Put": request})

    def check(self, pk: str, sk: str, *, must_exist: bool = False, unless: str) -> None:
        """Write nothing, but require that an item has no attribute of this name."""
        there = "attribute_exists(pk) AND " if must_exist else ""
        condition = f"{there}attribute_not_exists({unless})"
        key = encode_item({"pk": pk, "sk": sk})
        request = {"TableName": self.table, "Key": key, "ConditionExpression": condition}
        self.actions.append({"ConditionCheck": request})

    def update(self, update: Update) -> None:
        """Update an item on the update's condition."""
        self.actions.append({"Update": update.request(self.table)})

    def delete(
        self, pk: str, sk: str, *, must_exist: bool = False, only_if: Item | None = None
    ) -> None:
        """Delete an item if it is there; with `must_exist` on condition that it is, with
        `only_if` on condition of its attributes.
        """
        request: dict[str, Any] = {"TableName": self.table}
        request["Key"] = encode_item({"pk": pk, "sk": sk})
        names: dict[str, str] = {}
        values: Item = {}
        wanted = Update(pk, sk, must_exist=must_exist, only_if=only_if or {})
        condition = _condition(wanted, names, values)
        if condition:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = encode_item(values)
        self.actions.append({"Delete": request})

    def commit(self) -> None:
        """Carry all out. Raises TransactionLost with a reason per action."""
        with aws_errors():
            client("dynamodb").transact_write_items(TransactItems=self.actions)


@dataclass(frozen=True)
class Table:
    """The operations the product uses on one table."""

    name: str

    def get(self, pk: str, sk: str) -> Item | None:
        """An item, strongly consistent, or None."""
        with aws_errors():
            answer = client("dynamodb").get_item(
                TableName=self.name, Key=encode_item({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        return decode_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Those of the items that exist, in the order of their keys, each once.

        A call per hundred. What DynamoDB leaves unread (it was asked too fast, or the
        answer passed 16 MB) is asked for again after a pause. Raises Unavailable.
        """
        order = list(dict.fromkeys(keys))
        wanted = [encode_item({"pk": pk, "sk": sk}) for pk, sk in order]
        found: dict[tuple[str, str], Item] = {}
        refused = 0
        while wanted:
            keys_now = wanted[:_BATCH_GET]
            ask = {"Keys": keys_now, "ConsistentRead": True}
            with aws_errors():
                answer = client("dynamodb").batch_get_item(RequestItems={self.name: ask})
            for item in map(decode_item, answer["Responses"].get(self.name, [])):
                found[item["pk"], item["sk"]] = item
            unread = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            refused = _pause_if_refused(refused, len(unread), len(keys_now))
            wanted = unread + wanted[_BATCH_GET:]
        return [found[key] for key in order if key in found]

    def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        between: tuple[str, str] | None = None,
        index: str | None = None,
        key_names: tuple[str, str] = ("pk", "sk"),
        descending: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[Item]:
        """Items of one partition in order of the sort key, read page by page as consumed.

        `prefix` or an inclusive `between` narrows the sort key; `after` starts beyond
        a sort key (before it, when descending) on the table itself. `limit` is the
        page size asked of DynamoDB, not a bound on what is yielded.
        """
        return chain.from_iterable(
            self.pages(
                pk,
                prefix=prefix,
                between=between,
                index=index,
                key_names=key_names,
                descending=descending,
                limit=limit,
                after=after,
            )
        )

    def pages(
        self,
        pk: str,
        *,
        prefix: str = "",
        between: tuple[str, str] | None = None,
        index: str | None = None,
        key_names: tuple[str, str] = ("pk", "sk"),
        descending: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[list[Item]]:
        """What `query` yields, a call at a time, for callers that bound the calls. A page of at
        most `limit` items, or of 1 MB, may be empty and not the last.
        """
        if after and between:
            if _is_beyond(after, between, descending=descending):
                return
            # DynamoDB refuses a start outside of the range ("starting key is outside query
            # boundaries"); before it, everything follows.
            after = after if between[0] <= after <= between[1] else None
        request = _query_request(self.name, pk, prefix, between, index, key_names)
        request |= {"ScanIndexForward": not descending, "ConsistentRead": index is None}
        if limit:
            request["Limit"] = limit
        if after:
            request["ExclusiveStartKey"] = encode_item({"pk": pk, "sk": after})
        while True:
            with aws_errors():
                page = client("dynamodb").query(**request)
            yield [decode_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def put(self, item: Item, *, only_new: bool = False) -> None:
        """Put an item; with `only_new` raises ConditionFailed where there is one."""
        condition = {"ConditionExpression": "attribute_not_exists(pk)"} if only_new else {}
        with aws_errors():
            client("dynamodb").put_item(TableName=self.name, Item=encode_item(item), **condition)

    def put_many(self, items: Iterable[Item]) -> None:
        """Put items, in no order and not together; repeating changes nothing.

        What DynamoDB leaves unwritten is sent again after a pause. Raises Unavailable.
        """
        self._write_many([{"PutRequest": {"Item": encode_item(item)}} for item in items])

    def delete_many(self, keys: Iterable[tuple[str, str]]) -> None:
        """Delete items, in no order and not together; absent ones count as deleted. As
        `put_many`.
        """
        wanted = [encode_item({"pk": pk, "sk": sk}) for pk, sk in keys]
        self._write_many([{"DeleteRequest": {"Key": key}} for key in wanted])

    def _write_many(self, waiting: list[dict[str, Any]]) -> None:
        refused = 0
        while waiting:
            ask = {self.name: waiting[:_BATCH_WRITE]}
            with aws_errors():
                answer = client("dynamodb").batch_write_item(RequestItems=ask)
            left = answer.get("UnprocessedItems", {}).get(self.name, [])
            refused = _pause_if_refused(refused, len(left), len(ask[self.name]))
            waiting = left + waiting[_BATCH_WRITE:]

    def update(self, update: Update) -> Item:
        """Update an item and return it as it is then. Raises ConditionFailed."""
        with aws_errors():
            answer = client("dynamodb").update_item(
                **update.request(self.name), ReturnValues="ALL_NEW"
            )
        return decode_item(answer.get("Attributes", {}))

    def delete(self, pk: str, sk: str) -> Item | None:
        """Delete an item and return what was there."""
        with aws_errors():
            answer = client("dynamodb").delete_item(
                TableName=self.name, Key=encode_item({"pk": pk, "sk": sk}), ReturnValues="ALL_OLD"
            )
        return decode_item(answer["Attributes"]) if answer.get("Attributes") else None

    def partitions(self, prefix: str) -> Iterator[str]:
        """The partition keys that begin so, each once; reads the whole table."""
        request = {
            "TableName": self.name,
            "ProjectionExpression": "pk",
            "FilterExpression": "begins_with(pk, :prefix)",
            "ExpressionAttributeValues": {":prefix": encode(prefix)},
        }
        last = ""
        while True:
            with aws_errors():
                page = client("dynamodb").scan(**request)
            for item in page["Items"]:
                # The items of a partition follow each other.
                if (pk := str(decode_item(item)["pk"])) != last:
                    yield (last := pk)
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def is_active(self) -> bool:
        """Whether the table is there and serves. Raises Unavailable."""
        with aws_errors():
            answer = client("dynamodb").describe_table(TableName=self.name)
        return answer["Table"]["TableStatus"] in ("ACTIVE", "UPDATING")

    def transaction(self) -> Transaction:
        """A new, empty transaction on this table."""
        return Transaction(self.name)


def _is_beyond(after: str, between: tuple[str, str], *, descending: bool) -> bool:
    """Whether nothing of a range follows a sort key."""
    return after <= between[0] if descending else after >= between[1]


def _pause_if_refused(refused: int, left: int, asked: int) -> int:
    """How often in a row all of a batch was left undone, after a pause if anything was.

    Raises Unavailable at the eighth time.
    """
    if not left:
        return 0
    if left < asked:
        clock.sleep_about(_FIRST_PAUSE_S)
        return 0
    if refused + 1 == _BATCH_ATTEMPTS:
        raise Unavailable("a storage service is overloaded", retry_after_s=2)
    clock.sleep_about(_FIRST_PAUSE_S * 2**refused)
    return refused + 1


def _query_request(
    table: str,
    pk: str,
    prefix: str,
    between: tuple[str, str] | None,
    index: str | None,
    key_names: tuple[str, str],
) -> dict[str, Any]:
    names = {"#p": key_names[0]}
    values: dict[str, Any] = {":p": encode(pk)}
    condition = "#p = :p"
    if between:
        condition += " AND #s BETWEEN :low AND :high"
        values |= {":low": encode(between[0]), ":high": encode(between[1])}
    elif prefix:
        condition += " AND begins_with(#s, :prefix)"
        values[":prefix"] = encode(prefix)
    if between or prefix:
        names["#s"] = key_names[1]
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return request | ({"IndexName": index} if index else {})


def _name(names: dict[str, str], attribute: str) -> str:
    placeholder = f"#n{len(names)}"
    names[placeholder] = attribute
    return placeholder


def _value(values: Item, value: object) -> str:
    placeholder = f":v{len(values)}"
    values[placeholder] = value
    return placeholder


def _set_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} = {_value(values, value)}" for key, value in update.set.items()]
    for key, value in update.set_if_absent.items():
        name = _name(names, key)
        parts.append(f"{name} = if_not_exists({name}, {_value(values, value)})")
    return "SET " + ", ".join(parts) if parts else ""


def _add_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} {_value(values, value)}" for key, value in update.add.items()]
    return "ADD " + ", ".join(parts) if parts else ""


def _discard_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} {_value(values, part)}" for key, part in update.discard.items()]
    return "DELETE " + ", ".join(parts) if parts else ""


def _condition(update: Update, names: dict[str, str], values: Item) -> str:
    parts = ["attribute_exists(pk)"] if update.must_exist else []
    for key, value in update.only_if.items():
        name = _name(names, key)
        absent = value is None
        parts.append(
            f"attribute_not_exists({name})" if absent else f"{name} = {_value(values, value)}"
        )
    if update.extra_condition:
        parts.append(f"({update.extra_condition})")
    return " AND ".join(parts)
