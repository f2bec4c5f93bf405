"""One line per invocation, out of what CloudWatch Logs has of it."""

from pathlib import Path
from typing import Any

import pytest

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


class Logs:
    """CloudWatch Logs with one stream in one of two groups; counts what it is asked."""

    def __init__(self) -> None:
        self.events = {"/aws/lambda/s-Jobs": _events('{"status":200}'), "/aws/lambda/s-Idle": []}
        self.asked: list[str] = []

    def client(self, _: str) -> "Logs":
        return self

    def get_paginator(self, name: str) -> "Logs":
        self.asked.append(name)
        return self

    def paginate(self) -> list[dict[str, Any]]:
        groups = [
            {"logGroupName": name, "storedBytes": len(events)}
            for name, events in self.events.items()
        ]
        return [{"logGroups": groups}]

    def describe_log_streams(self, **where: Any) -> dict[str, Any]:
        self.asked.append(where["logGroupName"])
        return {"logStreams": [{"logStreamName": "one"}]}

    def get_log_events(self, **where: Any) -> dict[str, Any]:
        return {"events": self.events[where["logGroupName"]]}

    def delete_log_stream(self, **where: Any) -> None:
        self.events[where["logGroupName"]] = []


def test_only_groups_that_hold_something_are_read(tmp_path: Path) -> None:
    functions = {"Jobs": "s-Jobs", "Idle": "s-Idle"}
    described = {name: {"Type": "AWS::Lambda::Function", "Properties": {}} for name in functions}
    logs, home = Logs(), Home(tmp_path)
    home.log("functions").parent.mkdir(parents=True)
    log = InvocationLog(logs, home)  # type: ignore[arg-type]

    log.start(Stack({"Resources": described}, functions, {}))
    log.stop()

    assert home.log("functions").read_text().split()[1:3] == ["Jobs", "200"]
    assert set(logs.asked) == {"describe_log_groups", "/aws/lambda/s-Jobs"}


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
