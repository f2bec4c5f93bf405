"""Answers common calls of DynamoDB from moto's store directly, as `quick_s3` does for S3.

moto parses each expression two or three times a call, and sorts a whole table for a query.
What is not answered here (an unusual parameter or expression, a condition that does not hold, a
page that is full) is moto's to answer: until then nothing has happened.
"""

from collections.abc import Callable

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import Table, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from tests.kit.quick_items import Params
from tests.kit.quick_reads import batch_get, get, query, scan
from tests.kit.quick_s3 import NotQuick
from tests.kit.quick_writes import CONDITION, batch_write, delete, put, transact, update


def quick_dynamodb(operation: str, params: Params, region: str) -> Params:
    """The answer to a call, without `ResponseMetadata`.

    Raises NotQuick; then nothing has happened.
    """
    answered, known = _ANSWERS[operation]
    if not known >= params.keys():
        raise NotQuick
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables
    try:
        return answered(tables, params)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as exc:
        # Something is missing or of a wrong kind: botocore says what.
        raise NotQuick from exc


def lighten_keys() -> None:
    """Compare and hash moto's keys, most of which are texts, without asking of what kind they
    are at each step.
    """
    hashed, equal, less = DynamoType.__hash__, DynamoType.__eq__, DynamoType.__lt__

    def quick_hash(self: DynamoType) -> int:
        return hash(self.value) if self.type == "S" else hashed(self)

    def quick_equal(self: DynamoType, other: DynamoType) -> bool:
        if self.type == "S" and other.type == "S":
            return bool(self.value == other.value)
        return equal(self, other)

    def quick_less(self: DynamoType, other: DynamoType) -> bool:
        if self.type == "S" and other.type == "S":
            return bool(self.value < other.value)
        return less(self, other)

    for name, method in {"hash": quick_hash, "eq": quick_equal, "lt": quick_less}.items():
        setattr(DynamoType, f"__{name}__", method)


_ANSWERS: dict[str, tuple[Callable[[dict[str, Table], Params], Params], set[str]]] = {
    "BatchGetItem": (batch_get, {"RequestItems"}),
    "BatchWriteItem": (batch_write, {"RequestItems"}),
    "DeleteItem": (delete, {"TableName", "Key", "ReturnValues", *CONDITION}),
    "GetItem": (get, {"TableName", "Key", "ConsistentRead"}),
    "PutItem": (put, {"TableName", "Item", *CONDITION}),
    "Query": (
        query,
        {
            "TableName",
            "IndexName",
            "KeyConditionExpression",
            "ScanIndexForward",
            "ConsistentRead",
            "Limit",
            "ExclusiveStartKey",
            *CONDITION[1:],
        },
    ),
    "Scan": (
        scan,
        {
            "TableName",
            "FilterExpression",
            "ProjectionExpression",
            "ExpressionAttributeValues",
        },
    ),
    "TransactWriteItems": (transact, {"TransactItems"}),
    "UpdateItem": (update, {"TableName", "Key", "ReturnValues", "UpdateExpression", *CONDITION}),
}
QUICK_IN_DYNAMODB = frozenset(_ANSWERS)
