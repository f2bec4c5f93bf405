"""One line per invocation, out of what CloudWatch Logs has of it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from local import invocation_log
from local.aws import LocalAws
from local.emulator import INVOCATIONS_PATH
from local.home import Home
from local.invocation_log import InvocationLog, log_groups, read_invocation, status_of
from local.stack import Stack


def _events(*printed: str) -> list[dict[str, Any]]:
    lines = ("START RequestId: 1 Version: $LATEST", *printed, "END RequestId: 1")
    report = "REPORT RequestId: 1\tDuration: 12.4 ms\tBilled Duration: 13 ms"
    return [{"timestamp": 1_795_374_956_123, "message": each} for each in (*lines, report)]


def test_line_tells_function_status_and_duration_when_the_invocation_is_over() -> None:
    invocation = read_invocation("Datasets", _events('{"message":"request_served","status":207}'))

    assert invocation is not None
    assert invocation.line().split()[1:] == ["Datasets", "207", "12", "ms"]
    assert invocation.printed == ('{"message":"request_served","status":207}',)


def test_nothing_is_told_when_the_report_is_missing() -> None:
    assert read_invocation("Datasets", _events()[:-1]) is None


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ((), "ok"),
        (("plain text",), "ok"),
        (('{"status":"queued"}',), "ok"),
        (('{"status":404}',), "404"),
        (("{broken",), "ok"),
        (("Traceback (most recent call last):", "ValueError"), "error"),
        (("Task timed out after 3.00 seconds",), "timeout"),
    ],
)
def test_status_is_what_the_function_printed(printed: tuple[str, ...], status: str) -> None:
    assert status_of(printed) == status


class _LocalAws(BaseHTTPRequestHandler):
    """Hands over what ended since it was asked last: first two invocations, then none."""

    rows: ClassVar[list[dict[str, Any]]] = []
    # What the next answers are cut to, or said instead.
    broken: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        if self.broken:
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(self.broken.pop())
            return
        rows, self.rows[:] = json.dumps(self.rows).encode(), []
        self.send_response(200 if self.path == INVOCATIONS_PATH else 404)
        self.end_headers()
        self.wfile.write(rows)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


def _home(folder: Path) -> Home:
    home = Home(folder)
    home.log("functions").parent.mkdir(parents=True)
    return home


@contextmanager
def _logging(home: Home) -> Iterator[None]:
    """The log of a stack with one function, at a local AWS; to its end after the block."""
    described = {"Jobs": {"Type": "AWS::Lambda::Function", "Properties": {}}}
    with HTTPServer(("127.0.0.1", 0), _LocalAws) as server:
        threading.Thread(target=server.serve_forever).start()
        log = InvocationLog(LocalAws(f"http://127.0.0.1:{server.server_port}"), home)
        log.start(Stack({"Resources": described}, {"Jobs": "s-Jobs"}, {}))
        yield
        log.stop()
        server.shutdown()


def test_lines_are_of_the_functions_of_the_stack_when_they_are_handed_over(tmp_path: Path) -> None:
    groups = ("/aws/lambda/s-Jobs", "/aws/lambda/of-another-stack")
    _LocalAws.rows = [{"group": each, "events": _events('{"status":200}')} for each in groups]
    home = _home(tmp_path)

    with _logging(home):
        pass

    lines = home.log("functions").read_text().splitlines()
    assert [line.split()[1:3] for line in lines] == [["Jobs", "200"]]
    assert home.log("output").read_text() == 'Jobs: {"status":200}\n'


@pytest.mark.parametrize("said", [b'[{"gr', b'[{"unforeseen": 1}]' + b" " * 81])
def test_log_goes_on_when_an_answer_breaks_off_or_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """As when the local AWS is killed in its middle."""
    monkeypatch.setattr(invocation_log, "_EVERY_S", 0.01)
    _LocalAws.rows = [{"group": "/aws/lambda/s-Jobs", "events": _events()}]
    _LocalAws.broken = [said]
    home = _home(tmp_path)

    with _logging(home):
        while _LocalAws.broken:
            time.sleep(0.01)

    (line,) = home.log("functions").read_text().splitlines()
    assert line.split()[1:3] == ["Jobs", "ok"]


def test_log_goes_on_when_the_local_aws_is_away(tmp_path: Path) -> None:
    home = _home(tmp_path)
    log = InvocationLog(LocalAws("http://127.0.0.1:1"), home)

    log.start(Stack({"Resources": {}}, {}, {}))
    log.stop()

    assert home.log("functions").read_text() == ""


def test_log_group_is_the_functions_own_when_the_template_names_none() -> None:
    named = {"LoggingConfig": {"LogGroup": {"Ref": "JobsLogs"}}}
    stack = Stack(
        template={
            "Resources": {
                "Jobs": {"Type": "AWS::Lambda::Function", "Properties": named},
                "Plain": {"Type": "AWS::Lambda::Function", "Properties": {}},
            }
        },
        physical_ids={"Jobs": "s-Jobs-1", "JobsLogs": "/own/jobs", "Plain": "s-Plain-2"},
        outputs={},
    )

    assert log_groups(stack) == {"/own/jobs": "Jobs", "/aws/lambda/s-Plain-2": "Plain"}
