"""Whatever is asked of DynamoDB, the tests' short way answers what the way through HTTP answers."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.kit.cloud import aws_client
from tests.kit.effort import examples
from tests.kit.quick_aws import be_quick
from tests.shared.aws.test_quick_aws import Answers, said

# Few of each, so that calls meet each other's items.
PKS = st.sampled_from(["a", "b", ""])
SKS = st.sampled_from(["1", "12", "2", "é"])
NUMBERS = st.builds(lambda number: {"N": number}, st.sampled_from(["0", "-7", "1.50", "1E+3"]))
SETS = st.builds(lambda texts: {"SS": texts}, st.sampled_from([["x"], ["y", "x"]]))
LEAVES = st.one_of(
    NUMBERS,
    SETS,
    st.builds(lambda text: {"S": text}, st.sampled_from(["", "a", "é", "12"])),
    st.builds(lambda truth: {"BOOL": truth}, st.booleans()),
    st.just({"N": "x"}),
    st.just({"SS": []}),
    st.just({"NULL": True}),
    st.just({"B": b"\x00\xff"}),
    st.just({"L": [{"M": {"n": {"N": "1"}}}]}),
)
NAMES = st.sampled_from(["n", "s", "due", "by", "pk"])
KEYS = st.builds(lambda pk, sk: {"pk": {"S": pk}, "sk": {"S": sk}}, PKS, SKS)
CONDITIONS = st.sampled_from(
    [
        "",
        "attribute_not_exists(pk)",
        "attribute_exists(pk) AND #c = :c",
        "#c = :c",
        "#c <> :c",
        "#c < :c",
        "attribute_exists(pk) AND (attribute_not_exists(#c) OR #c >= :c)",
        "#c BETWEEN :c AND :c",
        "begins_with(#c, :c)",
        "((#c = :c))",
        "attribute_exists(name)",
        "#c = :d",
    ]
)
UPDATES = st.sampled_from(
    [
        "SET #u = :u",
        "SET #u = if_not_exists(#u, :u), #v = :u",
        "ADD #u :u",
        "REMOVE #u, #v",
        "DELETE #u :u",
        "SET #v = :u ADD #u :u",
        "SET #u = #v",
        "SET #u = :u REMOVE #u",
        "SET #u.#v = :u",
    ]
)


def asked(expressions: dict[str, str], names: dict[str, str], values: dict[str, Any]) -> Any:
    """The parameters of expressions, with the placeholders that they use."""
    used = {name: text for name, text in expressions.items() if text}
    whole = " ".join(used.values())
    held = {"Names": names, "Values": values}
    for kind, parts in held.items():
        if found := {name: part for name, part in parts.items() if name in whole}:
            used[f"ExpressionAttribute{kind}"] = found  # type: ignore[assignment]
    return used


@st.composite
def conditions(draw: st.DrawFn, update: str = "") -> dict[str, Any]:
    names = {f"#{each}": draw(NAMES) for each in "cuv"}
    # Of another kind, moto refuses what it adds or takes away, but has made the item before.
    kinds = [kind for action, kind in (("ADD", NUMBERS), ("DELETE", SETS)) if action in update]
    values = {":c": draw(LEAVES), ":u": draw((kinds or [LEAVES])[0])}
    expressions = {"ConditionExpression": draw(CONDITIONS)}
    if update:
        expressions["UpdateExpression"] = update
    return asked(expressions, names, values)  # type: ignore[no-any-return]


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(KEYS)
    rest = draw(st.dictionaries(NAMES.filter(lambda name: name != "pk"), LEAVES, max_size=4))
    return {**rest, **key}


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(["Put", "Put", "Update", "Update", "Delete"]))
    if kind == "Put":
        return kind, {"Item": draw(items()), **draw(conditions())}
    update = draw(UPDATES) if kind == "Update" else ""
    return kind, {"Key": draw(KEYS), **draw(conditions(update))}


@st.composite
def transactions(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    parts = draw(st.lists(writes(), min_size=1, max_size=3))
    return "transact_write_items", {
        "TransactItems": [{kind: {"TableName": "t", **params}} for kind, params in parts]
    }


@st.composite
def single_writes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind, params = draw(writes())
    returned = {"Put": ["NONE"], "Update": ["ALL_NEW", "NONE", "ALL_OLD"], "Delete": ["ALL_OLD"]}
    params["ReturnValues"] = draw(st.sampled_from(returned[kind]))
    return f"{kind.lower()}_item", {"TableName": "t", **params}


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    index, names = draw(
        st.sampled_from([({}, ("pk", "sk")), ({"IndexName": "due"}, ("by", "due"))])
    )
    rest = draw(
        st.sampled_from(
            ["", " AND begins_with(#s, :low)", " AND #s BETWEEN :low AND :high", " AND #s > :low"]
        )
    )
    values = {":p": draw(LEAVES | PKS.map(lambda text: {"S": text}))}
    values |= {f":{each}": {"S": draw(SKS)} for each in ("low", "high")}
    expression = {"KeyConditionExpression": f"#p = :p{rest}"}
    placed = asked(expression, dict(zip(("#p", "#s"), names, strict=True)), values)
    start = draw(st.none() | KEYS) if not index else None
    return "query", {
        "TableName": "t",
        **placed,
        **index,
        "ScanIndexForward": draw(st.booleans()),
        **({"Limit": limit} if (limit := draw(st.sampled_from([0, 0, 1, 2]))) else {}),
        **({"ExclusiveStartKey": start} if start else {}),
    }


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    keys = draw(st.lists(KEYS, min_size=1, max_size=3))
    if draw(st.booleans()):
        return "batch_get_item", {"RequestItems": {"t": {"Keys": keys}}}
    deleted = [{"DeleteRequest": {"Key": key}} for key in keys]
    put = [{"PutRequest": {"Item": draw(items())}}]
    return "batch_write_item", {"RequestItems": {"t": draw(st.sampled_from([put, deleted]))}}


CALLS = st.one_of(
    single_writes(),
    single_writes(),
    transactions(),
    queries(),
    batches(),
    st.builds(lambda key: ("get_item", {"TableName": "t", "Key": key}), KEYS),
    st.just(("scan", {"TableName": "t"})),
)


def carried_out(calls: list[tuple[str, dict[str, Any]]]) -> Answers:
    dynamodb = aws_client("dynamodb")
    kinds = [("pk", "HASH"), ("sk", "RANGE"), ("by", "HASH"), ("due", "RANGE")]
    schema = [{"AttributeName": part, "KeyType": kind} for part, kind in kinds]
    dynamodb.create_table(
        TableName="t",
        KeySchema=schema[:2],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part, _ in kinds],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": schema[2:],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return [said_or_failed(partial(getattr(dynamodb, name), **params)) for name, params in calls]


def said_or_failed(call: Callable[[], Any]) -> object:
    try:
        return said(call)
    except Exception as exc:  # Some requests moto does not judge: it fails at them.
        return type(exc).__name__


@pytest.mark.exhaustive
@settings(max_examples=examples(0.6))
@given(calls=st.lists(CALLS, min_size=5, max_size=20))
def test_the_short_way_to_dynamodb_answers_as_http_does_whatever_is_asked(
    calls: list[tuple[str, dict[str, Any]]],
) -> None:
    with mock_aws():
        by_http = carried_out(copy.deepcopy(calls))

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        be_quick(patch)
        quick = carried_out(copy.deepcopy(calls))

    assert quick == by_http
