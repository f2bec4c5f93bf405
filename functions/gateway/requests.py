"""One request as API Gateway's REST API hands it over (proxy event, payload 1.0)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import UnsupportedMedia
from shared.request_bodies import inflated, strict_json


@dataclass(frozen=True)
class Request:
    """Method, path, headers by lower-case name, the body as it came, and when it came, by the event
    loop's clock.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    arrived: float

    def json(self) -> Any:
        """The body. Raises MalformedInput, Unacceptable, TooLarge, UnsupportedMedia."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMedia("send JSON with the header Content-Type: application/json")
        return strict_json(inflated(self.raw, self.headers.get("content-encoding")))

    @property
    def key(self) -> str:
        """The credential that came along, "" for none."""
        bearer = self.headers.get("authorization", "")
        scheme, _, token = bearer.partition(" ")
        return self.headers.get("x-api-key") or (token if scheme.lower() == "bearer" else "")

    @property
    def is_openai(self) -> bool:
        """Whether it speaks as OpenAI's API does."""
        return self.path == "/v1" or self.path.startswith("/v1/")


def read_request(event: Mapping[str, Any], arrived: float) -> Request:
    """The request of an event."""
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(event["httpMethod"], event["path"], headers, raw, arrived)
