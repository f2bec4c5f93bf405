"""Items in moto's tables of DynamoDB, kept in the API's own form: where they are, what may be one.

moto never asks for that form; once it looks at an item, the item has moto's.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from moto.dynamodb.models import Table
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import dynamo_to_dict

from tests.kit.quick_s3 import NotQuick

Params: TypeAlias = dict[str, Any]
Attributes: TypeAlias = dict[str, Params]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_MOST_AT_ONCE = {"BatchGetItem": 100, "BatchWriteItem": 25, "TransactWriteItems": 100}


class PlainItem(Item):
    """An item in the API's form; `attrs` gives it moto's, for good, as moto may write to it."""

    def __init__(self, hash_key: DynamoType, range_key: DynamoType, plain: Attributes) -> None:
        self.hash_key = hash_key
        self.range_key = range_key
        self.plain: Attributes | None = plain

    @property
    def attrs(self) -> LimitedSizeDict:
        """As moto has it."""
        if self.plain is not None:
            made = LimitedSizeDict()
            for name, value in self.plain.items():
                dict.__setitem__(made, name, DynamoType(value))
            self._attrs, self.plain = made, None
        return self._attrs

    @attrs.setter
    def attrs(self, made: LimitedSizeDict) -> None:
        self._attrs, self.plain = made, None


def table_of(tables: dict[str, Table], name: str) -> Table:
    table = tables.get(name)
    if table is None or table.range_key_attr is None or table.stream_shard is not None:
        raise NotQuick
    if (table.hash_key_type, table.range_key_type) != ("S", "S"):
        raise NotQuick
    return table


def placed(
    tables: dict[str, Table], name: str, key: Attributes
) -> tuple[dict[DynamoType, Item], DynamoType, DynamoType]:
    return place(table_of(tables, name), key, only_key=True)


def place(
    table: Table, attributes: Attributes, *, only_key: bool = False
) -> tuple[dict[DynamoType, Item], DynamoType, DynamoType]:
    """The partition of an item's key, and the key, which must be of texts that are not empty."""
    own = (table.hash_key_attr, table.range_key_attr)
    if only_key and attributes.keys() != set(own):
        raise NotQuick
    hashed, ranged = ([*attributes.get(part, {}).items()] for part in own)
    if not (len(hashed) == len(ranged) == 1 and hashed[0][0] == ranged[0][0] == "S"):
        raise NotQuick
    if not only_key:
        for name in keys_of(table) & attributes.keys():
            check_index_key(attributes[name])
    key = key_of(hashed[0][1]), key_of(ranged[0][1])
    # No empty partition is left behind by reading: `items` makes one when asked by index.
    return table.items.get(key[0], {}), *key


def check_index_key(value: Params) -> None:
    if not value.get("S"):
        raise NotQuick


def keys_of(table: Table) -> frozenset[str]:
    """The attributes that are keys of a table or of its indexes."""
    known: dict[str, frozenset[str]] = table.__dict__
    if "quick_keys" not in known:
        known["quick_keys"] = frozenset(table.attribute_keys)
    return known["quick_keys"]


def key_of(text: object) -> DynamoType:
    if not isinstance(text, str) or not text:
        raise NotQuick
    made = DynamoType.__new__(DynamoType)
    made.type, made.value = "S", text
    return made


def store(table: Table, hashed: DynamoType, ranged: DynamoType, attributes: Attributes) -> None:
    table.items[hashed][ranged] = PlainItem(hashed, ranged, attributes)


def plain(item: Item) -> Attributes:
    """An item's attributes in the API's form; not to be changed."""
    plain: Attributes | None = getattr(item, "plain", None)
    return dynamo_to_dict(item.attrs) if plain is None else plain  # type: ignore[no-any-return]


def given(params: Params, kind: str) -> Params:
    given: Params = params.get(f"ExpressionAttribute{kind}", {})
    return given


def single(asked: Params) -> Iterable[tuple[str, Any]]:
    if len(asked) != 1:
        raise NotQuick
    return asked.items()


def bounded(operation: str, asked: list[Params]) -> list[Params]:
    if not 1 <= len(asked) <= _MOST_AT_ONCE[operation]:
        raise NotQuick
    return asked


def owned(attributes: Attributes) -> Attributes:
    return {name: own(value) for name, value in attributes.items()}


def own(attribute: Params) -> Params:
    """A copy of a valid attribute, which the caller does not share."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {"M": owned(value)}
    if kind == "L":
        return {"L": [own(part) for part in value]}
    if not _IS_VALID[kind](value):
        raise NotQuick
    return {kind: list(value) if kind == "SS" else value}


def copied(attributes: Attributes) -> Attributes:
    return {name: _copy(value) for name, value in attributes.items()}


def _copy(attribute: Params) -> Params:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return {"M": copied(value)}
        case "L":
            return {"L": [_copy(part) for part in value]}
        case "SS":
            return {"SS": list(value)}
    return {kind: value}


def size_of(attributes: Attributes) -> int:
    """The characters of an item, about: no more than its bytes."""
    return sum(len(name) + _weight(value) for name, value in attributes.items())


def _weight(attribute: Params) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return size_of(value) + 3
        case "L":
            return 3 + sum(map(_weight, value))
        case "SS":
            return sum(map(len, value))
        case "BOOL" | "NULL":
            return 1
    return len(value)


_IS_VALID: dict[str, Callable[[Any], object]] = {
    "S": lambda value: type(value) is str,
    "N": lambda value: _NUMBER.fullmatch(value),
    "B": lambda value: type(value) is bytes,
    "BOOL": lambda value: type(value) is bool,
    "NULL": lambda value: value is True,
    "SS": lambda value: value and len({*value}) == len(value) and {*map(type, value)} == {str},
}
