"""One request as API Gateway's REST API hands it over (proxy event, payload 1.0)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import Fault, MalformedInput, UnsupportedMedia
from shared.request_bodies import inflated, strict_json

_UNKNOWN: Final = "unknown_parameter"


@dataclass(frozen=True)
class Request:
    """Method, path, headers by lower-case name, the names of its query's parameters, the body as it
    came, and when it came, by the event loop's clock.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    parameters: tuple[str, ...]
    raw: bytes
    arrived: float

    def check_parameters(self) -> None:
        """No call takes parameters in its query. Raises MalformedInput."""
        if self.parameters:
            said = f"{self.parameters[0][:100]} is no parameter of this path, which takes none"
            faults = tuple(
                Fault(f"/query/{name[:100]}", _UNKNOWN, f"{name[:100]} is no parameter", allowed=())
                for name in self.parameters
            )
            raise MalformedInput(said, code=_UNKNOWN, faults=faults, allowed=())

    def json(self) -> Any:
        """The body. Raises MalformedInput, Unacceptable, TooLarge, UnsupportedMedia."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Ollama takes JSON of any type, and its documentation's examples name none.
        if kind != "application/json" and not kind.endswith("+json") and not self.is_ollama:
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

    @property
    def is_ollama(self) -> bool:
        """Whether it speaks as Ollama's API does."""
        return self.path.startswith("/api/")


def read_request(event: Mapping[str, Any], arrived: float) -> Request:
    """The request of an event."""
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    parameters = tuple(event.get("queryStringParameters") or ())
    return Request(event["httpMethod"], event["path"], headers, parameters, raw, arrived)
