"""Makes the AWS in this process as strict as AWS where it is kinder: sizes of keys, items and
numbers.

DynamoDB: a partition key has 1 to 2,048 bytes and a sort key 1 to 1,024, on the table and on
its indexes, wherever one is named; an item has at most 400 KB, however it grew; a number is 0 or
from 1e-130 to below 1e126, of at most 38 digits. S3: a key has at most 1,024 bytes. All of them as
UTF-8.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

MAX_ITEM_BYTES = 400 * 2**10
MAX_PARTITION_KEY_BYTES = 2_048
MAX_SORT_KEY_BYTES = 1_024
MAX_OBJECT_KEY_BYTES = 1_024
# Updates smaller than this are not looked at: reading every item again would be slow.
_NOTABLE_BYTES = 2_048
_KEY_LIMITS = {"HASH": MAX_PARTITION_KEY_BYTES, "RANGE": MAX_SORT_KEY_BYTES}

Params = dict[str, Any]
Call = Callable[[Any, str, Params], Any]


def be_strict(patch: pytest.MonkeyPatch) -> None:
    """Have every call of botocore judged until the patch is undone."""
    strict = _Strict(botocore.client.BaseClient._make_api_call)

    def make(self: Any, operation_name: str, api_params: Params) -> Any:
        return strict.made(self, operation_name, api_params)

    patch.setattr(botocore.client.BaseClient, "_make_api_call", make)


def size_of(item: Params) -> int:
    """The bytes of an item, as DynamoDB counts them (about: numbers are taken as text)."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(attribute: Params) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "N":
            return len(value.encode())
        case "B":
            return len(value)
        case "M":
            return 3 + len(value) + size_of(value)
        case "L":
            return 3 + sum(1 + _size(part) for part in value)
        case "SS":
            return sum(len(part.encode()) for part in value)
    return 1


@dataclass
class _Strict:
    """Judges calls; `_keys` remembers the limits of a table's key attributes."""

    call: Call
    _keys: dict[str, dict[str, int]] = field(default_factory=dict)

    def made(self, client: Any, operation: str, params: Params) -> Any:
        service = client.meta.service_model.service_name
        if service == "s3" and len(str(params.get("Key", "")).encode()) > MAX_OBJECT_KEY_BYTES:
            raise _refused(operation, "KeyTooLongError", "Your key is too long")
        if service != "dynamodb" or operation in ("CreateTable", "DescribeTable", "Scan"):
            return self.call(client, operation, params)
        for table, item in _named(params):
            self._check_keys(client, operation, table, item)
        for values in _values(params):
            if not all(map(_is_stored, _numbers({"M": values}))):
                detail = "The parameter cannot be converted to a numeric value"
                raise _refused(operation, "ValidationException", detail)
        answer = self.call(client, operation, params)
        for table, key in _updated(params):
            self._check_size(client, operation, table, key)
        return answer

    def _check_keys(self, client: Any, operation: str, table: str, item: Params) -> None:
        if size_of(item) > MAX_ITEM_BYTES:
            raise _refused(operation, "ValidationException", "Item size has exceeded the maximum")
        for name, limit in self._limits(client, table).items():
            value = item.get(name, {}).get("S")
            if value is not None and not 1 <= len(value.encode()) <= limit:
                detail = f"the key attribute {name} is empty or has more than {limit} bytes"
                raise _refused(operation, "ValidationException", detail)

    def _check_size(self, client: Any, operation: str, table: str, key: Params) -> None:
        item = self.call(client, "GetItem", {"TableName": table, "Key": key}).get("Item", {})
        if size_of(item) > MAX_ITEM_BYTES:
            detail = "Item size to update has exceeded the maximum allowed size"
            raise _refused(operation, "ValidationException", detail)

    def _limits(self, client: Any, table: str) -> dict[str, int]:
        if table not in self._keys:
            tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][client.meta.region_name].tables
            if table not in tables:
                return {}
            indexes = [tables[table], *tables[table].global_indexes]
            self._keys[table] = {
                part["AttributeName"]: _KEY_LIMITS[part["KeyType"]]
                for index in indexes
                for part in index.schema
            }
        return self._keys[table]


def _named(params: Params) -> Iterator[tuple[str, Params]]:
    """Every item and key of a request, with its table; of a query, what its condition says."""
    table = params.get("TableName", "")
    for name in ("Item", "Key", "ExclusiveStartKey"):
        if name in params:
            yield table, params[name]
    for action in params.get("TransactItems", ()):
        yield from _named(next(iter(action.values())))
    for table, asked in params.get("RequestItems", {}).items():
        keys = asked["Keys"] if "Keys" in asked else [_written(each) for each in asked]
        yield from ((table, key) for key in keys)
    if "KeyConditionExpression" in params:
        yield from _asked(params)


def _values(params: Params) -> Iterator[Params]:
    """What a request would store, by name."""
    yield from (params[name] for name in ("Item", "ExpressionAttributeValues") if name in params)
    for action in params.get("TransactItems", ()):
        yield from _values(next(iter(action.values())))
    for asked in params.get("RequestItems", {}).values():
        yield from (_written(each) for each in asked if "Keys" not in asked)


def _numbers(attribute: Params) -> Iterator[str]:
    ((kind, value),) = attribute.items()
    if kind == "N":
        yield value
    elif kind in ("L", "M"):
        for part in value if kind == "L" else value.values():
            yield from _numbers(part)


def _is_stored(number: str) -> bool:
    """Whether DynamoDB holds a number as it is written."""
    if len(number) <= 38 and number.lstrip("-").isdecimal():
        return True
    found = Decimal(number)
    digits = "".join(map(str, found.as_tuple().digits)).strip("0")
    fits = len(digits) <= 38 and -130 <= found.adjusted() < 126
    return found.is_finite() and (fits or not digits)


def _written(request: Params) -> Params:
    (written,) = request.values()
    found: Params = written.get("Item") or written["Key"]
    return found


def _asked(params: Params) -> Iterator[tuple[str, Params]]:
    """The values of a query's condition, one by one, under the names that it gives them."""
    names = params["ExpressionAttributeNames"]
    for placeholder, value in params["ExpressionAttributeValues"].items():
        name = names["#p"] if placeholder == ":p" else names["#s"]
        yield params["TableName"], {name: value}


def _updated(params: Params) -> Iterator[tuple[str, Params]]:
    """The keys of items that a request may have let grow by much."""
    told = params.get("ExpressionAttributeValues", {}) if "UpdateExpression" in params else {}
    if size_of(told) > _NOTABLE_BYTES:
        yield params["TableName"], params["Key"]
    for action in params.get("TransactItems", ()):
        yield from _updated(next(iter(action.values())))


def _refused(operation: str, code: str, message: str) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]  # botocore's own shape.
