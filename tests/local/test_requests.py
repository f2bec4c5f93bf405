"""Which requests make the stack be saved."""

import pytest

from local.emulator.requests import may_change


def scope(method: str, path: str, service: str = "", action: str = "", query: bytes = b""):
    credential = f"AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/{service}/aws4_request"
    headers = [(b"authorization", credential.encode())] if service else []
    headers += [(b"x-amz-target", f"Some_20120810.{action}".encode())] if action else []
    return {"method": method, "path": path, "headers": headers, "query_string": query}


@pytest.mark.parametrize(
    "request_",
    [
        scope("POST", "/", "cloudformation"),
        scope("POST", "/", "iam"),
        scope("POST", "/", "dynamodb", "CreateTable"),
        scope("POST", "/", "dynamodb", "UpdateTimeToLive"),
        scope("PUT", "/bucket", "s3"),
        scope("POST", "/2015-03-31/functions", "lambda"),
        scope("POST", "/v2/apis/a/routes", "apigateway"),
        scope("POST", "/schedules/a", "scheduler"),
    ],
)
def test_stack_is_saved_when_it_may_have_changed(request_) -> None:
    assert may_change(request_)


@pytest.mark.parametrize(
    "request_",
    [
        scope("GET", "/v2/apis", "apigateway"),
        scope("POST", "/", "dynamodb", "PutItem"),
        scope("POST", "/", "dynamodb", "BatchWriteItem"),
        scope("POST", "/", "dynamodb", "DescribeTable"),
        scope("POST", "/", "sqs", "SendMessage"),
        scope("POST", "/", "sts"),
        scope("POST", "/", "logs", "DeleteLogStream"),
        scope("PUT", "/bucket/segments/a", "s3"),
        scope("POST", "/bucket", "s3", query=b"delete"),
        scope("POST", "/topics/evalyard%2Fd%2Fa%2Fdown", "iotdata"),
        scope(
            *("PUT", "/bucket/key"),
            query=b"X-Amz-Credential=test%2F20261127%2Fus-east-1%2Fs3%2Faws4_request",
        ),
        scope("POST", "/2015-03-31/functions/f/invocations", "lambda"),
        scope("POST", "/_aws/execute-api/a/$default/api/jobs"),
        scope("POST", "/_evalyard/keep"),
    ],
)
def test_stack_is_left_alone_when_nothing_of_it_changed(request_) -> None:
    assert not may_change(request_)
