"""One line per invocation, out of what CloudWatch Logs has of it."""

from typing import Any

import pytest

from local.invocation_log import log_groups, read_invocation, status_of
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
