"""Answers common calls of DynamoDB from moto's store directly, as `quick_s3` does for S3.

moto parses each expression two or three times a call, and sorts a whole table for a query.
What is not answered here (an unusual parameter or expression, a condition that does not hold, a
page that is full) is moto's to answer: until then nothing has happened. Items written here keep
the API's own form, which moto never asks for; once it looks at one, the item has moto's.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import Table, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT
from moto.dynamodb.models.utilities import dynamo_to_dict

from tests.kit.quick_expressions import condition, key_range, names_in, update_actions
from tests.kit.quick_s3 import NotQuick

Params = dict[str, Any]
Attributes = dict[str, Params]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
# An item that an update may let grow beyond what DynamoDB takes is moto's to judge.
_SURELY_SMALL = 100_000
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


def _get(tables: dict[str, Table], params: Params) -> Params:
    ranges, _, ranged = _placed(tables, params["TableName"], params["Key"])
    return {"Item": _copied(_plain(ranges[ranged]))} if ranged in ranges else {}


def _put(tables: dict[str, Table], params: Params) -> Params:
    table, attributes = _table(tables, params["TableName"]), _owned(params["Item"])
    ranges, hashed, ranged = _place(table, attributes)
    _check_condition(params, ranges.get(ranged))
    _store(table, hashed, ranged, attributes)
    return {}


def _delete(tables: dict[str, Table], params: Params) -> Params:
    ranges, _, ranged = _placed(tables, params["TableName"], params["Key"])
    item = ranges.get(ranged)
    _check_condition(params, item)
    wanted = _one_of(params, "NONE", "ALL_OLD")
    if item is None:
        return {}
    del ranges[ranged]
    return {"Attributes": _copied(_plain(item))} if wanted == "ALL_OLD" else {}


def _update(tables: dict[str, Table], params: Params) -> Params:
    name, wanted = params["TableName"], _one_of(params, "NONE", "ALL_NEW")
    table, hashed, ranged, attributes = _updated(tables, params)
    _store(table, hashed, ranged, attributes)
    answer: Params = {"ConsumedCapacity": {"TableName": name, "CapacityUnits": 0.5}}
    return answer | ({"Attributes": _copied(attributes)} if wanted == "ALL_NEW" else {})


def _updated(
    tables: dict[str, Table], params: Params
) -> tuple[Table, DynamoType, DynamoType, Attributes]:
    """Where an update writes, and what; nothing is written yet."""
    table = _table(tables, params["TableName"])
    ranges, hashed, ranged = _place(table, params["Key"], only_key=True)
    item = ranges.get(ranged)
    _check_condition(params, item)
    old = _copied(params["Key"]) if item is None else _plain(item)
    new = dict(old)
    given = {key: _own(value) for key, value in _given(params, "Values").items()}
    for action, attribute, value in update_actions(
        params["UpdateExpression"], _given(params, "Names"), given
    ):
        if attribute in _keys_of(table) and (action != "REMOVE" or attribute in params["Key"]):
            _check_index_key(value)
            if attribute in params["Key"]:
                raise NotQuick
        _act(new, action, attribute, value)
    if _size(new) > _SURELY_SMALL:
        raise NotQuick
    return table, hashed, ranged, new


def _act(new: Attributes, action: str, attribute: str, value: Params) -> None:
    old = new.get(attribute)
    match action:
        case "SET":
            new[attribute] = value
        case "SET_IF_ABSENT":
            new.setdefault(attribute, value)
        case "REMOVE":
            new.pop(attribute, None)
        case "ADD":
            new[attribute] = value if old is None else _sum(old, value)
            if old is None and "N" not in value and "SS" not in value:
                raise NotQuick
        case "DELETE" if old is not None:
            left = [each for each in _members(old) if each not in _members(value)]
            if left:
                new[attribute] = {"SS": left}
            else:
                del new[attribute]
        case "DELETE":
            _members(value)


def _sum(old: Params, value: Params) -> Params:
    if "N" in old and "N" in value and "." not in old["N"] + value["N"]:
        return {"N": str(int(old["N"]) + int(value["N"]))}
    return {"SS": list(dict.fromkeys(_members(old) + _members(value)))}


def _members(value: Params) -> list[str]:
    if "SS" not in value:
        raise NotQuick
    members: list[str] = value["SS"]
    return members


def _transact(tables: dict[str, Table], params: Params) -> Params:
    places: set[tuple[str, str, str]] = set()
    carried_out = []
    for action in _bounded("TransactWriteItems", params["TransactItems"]):
        ((kind, asked),) = action.items()
        carry_out, place = _prepared(tables, kind, asked)
        if place in places:
            raise NotQuick
        places.add(place)
        carried_out.append(carry_out)
    for carry_out in carried_out:
        carry_out()
    return {"ConsumedCapacity": [], "ItemCollectionMetrics": {}}


def _prepared(
    tables: dict[str, Table], kind: str, asked: Params
) -> tuple[Callable[[], object], tuple[str, str, str]]:
    """What an action of a transaction writes, later, and where; its condition holds."""
    known = {"TableName", "Key", *_CONDITION, *_PARTS.get(kind, ())}
    if not known >= asked.keys():
        raise NotQuick
    if kind == "Update":
        table, hashed, ranged, attributes = _updated(tables, asked)
        write: Callable[[], object] = lambda: _store(table, hashed, ranged, attributes)  # noqa: E731
        return write, (table.name, hashed.value, ranged.value)
    table = _table(tables, asked["TableName"])
    attributes = _owned(asked["Item"] if kind == "Put" else asked["Key"])
    ranges, hashed, ranged = _place(table, attributes, only_key=kind != "Put")
    _check_condition(asked, ranges.get(ranged))
    writes: dict[str, Callable[[], object]] = {
        "Put": lambda: _store(table, hashed, ranged, attributes),
        "Delete": lambda: ranges.pop(ranged, None),
        "ConditionCheck": lambda: None,
    }
    return writes[kind], (table.name, hashed.value, ranged.value)


def _batch_get(tables: dict[str, Table], params: Params) -> Params:
    ((name, asked),) = _single(params["RequestItems"])
    if not {"Keys", "ConsistentRead"} >= asked.keys():
        raise NotQuick
    keys = _bounded("BatchGetItem", asked["Keys"])
    places = [_placed(tables, name, key) for key in keys]
    if len({(hashed.value, ranged.value) for _, hashed, ranged in places}) < len(places):
        raise NotQuick
    found = [ranges.get(ranged) for ranges, _, ranged in places]
    return {
        "ConsumedCapacity": [{"CapacityUnits": len(keys), "TableName": name}],
        "Responses": {name: [_copied(_plain(item)) for item in found if item is not None]},
        "UnprocessedKeys": {},
    }


def _batch_write(tables: dict[str, Table], params: Params) -> Params:
    ((name, asked),) = _single(params["RequestItems"])
    table = _table(tables, name)
    writes = []
    for request in _bounded("BatchWriteItem", asked):
        ((kind, part),) = request.items()
        attributes = _owned(part["Item"] if kind == "PutRequest" else part["Key"])
        ranges, hashed, ranged = _place(table, attributes, only_key=kind != "PutRequest")
        writes.append((kind, ranges, hashed, ranged, attributes))
    if len({(hashed.value, ranged.value) for _, _, hashed, ranged, _ in writes}) < len(writes):
        raise NotQuick
    for kind, ranges, hashed, ranged, attributes in writes:
        if kind == "PutRequest":
            _store(table, hashed, ranged, attributes)
        else:
            ranges.pop(ranged, None)
    capacity = {"TableName": name, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}
    return {"ConsumedCapacity": [capacity], "ItemCollectionMetrics": {}, "UnprocessedItems": {}}


def _query(tables: dict[str, Table], params: Params) -> Params:
    table = _table(tables, params["TableName"])
    names, values = _given(params, "Names"), _given(params, "Values")
    hash_name, wanted, range_name, fits = key_range(params["KeyConditionExpression"], names, values)
    if "IndexName" in params:
        found, keys = _of_index(table, params, wanted)
        order = [keys[-1], *keys[:2]]
    else:
        found = [*table.items.get(_key(wanted), {}).values()]
        keys, order = [table.hash_key_attr, table.range_key_attr], [table.range_key_attr]
    if [hash_name, range_name or keys[-1]] != keys[-2:]:
        raise NotQuick
    return _page([_plain(item) for item in found], params, keys, order, fits)


def _of_index(table: Table, params: Params, wanted: str) -> tuple[list[Item], list[str]]:
    """The items of an index that have this hash key; and its keys, after the table's."""
    index = next((each for each in table.global_indexes if each.name == params["IndexName"]), None)
    if index is None or index.projection != {"ProjectionType": "KEYS_ONLY"}:
        raise NotQuick
    hashed, ranged = index.schema_key_attrs
    if params.get("ConsistentRead") or not wanted:
        raise NotQuick
    every = (item for ranges in table.items.values() for item in ranges.values())
    found = [item for item in every if _plain(item).get(hashed) == {"S": wanted}]
    found = [item for item in found if ranged in _plain(item)]
    return found, [table.hash_key_attr, table.range_key_attr, hashed, ranged]


