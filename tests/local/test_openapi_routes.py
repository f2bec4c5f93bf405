"""Routes and authorizers out of the body that SAM writes for an HTTP API."""

from typing import Any

import pytest

from local.errors import LocalCloudError
from local.openapi_routes import Authorizer, Route, function_in, read_http_apis

_ANY = "x-amazon-apigateway-any-method"


def _operation(function: str, authorizer: str | None = None) -> dict[str, Any]:
    uri = {"Fn::Sub": f"arn:…:lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations"}
    operation: dict[str, Any] = {"x-amazon-apigateway-integration": {"uri": uri}}
    return operation | ({"security": [{authorizer: []}]} if authorizer else {})


def _scheme(function: str) -> dict[str, Any]:
    arn = {"Fn::GetAtt": [function, "Arn"]}
    uri = {"Fn::Sub": ["arn:…/functions/${__FunctionArn__}/invocations", {"__FunctionArn__": arn}]}
    return {
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": uri,
            "authorizerResultTtlInSeconds": 30,
            "identitySource": ["$request.header.X-User-Token"],
            "authorizerPayloadFormatVersion": "2.0",
            "enableSimpleResponses": True,
        }
    }


def _template(paths: dict[str, Any], schemes: dict[str, Any] | None = None) -> dict[str, Any]:
    body = {"paths": paths, "components": {"securitySchemes": schemes or {}}}
    return {
        "Resources": {
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        }
    }


def test_routes_carry_method_path_function_and_authorizer_when_declared() -> None:
    template = _template(
        {
            "/devices/{serial}/session": {"post": _operation("Devices", "DeviceAuthorizer")},
            "/user/data/{proxy+}": {_ANY: _operation("Datasets", "UserAuthorizer")},
            "$default": {_ANY: _operation("Health")},
        }
    )

    (api,) = read_http_apis(template)

    assert api.logical_id == "Api"
    assert api.routes == (
        Route("POST /devices/{serial}/session", "Devices", "DeviceAuthorizer"),
        Route("ANY /user/data/{proxy+}", "Datasets", "UserAuthorizer"),
        Route("$default", "Health", None),
    )


def test_parameters_of_a_path_are_no_routes_when_they_stand_beside_methods() -> None:
    template = _template({"/ping": {"parameters": [], "get": _operation("Health")}})

    (api,) = read_http_apis(template)

    assert [route.key for route in api.routes] == ["GET /ping"]


def test_route_is_open_when_it_declines_the_default_authorizer() -> None:
    template = _template({"/ping": {"get": _operation("Health", "NONE")}})

    (api,) = read_http_apis(template)

    assert api.routes[0].authorizer is None


def test_authorizer_keeps_its_settings_when_it_is_a_lambda() -> None:
    template = _template({}, {"UserAuthorizer": _scheme("AuthorizeRequest")})

    (api,) = read_http_apis(template)

    assert api.authorizers == (
        Authorizer(
            name="UserAuthorizer",
            function="AuthorizeRequest",
            identity_sources=("$request.header.X-User-Token",),
            ttl_s=30,
            payload_version="2.0",
            simple_responses=True,
        ),
    )


def test_authorizer_is_refused_when_it_is_of_a_kind_unknown_here() -> None:
    template = _template({}, {"Jwt": {"type": "oauth2"}})

    with pytest.raises(LocalCloudError, match="Jwt"):
        read_http_apis(template)


def test_function_is_refused_when_the_uri_names_none() -> None:
    with pytest.raises(LocalCloudError):
        function_in({"Fn::Sub": "https://example.com"})
