"""Which paths are answered by functions that stream, read out of the template's REST APIs.

Pure: from a processed CloudFormation template to plain values, as `openapi_routes`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.openapi_routes import function_in

_INTEGRATION = "x-amazon-apigateway-integration"


@dataclass(frozen=True)
class StreamRoute:
    """A pattern of paths, and the logical id of the function behind it."""

    resource: str
    function: str

    def fits(self, path: str) -> bool:
        """Whether a path is one of these."""
        parts = re.split(r"(\{[^}]+\})", self.resource)
        pattern = "".join(
            re.escape(part) if not part.startswith("{") else ".+" if "+" in part else "[^/]+"
            for part in parts
        )
        return re.fullmatch(pattern, path) is not None


def read_stream_routes(template: Mapping[str, Any]) -> list[StreamRoute]:
    """The routes whose answers are handed on while they are made."""
    return [
        route
        for resource in template.get("Resources", {}).values()
        if resource.get("Type") == "AWS::ApiGateway::RestApi"
        for route in _routes(resource["Properties"].get("Body", {}))
    ]


def _routes(body: Mapping[str, Any]) -> Iterator[StreamRoute]:
    for path, operations in body.get("paths", {}).items():
        for operation in operations.values():
            integration = operation.get(_INTEGRATION, {})
            if integration.get("responseTransferMode") == "STREAM":
                yield StreamRoute(path, function_in(integration["uri"]))