def _page(
    found: list[Attributes],
    params: Params,
    keys: list[str],
    order: list[str],
    fits: Callable[[str], bool],
) -> Params:
    """The part of the items, in this order, that a query asks for. Like moto, it says that more
    may follow where the partition goes on, in the range or not.
    """
    forward = params.get("ScanIndexForward", True)
    placed = sorted(
        (([item[key]["S"] for key in order], item) for item in found),
        key=lambda each: each[0],
        reverse=not forward,
    )
    if "ExclusiveStartKey" in params:
        start = params["ExclusiveStartKey"]
        if start.keys() != set(keys):
            raise NotQuick
        after = [start[key]["S"] for key in order]
        placed = [each for each in placed if each[0] != after and (each[0] > after) == forward]
    limit = params.get("Limit", len(placed) + 1)
    page: list[Attributes] = []
    answer: Params = {}
    for place, item in placed:
        if len(page) == limit:
            answer["LastEvaluatedKey"] = _copied({key: page[-1][key] for key in keys})
            break
        if fits(place[0]):
            page.append({key: item[key] for key in keys} if "IndexName" in params else item)
    if limit < 1 or sum(map(_size, page)) * 4 > RESULT_SIZE_LIMIT:
        raise NotQuick
    items = [_copied(item) for item in page]
    return {"Count": len(page), "ScannedCount": len(page), "Items": items, **answer}


