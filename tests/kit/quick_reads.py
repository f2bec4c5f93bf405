"""What DynamoDB answers to calls that read, from moto's tables."""

from collections.abc import Callable

from moto.dynamodb.models import Table
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT

from tests.kit.quick_expressions import condition, key_range, names_in
from tests.kit.quick_items import (
    Attributes,
    Params,
    bounded,
    copied,
    given,
    key_of,
    placed,
    plain,
    single,
    size_of,
    table_of,
)
from tests.kit.quick_s3 import NotQuick


def get(tables: dict[str, Table], params: Params) -> Params:
    ranges, _, ranged = placed(tables, params["TableName"], params["Key"])
    return {"Item": copied(plain(ranges[ranged]))} if ranged in ranges else {}


def batch_get(tables: dict[str, Table], params: Params) -> Params:
    ((name, asked),) = single(params["RequestItems"])
    if not {"Keys", "ConsistentRead"} >= asked.keys():
        raise NotQuick
    keys = bounded("BatchGetItem", asked["Keys"])
    places = [placed(tables, name, key) for key in keys]
    if len({(hashed.value, ranged.value) for _, hashed, ranged in places}) < len(places):
        raise NotQuick
    found = [ranges.get(ranged) for ranges, _, ranged in places]
    return {
        "ConsumedCapacity": [{"CapacityUnits": len(keys), "TableName": name}],
        "Responses": {name: [copied(plain(item)) for item in found if item is not None]},
        "UnprocessedKeys": {},
    }


def query(tables: dict[str, Table], params: Params) -> Params:
    table = table_of(tables, params["TableName"])
    names, values = given(params, "Names"), given(params, "Values")
    hash_name, wanted, range_name, fits = key_range(params["KeyConditionExpression"], names, values)
    if "IndexName" in params:
        found, keys = _of_index(table, params, wanted)
        order = [keys[-1], *keys[:2]]
    else:
        found = [*table.items.get(key_of(wanted), {}).values()]
        keys, order = [table.hash_key_attr, table.range_key_attr], [table.range_key_attr]
    if [hash_name, range_name or keys[-1]] != keys[-2:]:
        raise NotQuick
    return _page([plain(item) for item in found], params, keys, order, fits)


def _of_index(table: Table, params: Params, wanted: str) -> tuple[list[Item], list[str]]:
    """The items of an index that have this hash key; and its keys, after the table's."""
    index = next((each for each in table.global_indexes if each.name == params["IndexName"]), None)
    if index is None or index.projection != {"ProjectionType": "KEYS_ONLY"}:
        raise NotQuick
    hashed, ranged = index.schema_key_attrs
    if params.get("ConsistentRead") or not wanted:
        raise NotQuick
    every = (item for ranges in table.items.values() for item in ranges.values())
    found = [item for item in every if plain(item).get(hashed) == {"S": wanted}]
    found = [item for item in found if ranged in plain(item)]
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
            answer["LastEvaluatedKey"] = copied({key: page[-1][key] for key in keys})
            break
        if fits(place[0]):
            page.append({key: item[key] for key in keys} if "IndexName" in params else item)
    if limit < 1 or sum(map(size_of, page)) * 4 > RESULT_SIZE_LIMIT:
        raise NotQuick
    items = [copied(item) for item in page]
    return {"Count": len(page), "ScannedCount": len(page), "Items": items, **answer}


def scan(tables: dict[str, Table], params: Params) -> Params:
    """Everything in a table, or the partition keys that a filter lets through."""
    table = table_of(tables, params["TableName"])
    holds = condition(params.get("FilterExpression", ""))
    names, values = given(params, "Names"), given(params, "Values")
    if names or names_in(params.get("FilterExpression", "")) != values.keys():
        raise NotQuick
    found = [plain(item) for ranges in table.items.values() for item in ranges.values()]
    if sum(map(size_of, found)) * 4 > RESULT_SIZE_LIMIT:
        raise NotQuick
    order = (table.hash_key_attr, table.range_key_attr)
    found.sort(key=lambda item: [item[key]["S"] for key in order])
    kept = [item for item in found if holds(item, names, values)]
    wanted = params.get("ProjectionExpression")
    if wanted not in (None, "pk"):
        raise NotQuick
    items = [copied(item if wanted is None else {"pk": item["pk"]}) for item in kept]
    return {"Count": len(items), "ScannedCount": len(found), "Items": items}
