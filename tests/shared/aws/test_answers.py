"""Answers of DynamoDB say the same by our parser and by botocore's."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.parsers import JSONParser

from shared.aws.answers import AnswerParsers
from shared.aws.attributes import decode_item, encode_item

ITEM = {
    "pk": "USER#ada",
    "rows": 3,
    "share": 0.1,
    "ok": True,
    "none": None,
    "body": b"\x00\xff",
    "parts": [{"key": "a", "sizes": [1, 2.5, b"x"]}, {}],
    "names": {"a", "b"},
}
WIRE = json.loads(json.dumps(encode_item(ITEM) | {"body": {"B": "AP8="}}, default=lambda _: "eA=="))


def parsed(operation: str, body: dict[str, Any], *, ours: bool, status: int = 200) -> Any:
    model = botocore.session.get_session().get_service_model("dynamodb")
    parser = AnswerParsers().create_parser("json") if ours else JSONParser()
    response = {"status_code": status, "headers": {}, "body": json.dumps(body).encode()}
    return parser.parse(response, model.operation_model(operation).output_shape)


@pytest.mark.parametrize("ours", [True, False])
def test_items_are_what_was_put_when_an_answer_is_parsed(ours: bool) -> None:
    one = parsed("GetItem", {"Item": WIRE}, ours=ours)
    many = parsed("Query", {"Items": [WIRE, {}], "Count": 2, "LastEvaluatedKey": WIRE}, ours=ours)

    assert decode_item(one["Item"]) == ITEM
    assert [decode_item(item) for item in many["Items"]] == [ITEM, {}]
    assert (many["Count"], decode_item(many["LastEvaluatedKey"])) == (2, ITEM)


def test_refusals_are_botocores_when_an_answer_is_one() -> None:
    reasons = [{"Code": "ConditionalCheckFailed", "Item": WIRE}, {"Code": "None"}]
    body = {"__type": "x#TransactionCanceledException", "message": "no", "reasons": reasons}

    both = [
        parsed("TransactWriteItems", body, ours=ours, status=400)["Error"] for ours in (True, False)
    ]

    assert both[0] == both[1] == {"Code": "TransactionCanceledException", "Message": "no"}


def test_other_protocols_have_botocores_parsers() -> None:
    for protocol in ("query", "rest-xml"):
        assert type(AnswerParsers().create_parser(protocol)).__module__ == "botocore.parsers"
