"""`evalyard ask`: a stream of events becomes text as it comes."""

import json

import httpx
import pytest
from evalyard import Evalyard
from evalyard.cli import exits
from evalyard.cli.running import run
from evalyard.core.sending import Patience

STARTED = [
    {"event": "queued", "ahead": 1},
    {"event": "started", "request_id": "ask_1", "device": "dev-1"},
    {"event": "token", "i": 0, "t_ms": 200.0, "text": "Blue"},
    {"event": "token", "i": 1, "t_ms": 220.0, "text": " …\n"},
]
DONE = {"event": "done", "device": "dev-1", "metrics": {"ttft_ms": 200.0, "load_ms": None}}
FAILED = {"event": "error", "status": 502, "code": "device_error", "detail": "it died"}


class _Pieces(httpx.SyncByteStream):
    """A body that comes in pieces that are no lines."""

    def __init__(self, events) -> None:
        self._text = "".join(json.dumps(event) + "\n" for event in events).encode()

    def __iter__(self):
        for start in range(0, len(self._text), 7):
            yield self._text[start : start + 7]


@pytest.fixture
def ask(monkeypatch, capsys):
    """Asks over a gateway that answers so; gives the exit code, stdout, stderr, the request."""
    monkeypatch.setenv("EVALYARD_API_KEY", "eyk_1")
    monkeypatch.delenv("EVALYARD_GATEWAY_URL", raising=False)

    def call(answer, *arguments):
        seen = []

        def handle(request):
            seen.append(request)
            return answer

        def connect(**_):
            transport = httpx.MockTransport(handle)
            patience = Patience(retries=0)
            return Evalyard("https://a.example", "eyt_1", patience=patience, transport=transport)

        code = run(["ask", "-m", "m", "-p", "Why?", *arguments], connect)
        out, err = capsys.readouterr()
        return code, out, err, seen[0]

    return call


def test_text_is_printed_and_the_user_token_stays_at_home_when_it_streams(ask) -> None:
    answer = httpx.Response(200, stream=_Pieces([*STARTED, DONE]))

    code, out, err, request = ask(answer, "--format", "table", "--num-predict", "8")

    assert (code, out) == (0, "Blue …\n\n")
    assert "1 ahead" in err
    assert '"ttft_ms":200.0' in err
    assert request.headers["x-api-key"] == "eyk_1"
    assert "x-user-token" not in request.headers
    assert json.loads(request.content)["options"] == {"num_predict": 8}


def test_events_are_lines_of_json_when_a_program_reads(ask) -> None:
    _, out, _, _ = ask(httpx.Response(200, stream=_Pieces([*STARTED, DONE])), "--format", "jsonl")

    assert [json.loads(line)["event"] for line in out.splitlines()][-2:] == ["token", "done"]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (httpx.Response(200, stream=_Pieces([*STARTED, FAILED])), exits.OUT_OF_REACH, "it died"),
        (httpx.Response(200, stream=_Pieces(STARTED)), exits.OUT_OF_REACH, "ended too early"),
        (httpx.Response(404, json={"code": "model_not_found"}), exits.USAGE, "model_not_found"),
        (httpx.Response(401, json={"message": "Unauthorized"}), exits.NOT_ALLOWED, "Unauthorized"),
    ],
    ids=["error event", "cut", "unknown model", "unknown key"],
)
def test_the_exit_code_says_so_when_there_is_no_whole_answer(ask, answer, code, said) -> None:
    ended, _, err, _ = ask(answer)

    assert ended == code
    assert said in err


def test_a_key_is_needed_when_it_is_asked(monkeypatch, capsys) -> None:
    monkeypatch.delenv("EVALYARD_API_KEY", raising=False)

    code = run(["ask", "-m", "m", "-p", "?"], lambda **_: Evalyard("https://a.example", "eyt_1"))

    assert code == exits.USAGE
    assert "EVALYARD_API_KEY" in capsys.readouterr().err


def test_the_service_counts_as_away_when_a_page_answers_in_its_place(ask) -> None:
    code, out, err, _ = ask(httpx.Response(200, html="<html>Please sign in.</html>"))

    assert (code, out) == (exits.OUT_OF_REACH, "")
    assert "is this address an Evalyard API?" in err
    assert "Traceback" not in err


def test_the_answer_is_whole_when_its_last_event_has_no_line_end(ask) -> None:
    content = "\n".join(map(json.dumps, [*STARTED, DONE])).encode()

    assert ask(httpx.Response(200, content=content))[0] == exits.GOOD
