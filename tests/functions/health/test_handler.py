"""What the ways in without a credential answer."""

import gzip
import json
from typing import Any

import pytest

from shared.aws import Bucket, Table
from tests.conftest import Api, HeldClock
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient


@pytest.fixture
def client(api: Api) -> ApiClient:
    return api("health")


@pytest.fixture
def broken_bucket(settings_env: dict[str, str], bucket: Bucket) -> None:
    aws_client("s3").delete_bucket(Bucket=bucket.name)


@pytest.fixture
def broken_tables(settings_env: dict[str, str], tables: dict[str, Table]) -> None:
    aws_client("dynamodb").delete_table(TableName=tables["CatalogTable"].name)


def test_ping_answers_without_aws(
    client: ApiClient, broken_bucket: None, broken_tables: None
) -> None:
    answer = client.get("/ping")

    assert (answer.status, answer.json()) == (200, {"ok": True})


def test_health_is_ok_when_storage_answers(client: ApiClient) -> None:
    answer = client.get("/health")

    assert answer.status == 200
    assert answer.json() == {"status": "ok", "checks": {"tables": "ok", "bucket": "ok"}}
    assert answer.headers["cache-control"] == "no-store"


def test_health_is_degraded_when_the_bucket_is_gone(client: ApiClient, broken_bucket: None) -> None:
    answer = client.get("/health")

    assert answer.status == 503
    assert answer.json() == {"status": "degraded", "checks": {"tables": "ok", "bucket": "failing"}}


def test_health_is_down_when_nothing_answers(
    client: ApiClient, broken_bucket: None, broken_tables: None, settings_env: dict[str, str]
) -> None:
    answer = client.get("/health")

    assert (answer.status, answer.json()["status"]) == (503, "down")
    # Settings that are no names (nothing, a digit) stand in any text.
    names = [setting for setting in settings_env.values() if len(setting) > 1]
    assert not any(name in answer.text for name in names)


def test_health_is_asked_again_after_some_seconds(
    client: ApiClient, bucket: Bucket, held_clock: HeldClock
) -> None:
    client.get("/health")
    aws_client("s3").delete_bucket(Bucket=bucket.name)
    remembered = client.get("/health").status
    held_clock.advance(5)

    assert remembered == 200
    assert client.get("/health").status == 503


def test_openapi_is_the_committed_document(client: ApiClient) -> None:
    answer = client.get("/openapi.json")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"] == "3.1.0"


def test_docs_load_everything_from_our_own_origin(client: ApiClient) -> None:
    page = client.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; script-src 'self';" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8", "SwaggerUIBundle"),
        ("swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui"),
        ("start.js", "text/javascript; charset=utf-8", "/openapi.json"),
    ],
)
def test_every_file_of_the_docs_page_is_served(
    client: ApiClient, name: str, kind: str, content: str
) -> None:
    answer = client.get(f"/docs/{name}")

    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert content in answer.text
    assert f"/docs/{name}" in client.get("/docs").text


def test_files_are_gzipped_when_the_client_takes_it(client: ApiClient) -> None:
    plain = client.get("/docs/swagger-ui-bundle.js")
    packed = client.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "br, gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    "path", ["/docs/handler.py", "/docs/..%2Fhandler.py", "/docs/docs.html", "/docs/../handler.py"]
)
def test_404_when_file_is_not_of_the_page(client: ApiClient, path: str) -> None:
    assert client.get(path).status == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/accounts", "/ping/", "/v1/%F0%9F%94%91"])
def test_404_when_nothing_serves_the_path(client: ApiClient, method: str, path: str) -> None:
    answer = client.request(method, path)

    problem: Any = answer.json()
    assert (answer.status, answer.code) == (404, "route_not_found")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["type"] == "urn:evalyard:problem:route_not_found"


def test_405_names_the_methods_when_method_is_wrong(client: ApiClient) -> None:
    answer = client.post("/ping")

    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/ping", "/health", "/docs", "/openapi.json"])
def test_head_answers_as_get_does(client: ApiClient, path: str) -> None:
    head, get = client.request("HEAD", path), client.get(path)

    assert head.status == get.status == 200
    assert head.headers["content-type"] == get.headers["content-type"]


def test_sample_of_the_published_quick_start_is_in_the_document(client: ApiClient) -> None:
    text = json.dumps(client.get("/openapi.json").json())

    assert "GPU power (W)" in text
    assert "my_server_metrics" in text
