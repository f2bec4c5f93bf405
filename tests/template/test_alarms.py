"""What raises an alarm, for every function and queue, and that it reaches people."""

import importlib
import re
from typing import Any

import pytest

from shared.observability import NAMESPACE
from tests.template.conftest import Transformed, references
from tools.template import ROOT, read_template

FUNCTIONS = sorted(read_template().functions())
QUEUES = sorted(read_template().of_type("AWS::SQS::Queue"))
# Answers of 503 pass by themselves; many of them raise the alarm on the gateway's own count.
WATCHED_AT_THE_GATEWAY = {"AnswersUnavailable"}
STACK_DIMENSION = {"Name": "stack", "Value": {"Ref": "AWS::StackName"}}


def alarms(transformed: Transformed) -> dict[str, dict[str, Any]]:
    found = transformed.of_type("AWS::CloudWatch::Alarm")
    return {name: body["Properties"] for name, body in found.items()}


def watching(transformed: Transformed, metric: str, target: str) -> list[dict[str, Any]]:
    """The alarms on a metric of one resource."""
    return [
        alarm
        for alarm in alarms(transformed).values()
        if alarm["MetricName"] == metric and target in references(alarm["Dimensions"])
    ]


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.exhaustive
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_one_call_that_fails_or_is_turned_away_raises_an_alarm(
    transformed: Transformed, function: str, metric: str
) -> None:
    (alarm,) = watching(transformed, metric, function)

    assert (alarm["Namespace"], alarm["Statistic"]) == ("AWS/Lambda", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Threshold"] == 0


@pytest.mark.exhaustive
def test_a_run_that_nearly_takes_too_long_raises_an_alarm(
    transformed: Transformed, function: str
) -> None:
    """Before the time-out, and after functions that watch their time stop by themselves."""
    timeout_ms = transformed.functions()[function]["Properties"]["Timeout"] * 1_000
    (alarm,) = watching(transformed, "Duration", function)

    assert alarm["Statistic"] == "Maximum"
    assert 0.8 * timeout_ms <= alarm["Threshold"] <= 0.97 * timeout_ms
    assert alarm["Threshold"] > stops_itself_ms(transformed, function, timeout_ms)


def stops_itself_ms(transformed: Transformed, function: str, timeout_ms: int) -> int:
    """When a function ends its work before the time-out does; 0 for those that do not look."""
    properties = transformed.functions()[function]["Properties"]
    handler = importlib.import_module(properties["Handler"].removesuffix(".lambda_handler"))
    if hasattr(handler, "_RESERVE_MS"):
        return timeout_ms - int(handler._RESERVE_MS)
    return int(properties["Environment"]["Variables"].get("QUERY_SECONDS", 0)) * 1_000


def test_answers_of_500_raise_an_alarm(transformed: Transformed, function: str) -> None:
    """The edge makes answers of exceptions, so that AWS counts no error of the function."""
    source = transformed.source["Resources"][function]["Properties"]
    variables = transformed.functions()[function]["Properties"]["Environment"]["Variables"]
    service = {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}
    kinds = {event["Type"] for event in source.get("Events", {}).values()}
    behind_the_api = bool(kinds & {"Api", "HttpApi"})

    found = [
        alarm
        for alarm in alarms(transformed).values()
        if alarm["MetricName"] == "ServerErrors" and service in alarm["Dimensions"]
    ]

    assert len(found) == behind_the_api


def test_the_apis_own_5xx_raise_an_alarm(transformed: Transformed) -> None:
    (alarm,) = watching(transformed, "5xx", "Api")

    assert alarm["Namespace"] == "AWS/ApiGateway"
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "Api"}}]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_message_that_waits_for_long_raises_an_alarm(
    transformed: Transformed, queue: str
) -> None:
    (alarm,) = watching(transformed, "ApproximateAgeOfOldestMessage", queue)

    assert (alarm["Namespace"], alarm["Statistic"]) == ("AWS/SQS", "Maximum")


