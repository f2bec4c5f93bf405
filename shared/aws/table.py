"""One DynamoDB table with a string `pk` and `sk`: items in, items out, conditions kept.

Reads are strongly consistent unless an index is asked.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from shared import clock
from shared.aws.attributes import decode_item, encode, encode_item
from shared.aws.clients import client
from shared.aws.errors import aws_errors
from shared.aws.expressions import Item, Update, query_request
from shared.aws.transactions import Transaction
from shared.errors import Unavailable

_BATCH_GET = 100
_BATCH_WRITE = 25
# Refused so often in a row, a batch is given up: about six seconds.
_BATCH_ATTEMPTS = 8
_FIRST_PAUSE_S = 0.05


class Table(msgspec.Struct, frozen=True):
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
        wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in order]
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
        request = query_request(self.name, pk, prefix, between, index, key_names)
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
