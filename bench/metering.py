"""Watches AWS calls and counts what AWS would bill for them.

Items are read before and after each write, outside the watched calls, so that the units
follow from the real sizes and from the indexes that the write touched.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.units import Item, index_write_units, item_bytes, read_units, sqs_requests, write_units
from tests.kit.faults import Calls, Request

# Amounts of what is billed, by the names of prices.
Amounts = Counter[str]

_S3_LIKE_PUT = {
    "PutObject", "CopyObject", "ListObjectsV2", "ListObjectVersions", "CreateMultipartUpload",
    "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
}  # fmt: skip
_S3_LIKE_GET = {"GetObject", "HeadObject"}
_FREE = {"DeleteObject", "DeleteObjects", "AbortMultipartUpload", "AssumeRole"}
_TRANSACTION_FACTOR = 2

Key = tuple[str, str, str]


@dataclass
class Meter(Calls):
    """Calls that also fill `amounts`. An operation without a rule raises LookupError."""

    amounts: Amounts = field(default_factory=Counter)
    # Queues that were sent messages of a group: SQS bills their requests as fair.
    fair_queues: set[str] = field(default_factory=set)
    _indexes: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        """Carry a call out, and count it, refused or not."""
        if self._deep:
            return call()
        self.amounts["aws_call"] += 1
        written = list(_written_keys(request))
        before = self._images(request, written)
        answer: Mapping[str, Any] = {}
        try:
            answer = super().made(request, call)
        finally:
            self._count(request, answer, before, self._images(request, written))
        return answer

    def _count(
        self,
        request: Request,
        answer: Mapping[str, Any],
        before: dict[Key, Item],
        after: dict[Key, Item],
    ) -> None:
        operation = request.operation
        if operation in _S3_LIKE_PUT:
            self.amounts["s3_put"] += 1
        elif operation in _S3_LIKE_GET:
            self.amounts["s3_get"] += 1
        elif request.service == "sqs":
            self._count_message(request, answer)
        elif before or after or list(_written_keys(request)):
            self._count_writes(request, before, after)
        elif operation not in _FREE:
            self.amounts["dynamodb_rru"] += _reads(request, answer)

    def _count_message(self, request: Request, answer: Mapping[str, Any]) -> None:
        url = request.params["QueueUrl"]
        if "MessageGroupId" in request.params:
            self.fair_queues.add(url)
        bodies = [request.params.get("MessageBody", "")]
        bodies = [message["Body"] for message in answer.get("Messages", ())] or bodies
        kind = "sqs_fair_request" if url in self.fair_queues else "sqs_request"
        self.amounts[kind] += sqs_requests("".join(bodies))

    def _count_writes(
        self, request: Request, before: dict[Key, Item], after: dict[Key, Item]
    ) -> None:
        # The entries of indexes are written once, when the transaction is carried out.
        times = _TRANSACTION_FACTOR if request.operation == "TransactWriteItems" else 1
        for key in _written_keys(request):
            old, new = before.get(key), after.get(key)
            self.amounts["dynamodb_wru"] += times * write_units(old, new)
            for keys in self._indexes_of(request.client, key[0]):
                self.amounts["dynamodb_wru"] += index_write_units(keys, old, new)

    def _images(self, request: Request, keys: list[Key]) -> dict[Key, Item]:
        """The items as they are now, read without being watched."""
        found: dict[Key, Item] = {}

        def read() -> None:
            for key in keys:
                table, pk, sk = key
                named = {"pk": {"S": pk}, "sk": {"S": sk}}
                answer = request.client.get_item(TableName=table, Key=named, ConsistentRead=True)
                if "Item" in answer:
                    found[key] = answer["Item"]

        self._act(read)
        return found

    def _indexes_of(self, client: Any, table: str) -> list[tuple[str, ...]]:
        """The keys of each index of a table, the table's included; all project keys only."""

        def read() -> None:
            said = client.describe_table(TableName=table)["Table"]
            if any(
                index["Projection"]["ProjectionType"] != "KEYS_ONLY"
                for index in said.get("GlobalSecondaryIndexes", ())
            ):
                raise LookupError("no rule says what writing to wider indexes costs")
            self._indexes[table] = [
                ("pk", "sk", *(part["AttributeName"] for part in index["KeySchema"]))
                for index in said.get("GlobalSecondaryIndexes", ())
            ]

        if table not in self._indexes:
            self._act(read)
        return self._indexes[table]


def _reads(request: Request, answer: Mapping[str, Any]) -> float:
    params = request.params
    match request.operation:
        case "GetItem":
            size = item_bytes(answer.get("Item", {}))
            return read_units(size, consistent=params.get("ConsistentRead", False))
        case "Query":
            size = sum(item_bytes(item) for item in answer.get("Items", ()))
            return read_units(size, consistent=params.get("ConsistentRead", False))
        case "BatchGetItem":
            return sum(_batch_reads(params["RequestItems"], answer))
    raise LookupError(f"no rule says what {request.operation} costs")


def _batch_reads(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[float]:
    """Each item by itself, those that are not there, too."""
    for table, ask in asked.items():
        found = answer.get("Responses", {}).get(table, [])
        sizes = [item_bytes(item) for item in found] + [0] * (len(ask["Keys"]) - len(found))
        for size in sizes:
            yield read_units(size, consistent=ask.get("ConsistentRead", False))


def _written_keys(request: Request) -> Iterator[Key]:
    """The items that a call writes, each as often as it does."""
    params = request.params
    match request.operation:
        case "PutItem":
            yield _key(params["TableName"], params["Item"])
        case "UpdateItem" | "DeleteItem":
            yield _key(params["TableName"], params["Key"])
        case "TransactWriteItems":
            for action in params["TransactItems"]:
                ((_, write),) = action.items()
                yield _key(write["TableName"], write.get("Item") or write["Key"])
        case "BatchWriteItem":
            for table, writes in params["RequestItems"].items():
                for write in writes:
                    ((_, what),) = write.items()
                    yield _key(table, what.get("Item") or what["Key"])


def _key(table: str, item: Item) -> Key:
    return table, item["pk"]["S"], item["sk"]["S"]