def _scan(tables: dict[str, Table], params: Params) -> Params:
    """Everything in a table, or the partition keys that a filter lets through."""
    table = _table(tables, params["TableName"])
    holds = condition(params.get("FilterExpression", ""))
    names, values = _given(params, "Names"), _given(params, "Values")
    if names or names_in(params.get("FilterExpression", "")) != values.keys():
        raise NotQuick
    found = [_plain(item) for ranges in table.items.values() for item in ranges.values()]
    if sum(map(_size, found)) * 4 > RESULT_SIZE_LIMIT:
        raise NotQuick
    order = (table.hash_key_attr, table.range_key_attr)
    found.sort(key=lambda item: [item[key]["S"] for key in order])
    kept = [item for item in found if holds(item, names, values)]
    wanted = params.get("ProjectionExpression")
    if wanted not in (None, "pk"):
        raise NotQuick
    items = [_copied(item if wanted is None else {"pk": item["pk"]}) for item in kept]
    return {"Count": len(items), "ScannedCount": len(found), "Items": items}


def _table(tables: dict[str, Table], name: str) -> Table:
    table = tables.get(name)
    if table is None or table.range_key_attr is None or table.stream_shard is not None:
        raise NotQuick
    if (table.hash_key_type, table.range_key_type) != ("S", "S"):
        raise NotQuick
    return table


def _placed(
    tables: dict[str, Table], name: str, key: Attributes
) -> tuple[dict[DynamoType, Item], DynamoType, DynamoType]:
    return _place(_table(tables, name), key, only_key=True)


