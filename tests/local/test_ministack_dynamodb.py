"""What the catalog and the jobs rely on: transactions, conditions, indexes."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def table(dynamodb: Any) -> str:
    """A table with the keys that all tables of the template have."""
    name = f"conformance-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    return name


def _key(sk: str) -> dict[str, Any]:
    return {"pk": {"S": "USER#demo"}, "sk": {"S": sk}}


def _put(table: str, sk: str, **condition: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": _key(sk), **condition}}


def _stored(dynamodb: Any, table: str) -> list[str]:
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "USER#demo"}},
        ConsistentRead=True,
    )
    return [item["sk"]["S"] for item in answer["Items"]]


def test_transaction_writes_nothing_and_says_why_when_one_condition_fails(
    dynamodb: Any, table: str
) -> None:
    dynamodb.put_item(TableName=table, Item=_key("MARKER"))

    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(
            TransactItems=[
                _put(table, "CHECKPOINT"),
                _put(table, "MARKER", ConditionExpression="attribute_not_exists(pk)"),
            ]
        )

    assert cancelled.value.response["Error"]["Code"] == "TransactionCanceledException"
    reasons = [each["Code"] for each in cancelled.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert _stored(dynamodb, table) == ["MARKER"]


def test_transaction_writes_all_when_every_condition_holds(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=_key("CHECKPOINT") | {"generation": {"N": "7"}})
    advance = {
        "Update": {
            "TableName": table,
            "Key": _key("CHECKPOINT"),
            "UpdateExpression": "SET generation = :next",
            "ConditionExpression": "generation = :seen",
            "ExpressionAttributeValues": {":next": {"N": "8"}, ":seen": {"N": "7"}},
        }
    }

    dynamodb.transact_write_items(TransactItems=[advance, _put(table, "DATASET#a")])

    assert _stored(dynamodb, table) == ["CHECKPOINT", "DATASET#a"]
    item = dynamodb.get_item(TableName=table, Key=_key("CHECKPOINT"))["Item"]
    assert item["generation"]["N"] == "8"


def test_transaction_is_applied_once_when_its_token_is_repeated(dynamodb: Any, table: str) -> None:
    count = {
        "Update": {
            "TableName": table,
            "Key": _key("COUNT"),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    token = uuid.uuid4().hex
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[count], ClientRequestToken=token)

    item = dynamodb.get_item(TableName=table, Key=_key("COUNT"))["Item"]

    assert item["n"]["N"] == "1"


def test_update_is_refused_when_its_condition_does_not_hold(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=_key("JOB#1") | {"status": {"S": "running"}})

    with pytest.raises(ClientError) as refused:
        dynamodb.update_item(
            TableName=table,
            Key=_key("JOB#1"),
            UpdateExpression="SET #s = :to",
            ConditionExpression="#s = :from",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":to": {"S": "running"}, ":from": {"S": "queued"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert refused.value.response["Item"]["status"] == {"S": "running"}


def test_query_pages_in_key_order_when_it_is_limited(dynamodb: Any, table: str) -> None:
    for sk in ("DAY#3", "DAY#1", "DAY#2", "OTHER"):
        dynamodb.put_item(TableName=table, Item=_key(sk))
    query = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :day)",
        "ExpressionAttributeValues": {":pk": {"S": "USER#demo"}, ":day": {"S": "DAY#"}},
        "ScanIndexForward": False,
        "Limit": 2,
    }

    first = dynamodb.query(**query)
    rest = dynamodb.query(**query, ExclusiveStartKey=first["LastEvaluatedKey"])

    found = [item["sk"]["S"] for page in (first, rest) for item in page["Items"]]
    assert found == ["DAY#3", "DAY#2", "DAY#1"]
    assert "LastEvaluatedKey" not in rest
