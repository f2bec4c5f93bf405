"""What the ways to the web app answer."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from functions.dashboard import routes
from tests.conftest import Api, forget_caches
from tests.kit.gateway import ApiClient

SCRIPT = "index-Ab3_x9.js"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A build, which the app serves."""
    assets = tmp_path / "static" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "secret.js").write_text("secret")
    (assets.parent / "index.html").write_text("<!doctype html>")
    (assets / SCRIPT).write_text("run()")
    (assets / f"{SCRIPT}.br").write_bytes(b"brotli")
    (assets / f"{SCRIPT}.gz").write_bytes(b"gzip")
    monkeypatch.setattr(routes, "BUILT", assets.parent)
    routes.site.cache_clear()
    yield assets.parent
    routes.site.cache_clear()


@pytest.fixture
def client(api: Api, folder: Path) -> ApiClient:
    return api("dashboard")


def test_page_is_asked_for_anew_and_locked_down(client: ApiClient) -> None:
    answer = client.get("/")

    assert (answer.status, answer.text) == (200, "<!doctype html>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy


def test_script_in_the_page_is_allowed_by_its_digest_only(client: ApiClient, folder: Path) -> None:
    script = b"ask(\n'figures')"
    (folder / "index.html").write_bytes(
        b"<script>" + script + b'</script><script type="module" src="/assets/a.js"></script>'
    )
    digest = b64encode(sha256(script).digest()).decode()

    policy = client.get("/").headers["content-security-policy"]

    assert f"script-src 'self' 'sha256-{digest}'; " in policy
    assert policy.count("sha256-") == 1
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/", "connect-src 'self';"),
        ("https://g.example/live", "connect-src 'self' https://g.example;"),
    ],
)
def test_page_may_call_its_api_and_the_gateway_only(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch, address: str, allowed: str
) -> None:
    monkeypatch.setenv("GATEWAY_URL", address)
    forget_caches()

    policy = client.get("/").headers["content-security-policy"]
    told = client.get("/assets/site.json")

    assert allowed in policy
    assert policy.count("http") == address.count("http")
    assert told.json() == {"gateway_url": address}
    assert told.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever(client: ApiClient) -> None:
    answer = client.get(f"/assets/{SCRIPT}")

    assert (answer.status, answer.text) == (200, "run()")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("GZIP;q=0.8", "gzip", b"gzip"),
        ("br;q=0, gzip", "gzip", b"gzip"),
        ("identity", None, b"run()"),
    ],
)
def test_smallest_copy_is_sent_that_the_client_takes(
    client: ApiClient, accepted: str, encoding: str | None, body: bytes
) -> None:
    answer = client.get(f"/assets/{SCRIPT}", headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("content-encoding"), answer.body) == (encoding, body)
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["nothing.js", f"{SCRIPT}.br", "..%2F..%2Fsecret.js", "../../secret.js", "%2e%2e"]
)
def test_404_when_file_is_not_of_the_build(client: ApiClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status == 404


def test_404_says_what_to_do_when_nothing_was_built(client: ApiClient, folder: Path) -> None:
    (folder / "index.html").unlink()

    answer = client.get("/")

    assert (answer.status, answer.code) == (404, "dashboard_not_built")


@pytest.mark.parametrize("path", ["/", f"/assets/{SCRIPT}"])
def test_head_answers_as_get_does(client: ApiClient, path: str) -> None:
    head, get = client.request("HEAD", path), client.get(path)

    assert head.status == get.status == 200
    assert head.headers["content-type"] == get.headers["content-type"]