def _place(
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
        for name in _keys_of(table) & attributes.keys():
            _check_index_key(attributes[name])
    key = _key(hashed[0][1]), _key(ranged[0][1])
    # No empty partition is left behind by reading: `items` makes one when asked by index.
    return table.items.get(key[0], {}), *key


def _check_index_key(value: Params) -> None:
    if not value.get("S"):
        raise NotQuick


def _keys_of(table: Table) -> frozenset[str]:
    """The attributes that are keys of a table or of its indexes."""
    known: dict[str, frozenset[str]] = table.__dict__
    if "quick_keys" not in known:
        known["quick_keys"] = frozenset(table.attribute_keys)
    return known["quick_keys"]


def _key(text: object) -> DynamoType:
    if not isinstance(text, str) or not text:
        raise NotQuick
    made = DynamoType.__new__(DynamoType)
    made.type, made.value = "S", text
    return made


def _store(table: Table, hashed: DynamoType, ranged: DynamoType, attributes: Attributes) -> None:
    table.items[hashed][ranged] = PlainItem(hashed, ranged, attributes)


def _plain(item: Item) -> Attributes:
    """An item's attributes in the API's form; not to be changed."""
    plain: Attributes | None = getattr(item, "plain", None)
    return dynamo_to_dict(item.attrs) if plain is None else plain  # type: ignore[no-any-return]


def _check_condition(params: Params, item: Item | None) -> None:
    """Raises NotQuick where the condition does not hold, or a placeholder is not used."""
    expression, names, values = (
        params.get("ConditionExpression", ""),
        _given(params, "Names"),
        _given(params, "Values"),
    )
    used = names_in(expression) | names_in(params.get("UpdateExpression", ""))
    if used != names.keys() | values.keys():
        raise NotQuick
    if not condition(expression)(None if item is None else _plain(item), names, values):
        raise NotQuick


def _given(params: Params, kind: str) -> Params:
    given: Params = params.get(f"ExpressionAttribute{kind}", {})
    return given


def _one_of(params: Params, *known: str) -> str:
    wanted: str = params.get("ReturnValues", "NONE")
    if wanted not in known:
        raise NotQuick
    return wanted


def _single(asked: Params) -> Iterable[tuple[str, Any]]:
    if len(asked) != 1:
        raise NotQuick
    return asked.items()


def _bounded(operation: str, asked: list[Params]) -> list[Params]:
    if not 1 <= len(asked) <= _MOST_AT_ONCE[operation]:
        raise NotQuick
    return asked


def _owned(attributes: Attributes) -> Attributes:
    return {name: _own(value) for name, value in attributes.items()}


def _own(attribute: Params) -> Params:
    """A copy of a valid attribute, which the caller does not share."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {"M": _owned(value)}
    if kind == "L":
        return {"L": [_own(part) for part in value]}
    if not _IS_VALID[kind](value):
        raise NotQuick
    return {kind: list(value) if kind == "SS" else value}


def _copied(attributes: Attributes) -> Attributes:
    return {name: _copy(value) for name, value in attributes.items()}


def _copy(attribute: Params) -> Params:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return {"M": _copied(value)}
        case "L":
            return {"L": [_copy(part) for part in value]}
        case "SS":
            return {"SS": list(value)}
    return {kind: value}


def _size(attributes: Attributes) -> int:
    """The characters of an item, about: no more than its bytes."""
    return sum(len(name) + _weight(value) for name, value in attributes.items())


def _weight(attribute: Params) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return _size(value) + 3
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
_CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
_PARTS = {"Put": ("Item",), "Update": ("UpdateExpression",)}
_ANSWERS: dict[str, tuple[Callable[[dict[str, Table], Params], Params], set[str]]] = {
    "BatchGetItem": (_batch_get, {"RequestItems"}),
    "BatchWriteItem": (_batch_write, {"RequestItems"}),
    "DeleteItem": (_delete, {"TableName", "Key", "ReturnValues", *_CONDITION}),
    "GetItem": (_get, {"TableName", "Key", "ConsistentRead"}),
    "PutItem": (_put, {"TableName", "Item", *_CONDITION}),
    "Query": (
        _query,
        {
            "TableName",
            "IndexName",
            "KeyConditionExpression",
            "ScanIndexForward",
            "ConsistentRead",
            "Limit",
            "ExclusiveStartKey",
            *_CONDITION[1:],
        },
    ),
    "Scan": (
        _scan,
        {
            "TableName",
            "FilterExpression",
            "ProjectionExpression",
            "ExpressionAttributeValues",
        },
    ),
    "TransactWriteItems": (_transact, {"TransactItems"}),
    "UpdateItem": (_update, {"TableName", "Key", "ReturnValues", "UpdateExpression", *_CONDITION}),
}
QUICK_IN_DYNAMODB = frozenset(_ANSWERS)
