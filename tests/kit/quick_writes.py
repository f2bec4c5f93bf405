"""What DynamoDB does to moto's tables at calls that write, and answers."""

from collections.abc import Callable

from moto.dynamodb.models import Table
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tests.kit.quick_expressions import condition, names_in, update_actions
from tests.kit.quick_items import (
    Attributes,
    Params,
    bounded,
    check_index_key,
    copied,
    given,
    keys_of,
    own,
    owned,
    place,
    placed,
    plain,
    single,
    size_of,
    store,
    table_of,
)
from tests.kit.quick_s3 import NotQuick

CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
# An item that an update may let grow beyond what DynamoDB takes is moto's to judge.
_SURELY_SMALL = 100_000
_PARTS = {"Put": ("Item",), "Update": ("UpdateExpression",)}


def put(tables: dict[str, Table], params: Params) -> Params:
    table, attributes = table_of(tables, params["TableName"]), owned(params["Item"])
    ranges, hashed, ranged = place(table, attributes)
    _check_condition(params, ranges.get(ranged))
    store(table, hashed, ranged, attributes)
    return {}


def delete(tables: dict[str, Table], params: Params) -> Params:
    ranges, _, ranged = placed(tables, params["TableName"], params["Key"])
    item = ranges.get(ranged)
    _check_condition(params, item)
    wanted = _one_of(params, "NONE", "ALL_OLD")
    if item is None:
        return {}
    del ranges[ranged]
    return {"Attributes": copied(plain(item))} if wanted == "ALL_OLD" else {}


def update(tables: dict[str, Table], params: Params) -> Params:
    name, wanted = params["TableName"], _one_of(params, "NONE", "ALL_NEW")
    table, hashed, ranged, attributes = _updated(tables, params)
    store(table, hashed, ranged, attributes)
    answer: Params = {"ConsumedCapacity": {"TableName": name, "CapacityUnits": 0.5}}
    return answer | ({"Attributes": copied(attributes)} if wanted == "ALL_NEW" else {})


def _updated(
    tables: dict[str, Table], params: Params
) -> tuple[Table, DynamoType, DynamoType, Attributes]:
    """Where an update writes, and what; nothing is written yet."""
    table = table_of(tables, params["TableName"])
    ranges, hashed, ranged = place(table, params["Key"], only_key=True)
    item = ranges.get(ranged)
    _check_condition(params, item)
    old = copied(params["Key"]) if item is None else plain(item)
    new = dict(old)
    values = {key: own(value) for key, value in given(params, "Values").items()}
    for action, attribute, value in update_actions(
        params["UpdateExpression"], given(params, "Names"), values
    ):
        if attribute in keys_of(table) and (action != "REMOVE" or attribute in params["Key"]):
            check_index_key(value)
            if attribute in params["Key"]:
                raise NotQuick
        _act(new, action, attribute, value)
    if size_of(new) > _SURELY_SMALL:
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


def transact(tables: dict[str, Table], params: Params) -> Params:
    places: set[tuple[str, str, str]] = set()
    carried_out = []
    for action in bounded("TransactWriteItems", params["TransactItems"]):
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
    known = {"TableName", "Key", *CONDITION, *_PARTS.get(kind, ())}
    if not known >= asked.keys():
        raise NotQuick
    if kind == "Update":
        table, hashed, ranged, attributes = _updated(tables, asked)
        write: Callable[[], object] = lambda: store(table, hashed, ranged, attributes)  # noqa: E731
        return write, (table.name, hashed.value, ranged.value)
    table = table_of(tables, asked["TableName"])
    attributes = owned(asked["Item"] if kind == "Put" else asked["Key"])
    ranges, hashed, ranged = place(table, attributes, only_key=kind != "Put")
    _check_condition(asked, ranges.get(ranged))
    writes: dict[str, Callable[[], object]] = {
        "Put": lambda: store(table, hashed, ranged, attributes),
        "Delete": lambda: ranges.pop(ranged, None),
        "ConditionCheck": lambda: None,
    }
    return writes[kind], (table.name, hashed.value, ranged.value)


def batch_write(tables: dict[str, Table], params: Params) -> Params:
    ((name, asked),) = single(params["RequestItems"])
    table = table_of(tables, name)
    writes = []
    for request in bounded("BatchWriteItem", asked):
        ((kind, part),) = request.items()
        attributes = owned(part["Item"] if kind == "PutRequest" else part["Key"])
        ranges, hashed, ranged = place(table, attributes, only_key=kind != "PutRequest")
        writes.append((kind, ranges, hashed, ranged, attributes))
    if len({(hashed.value, ranged.value) for _, _, hashed, ranged, _ in writes}) < len(writes):
        raise NotQuick
    for kind, ranges, hashed, ranged, attributes in writes:
        if kind == "PutRequest":
            store(table, hashed, ranged, attributes)
        else:
            ranges.pop(ranged, None)
    capacity = {"TableName": name, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}
    return {"ConsumedCapacity": [capacity], "ItemCollectionMetrics": {}, "UnprocessedItems": {}}


def _check_condition(params: Params, item: Item | None) -> None:
    """Raises NotQuick where the condition does not hold, or a placeholder is not used."""
    expression, names, values = (
        params.get("ConditionExpression", ""),
        given(params, "Names"),
        given(params, "Values"),
    )
    used = names_in(expression) | names_in(params.get("UpdateExpression", ""))
    if used != names.keys() | values.keys():
        raise NotQuick
    if not condition(expression)(None if item is None else plain(item), names, values):
        raise NotQuick


def _one_of(params: Params, *known: str) -> str:
    wanted: str = params.get("ReturnValues", "NONE")
    if wanted not in known:
        raise NotQuick
    return wanted
