"""Makes the routes, integrations and authorizers of the template's HTTP APIs exist.

CloudFormation imports the OpenAPI body of an HTTP API; MiniStack leaves the API empty instead.
This is that missing import, by the same public calls anybody would use. Generic: the routes come
from the template that was deployed.
"""

from typing import Any

from local.aws import REGION, LocalAws
from local.errors import LocalCloudError
from local.openapi_routes import Authorizer, HttpApi, Route, read_http_apis
from local.stack import Stack


def import_http_apis(aws: LocalAws, stack: Stack) -> str:
    """Brings the HTTP APIs of the deployed stack to what its template says; the id of the first."""
    api_ids = []
    for api in read_http_apis(stack.template):
        api_id = stack.physical_ids[api.logical_id]
        _ApiImport(aws.client("apigatewayv2"), api_id, stack.physical_ids).replace_with(api)
        api_ids.append(api_id)
    if not api_ids:
        raise LocalCloudError("the template has no HTTP API")
    return api_ids[0]


class _ApiImport:
    """One API being brought from what it has to what the template asks for."""

    def __init__(self, client: Any, api_id: str, physical_ids: dict[str, str]) -> None:
        self._client = client
        self._api_id = api_id
        self._physical_ids = physical_ids

    def replace_with(self, api: HttpApi) -> None:
        """Removes what is there and makes everything again; that takes a few milliseconds."""
        self._remove_all()
        authorizers = {each.name: self._make_authorizer(each) for each in api.authorizers}
        functions = {each.function for each in api.routes}
        integrations = {name: self._make_integration(name) for name in sorted(functions)}
        for route in api.routes:
            self._make_route(route, integrations, authorizers)

    def _remove_all(self) -> None:
        # Routes go first: they point at the other two.
        for row in self._client.get_routes(ApiId=self._api_id)["Items"]:
            self._client.delete_route(ApiId=self._api_id, RouteId=row["RouteId"])
        for row in self._client.get_integrations(ApiId=self._api_id)["Items"]:
            self._client.delete_integration(ApiId=self._api_id, IntegrationId=row["IntegrationId"])
        for row in self._client.get_authorizers(ApiId=self._api_id)["Items"]:
            self._client.delete_authorizer(ApiId=self._api_id, AuthorizerId=row["AuthorizerId"])

    def _make_authorizer(self, authorizer: Authorizer) -> str:
        made = self._client.create_authorizer(
            ApiId=self._api_id,
            Name=authorizer.name,
            AuthorizerType="REQUEST",
            AuthorizerUri=self._invocation_uri(authorizer.function),
            IdentitySource=list(authorizer.identity_sources),
            AuthorizerResultTtlInSeconds=authorizer.ttl_s,
            AuthorizerPayloadFormatVersion=authorizer.payload_version,
            EnableSimpleResponses=authorizer.simple_responses,
        )
        return str(made["AuthorizerId"])

    def _make_integration(self, function: str) -> str:
        made = self._client.create_integration(
            ApiId=self._api_id,
            IntegrationType="AWS_PROXY",
            IntegrationMethod="POST",
            IntegrationUri=self._invocation_uri(function),
            PayloadFormatVersion="2.0",
        )
        return str(made["IntegrationId"])

    def _make_route(
        self, route: Route, integrations: dict[str, str], authorizers: dict[str, str]
    ) -> None:
        authorization: dict[str, str] = {"AuthorizationType": "NONE"}
        if route.authorizer:
            authorization = {
                "AuthorizationType": "CUSTOM",
                "AuthorizerId": authorizers[route.authorizer],
            }
        self._client.create_route(
            ApiId=self._api_id,
            RouteKey=route.key,
            Target=f"integrations/{integrations[route.function]}",
            **authorization,
        )

    def _invocation_uri(self, function: str) -> str:
        name = self._physical_ids[function]
        arn = f"arn:aws:lambda:{REGION}:000000000000:function:{name}"
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
