"""The commands that the dashboard shows: the client reads them, and asks what is shown as curl."""

import gzip
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from evalyard import Evalyard
from evalyard.cli.running import run
from evalyard.core.sending import Patience

CASES = json.loads((Path(__file__).parent / "cases/shown_commands.json").read_text("utf-8"))
# What only a chart asks for; how many a page of a list has is the client's business.
OF_CHARTS = {"bucket", "tz", "extra", "limit", "order", "format"}


@pytest.fixture
def requests_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str], bytes], list[httpx.Request]]:
    """What a command sends; every answer is a refusal."""
    monkeypatch.setenv("EVALYARD_API_KEY", "eyk_1")
    monkeypatch.delenv("EVALYARD_GATEWAY_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(words: list[str], stdin: bytes) -> list[httpx.Request]:
        seen: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            request.read()
            seen.append(request)
            return httpx.Response(404, json={"code": "nothing", "detail": "nothing is here"})

        def connect(**_: Any) -> Evalyard:
            transport = httpx.MockTransport(handle)
            patience = Patience(retries=0)
            return Evalyard("https://a.example", "eyt_1", patience=patience, transport=transport)

        source = tmp_path / "stdin"
        source.write_bytes(stdin)
        with source.open() as opened:
            monkeypatch.setattr("sys.stdin", opened)
            run(words, connect)
        return seen

    return call


@pytest.mark.parametrize("case", CASES, ids=[case["command"][:60] for case in CASES])
def test_command_asks_what_the_dashboard_shows_as_curl(
    case: dict[str, Any], requests_of: Callable[[list[str], bytes], list[httpx.Request]]
) -> None:
    before, _, after = case["command"].rpartition(" | ")
    words = shlex.split(after, comments=True)
    printed = "\n".join(shlex.split(before)[2:]) if before else ""

    (sent,) = requests_of(words[1:], printed.encode())

    wanted = asked_by(case)
    shown = urlsplit(wanted["path"])
    assert words[0] == "evalyard"
    assert sent.url.path == shown.path or (shown.path, sent.url.path) == PLAIN_USAGE
    if "body" in wanted:
        assert members(sent) == spoken(wanted["body"]["json"], case["command"])
    else:
        assert asked(sent.url.query.decode()) == asked(shown.query)


def asked_by(case: dict[str, Any]) -> dict[str, Any]:
    """What is shown as curl."""
    if "gate" in case:
        body, last = case["gate"]
        seconds = {"7d": 7 * 86_400, "24h": 86_400}[last]
        body["candidate"]["window"] = {"last_s": seconds}
        # Those of the service are the same; others are said in a comment.
        del body["rules"]
        return {"path": "/usage/gate", "body": {"json": body}}
    if "baseline" in case:
        name, body = case["baseline"]
        return {"path": f"/usage/baselines/{name}", "body": {"json": body}}
    return case.get("request") or {"path": "/ask_stream", "body": {"json": case["ask"]}}


# Without groups the command shows the summary, not what a chart draws over time.
PLAIN_USAGE = ("/usage", "/usage/summary")


def asked(query: str) -> list[tuple[str, str]]:
    """What a query asks, whatever the order; both sides of a comparison by name."""
    pairs = [pair for pair in parse_qsl(query) if pair[0] not in OF_CHARTS]
    if any(name.startswith("a_") for name, _ in pairs):
        pairs = [
            (f"{side}_{name}", value) if name[:2] not in ("a_", "b_") else (name, value)
            for name, value in pairs
            for side in ("ab" if name[:2] not in ("a_", "b_") else "a")
        ]
    return sorted(pairs)


def members(sent: httpx.Request) -> dict[str, Any]:
    """The body of a request."""
    if sent.headers["content-type"] == "application/x-ndjson":
        dataset = dict(parse_qsl(sent.url.query.decode()))["dataset"]
        lines = gzip.decompress(sent.content).splitlines()
        return {"dataset": dataset, "rows": [json.loads(line) for line in lines]}
    return dict(json.loads(sent.content))


def spoken(body: dict[str, Any], command: str) -> dict[str, Any]:
    """The members of a body without what the command says it leaves out, and what is usual."""
    left_out = command.partition("# without ")[2].partition(":")[0].split(", ")
    usual = {"queue_tag": "default", "priority": 0, "max_attempts": 3, "timeout_s": 600}
    kept = {name: value for name, value in body.items() if usual.get(name) != value}
    kept = {name: value for name, value in kept.items() if name not in left_out}
    options = {k: v for k, v in body.get("options", {}).items() if k not in left_out}
    kept.pop("options", None)
    return kept | ({"options": options} if options else {})