@pytest.mark.parametrize("queue", QUEUES)
def test_a_message_is_not_called_late_when_it_may_still_be_worked_on(
    transformed: Transformed, queue: str
) -> None:
    properties = transformed.document["Resources"][queue]["Properties"]
    (alarm,) = watching(transformed, "ApproximateAgeOfOldestMessage", queue)
    late_s = read_template().resolve(alarm["Threshold"])
    kept_s = properties.get("MessageRetentionPeriod", 4 * 86_400)

    assert properties.get("VisibilityTimeout", 30) < int(late_s) < kept_s


def test_messages_in_dead_letter_queues_raise_an_alarm(transformed: Transformed) -> None:
    queues = transformed.of_type("AWS::SQS::Queue").values()
    targets = {
        name
        for queue in queues
        for name in references(queue["Properties"].get("RedrivePolicy", {}))
    }

    assert targets == {"FailedEventsQueue"}
    # What a device's queues redrive to is told to the function that makes them.
    for target in (*targets, "DeadJobsQueue"):
        assert len(watching(transformed, "ApproximateNumberOfMessagesVisible", target)) == 1


def test_what_is_counted_in_the_code_raises_an_alarm(transformed: Transformed) -> None:
    sources = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    counted = {
        metric
        for path in sources
        for metric in re.findall(
            r'(?<![.\w])(?:count\(|kept_apart\(\s*"\w+",)\s*"(\w+)"', path.read_text()
        )
    }
    watched = {
        alarm["MetricName"]
        for alarm in alarms(transformed).values()
        if alarm["Namespace"] == NAMESPACE
    }

    assert counted >= {"JobsDied", "CallbacksGivenUp", "UsersNotServed"}
    assert counted - watched == WATCHED_AT_THE_GATEWAY


def test_alarms_on_our_own_metrics_are_their_stacks(transformed: Transformed) -> None:
    for name, alarm in alarms(transformed).items():
        if not alarm["Namespace"].startswith("AWS/"):
            assert STACK_DIMENSION in alarm["Dimensions"], name


def test_every_function_knows_its_stack(transformed: Transformed, function: str) -> None:
    variables = transformed.functions()[function]["Properties"]["Environment"]["Variables"]

    assert variables["STACK_NAME"] == {"Ref": "AWS::StackName"}


def test_cloudwatch_may_publish_to_the_topic_of_every_alarm(transformed: Transformed) -> None:
    """To a topic under AWS's own key (`alias/aws/sns`) it may not, and says so to no one."""
    for name, alarm in alarms(transformed).items():
        assert references(alarm["AlarmActions"]) == {"AlarmTopic"}, name
    for topic in transformed.of_type("AWS::SNS::Topic").values():
        key = topic.get("Properties", {}).get("KmsMasterKeyId")
        assert key is None or _grants_cloudwatch(transformed, key)


@pytest.mark.parametrize("key", ["alias/aws/sns", {"Ref": "Key"}])
def test_a_key_is_found_out_when_cloudwatch_may_not_use_it(key: Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "*"}
    policy = {"Properties": {"KeyPolicy": {"Statement": [statement]}}}

    assert not _grants_cloudwatch(Transformed({}, {"Resources": {"Key": policy}}), key)


def _grants_cloudwatch(transformed: Transformed, key: Any) -> bool:
    """Whether it is a key of the stack whose policy lets CloudWatch encrypt with it."""
    resources = transformed.document["Resources"]
    policies = [
        resources[name]["Properties"]["KeyPolicy"] for name in references(key) if name in resources
    ]
    needed = {"kms:Decrypt", "kms:GenerateDataKey*"}
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and needed <= set(statement["Action"])
        for policy in policies
        for statement in policy["Statement"]
    )


def test_every_alarm_names_its_page_of_the_runbook(transformed: Transformed) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    headings = re.findall(r"^## (.+?)(?: \(`.+`\))?$", runbook, re.MULTILINE)

    for name, alarm in alarms(transformed).items():
        found = re.search(r'docs/runbook\.md .* "(.+)"', alarm["AlarmDescription"])
        assert found is not None, f"{name} names no page of docs/runbook.md"
        assert found.group(1) in headings, f"{name}: docs/runbook.md has no {found.group(1)!r}"
