"""API Gateway's HTTP API (payload 2.0) as a client: requests become events, answers responses."""

import base64
import json as json_module
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from tests.kit.described import check_described

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]
# What API Gateway hands over as text; everything else arrives as base64.
_TEXT = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda tells a function about its invocation."""

    function_name: str = "evalyard-test"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:evalyard-test"
    aws_request_id: str = "6f2a7d1e-0000-4000-8000-000000000001"
    log_group_name: str = "/aws/lambda/evalyard-test"
    log_stream_name: str = "2026/01/01/[$LATEST]0"

    def get_remaining_time_in_millis(self) -> int:
        """Time enough for every test."""
        return 30_000


@dataclass(frozen=True)
class ApiResponse:
    """An answer as an HTTP client would see it; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json_module.loads(self.body)

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    @property
    def code(self) -> str:
        """The `code` of a problem document; fails where the answer is none."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        return str(self.json()["code"])


@dataclass
class ApiClient:
    """Sends requests through one endpoint group's real `lambda_handler`."""

    handler: LambdaHandler
    context: dict[str, str] | None = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **kwargs: Any) -> ApiResponse:
        """GET; see `request`."""
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> ApiResponse:
        """POST; see `request`."""
        return self.request("POST", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> ApiResponse:
        """PATCH; see `request`."""
        return self.request("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> ApiResponse:
        """DELETE; see `request`."""
        return self.request("DELETE", path, **kwargs)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = ...,
        content: bytes | str | None = None,
        params: dict[str, Any] | list[tuple[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> ApiResponse:
        """Send one request; `path` may carry a query, `params` adds to it."""
        sent = {"host": "api.example.com", **self.headers, **(headers or {})}
        sent = {name.lower(): value for name, value in sent.items()}
        if json is not ...:
            content = json_module.dumps(json)
            sent.setdefault("content-type", "application/json")
        event = http_event(
            method, path, content=content, params=params, headers=sent, context=self.context
        )
        answer = read_answer(self.handler(event, LambdaContext()))
        check_described(
            method,
            event["rawPath"],
            answer.status,
            answer.headers.get("content-type", ""),
            answer.body,
        )
        return answer


def http_event(
    method: str,
    path: str,
    *,
    content: bytes | str | None = None,
    params: dict[str, Any] | list[tuple[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
    context: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The event that API Gateway sends for a request; header names in lower case."""
    route, _, query = path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += list(params.items()) if isinstance(params, dict) else list(params or [])
    raw_query = urlencode(pairs, quote_via=quote)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": route,
        "rawQueryString": raw_query,
        "headers": headers or {},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": route,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "tests",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": False,
    }
    if context is not None:
        event["requestContext"]["authorizer"] = {"lambda": context}
    if pairs:
        event["queryStringParameters"] = {}
        for name, value in pairs:
            seen = event["queryStringParameters"].get(name)
            event["queryStringParameters"][name] = str(value) if seen is None else f"{seen},{value}"
    if content is not None:
        _put_body(event, content)
    return event


def read_answer(answer: dict[str, Any]) -> ApiResponse:
    """What a client gets for a function's answer."""
    body = answer.get("body") or ""
    raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    return ApiResponse(answer["statusCode"], headers, raw)


def _put_body(event: dict[str, Any], content: bytes | str) -> None:
    kind = event["headers"].get("content-type", "application/octet-stream")
    raw = content.encode() if isinstance(content, str) else content
    encoded = "content-encoding" in event["headers"]
    if kind.startswith(_TEXT) and not encoded:
        try:
            event["body"] = raw.decode()
            return
        except UnicodeDecodeError:
            pass
    event["body"] = base64.b64encode(raw).decode()
    event["isBase64Encoded"] = True
