"""Reads routes and authorizers out of the OpenAPI body that SAM writes for an HTTP API.

Pure: from a processed CloudFormation template to plain values. `api_routes` makes them exist.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.errors import LocalCloudError

_ANY_METHOD = "x-amazon-apigateway-any-method"
_METHODS = {_ANY_METHOD: "ANY"} | {
    name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch")
}


# `${Function.Arn}` or, for an alias, `${Alias}`; `${AWS::Region}` is neither.
_RESOURCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}")


@dataclass(frozen=True)
class Route:
    """One route key and what stands behind it; both by logical id of the template."""

    key: str
    function: str
    authorizer: str | None


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer of the REQUEST kind."""

    name: str
    function: str
    identity_sources: tuple[str, ...]
    ttl_s: int
    payload_version: str
    simple_responses: bool


@dataclass(frozen=True)
class HttpApi:
    """What one `AWS::ApiGatewayV2::Api` of the template asks for."""

    logical_id: str
    routes: tuple[Route, ...]
    authorizers: tuple[Authorizer, ...]


def read_http_apis(template: Mapping[str, Any]) -> list[HttpApi]:
    """Each HTTP API of a processed template that carries an OpenAPI body.

    A function that is called by an alias is called by its name here: what was deployed last is
    what the alias names.
    """
    resources = template.get("Resources", {})
    aliases = {
        name: function_in(resource["Properties"]["FunctionName"])
        for name, resource in resources.items()
        if resource.get("Type") == "AWS::Lambda::Alias"
    }
    return [
        _without_aliases(_read_api(logical_id, resource["Properties"]["Body"]), aliases)
        for logical_id, resource in resources.items()
        if resource.get("Type") == "AWS::ApiGatewayV2::Api"
        and "Body" in resource.get("Properties", {})
    ]


def _read_api(logical_id: str, body: Mapping[str, Any]) -> HttpApi:
    schemes = body.get("components", {}).get("securitySchemes", {})
    return HttpApi(
        logical_id=logical_id,
        routes=tuple(_read_routes(body.get("paths", {}))),
        authorizers=tuple(_read_authorizers(schemes)),
    )


def _without_aliases(api: HttpApi, aliases: Mapping[str, str]) -> HttpApi:
    routes = (replace(r, function=aliases.get(r.function, r.function)) for r in api.routes)
    return replace(api, routes=tuple(routes))


def _read_routes(paths: Mapping[str, Any]) -> Iterator[Route]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method in _METHODS:
                yield _read_route(path, _METHODS[method], operation)


def _read_route(path: str, method: str, operation: Mapping[str, Any]) -> Route:
    uri = operation["x-amazon-apigateway-integration"]["uri"]
    return Route(
        key="$default" if path == "$default" else f"{method} {path}",
        function=function_in(uri),
        authorizer=_authorizer_name(operation.get("security", [])),
    )


def _authorizer_name(security: list[Mapping[str, Any]]) -> str | None:
    names = [name for entry in security for name in entry if name != "NONE"]
    return names[0] if names else None


def _read_authorizers(schemes: Mapping[str, Any]) -> Iterator[Authorizer]:
    for name, scheme in schemes.items():
        declared = scheme.get("x-amazon-apigateway-authorizer")
        if not declared or declared.get("type") != "request":
            raise LocalCloudError(f"authorizer {name}: only Lambda authorizers are known here")
        yield Authorizer(
            name=name,
            function=function_in(declared["authorizerUri"]),
            identity_sources=tuple(declared.get("identitySource", ())),
            ttl_s=int(declared.get("authorizerResultTtlInSeconds", 300)),
            payload_version=str(declared.get("authorizerPayloadFormatVersion", "2.0")),
            simple_responses=bool(declared.get("enableSimpleResponses", False)),
        )


def function_in(uri: Any) -> str:
    """The logical id of the function that an invocation URI names."""
    for name in _function_names(uri):
        return name
    raise LocalCloudError(f"no function in the integration {uri!r}")


def _function_names(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield from _RESOURCE.findall(node)
    elif isinstance(node, Mapping):
        if "Fn::GetAtt" in node:
            yield node["Fn::GetAtt"][0]
        if "Ref" in node:
            yield node["Ref"]
        for value in node.values():
            yield from _function_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _function_names(value)
