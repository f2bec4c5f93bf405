"""House rules of the template, held for every function by asking what CloudFormation will see."""

import importlib
import inspect
import pkgutil
import tomllib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from shared.config import variable_name
from shared.idempotency import LOCK_S
from tests.template.conftest import Transformed, references
from tools.template import ROOT, read_template

FUNCTIONS = sorted(read_template().functions())
# What every function gets by Globals, and reads through Powertools or for its metrics.
COMMON = {
    "WRITES_A_MINUTE",
    "QUERIES_A_MINUTE",
    "LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "STACK_NAME",
    # Lambda's own: what starts the function.
    "AWS_LAMBDA_EXEC_WRAPPER",
}
# Called by the gateway itself, not by an event of its own.
SYNCHRONOUS = {"authorize_request"}


def folder(function: str) -> str:
    """The folder of a function: its logical id in snake case."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in function).strip("_")


def properties(transformed: Transformed, function: str) -> dict[str, Any]:
    found: dict[str, Any] = transformed.functions()[function]["Properties"]
    return found


def events(transformed: Transformed, function: str) -> dict[str, dict[str, Any]]:
    source = transformed.source["Resources"][function]["Properties"]
    found: dict[str, dict[str, Any]] = source.get("Events", {})
    return found


def statements(transformed: Transformed, function: str) -> list[dict[str, Any]]:
    (role,) = references(properties(transformed, function)["Role"])
    policies = transformed.document["Resources"][role]["Properties"].get("Policies", [])
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_one_name_leads_from_template_to_code_events_and_tests(
    transformed: Transformed, function: str
) -> None:
    name = folder(function)
    source = transformed.source["Resources"][function]["Properties"]

    assert source["CodeUri"] == f"functions/{name}/"
    assert source["Handler"] == f"functions.{name}.handler.lambda_handler"
    assert (
        properties(transformed, function)["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        == name
    )
    assert (ROOT / "functions" / name / "handler.py").is_file()
    assert list((ROOT / "events" / name).glob("*.json")), f"events/{name} has no sample event"
    assert list((ROOT / "tests" / "functions" / name).glob("test_*.py")), f"{name} has no tests"


def test_memory_and_timeout_are_the_functions_own(transformed: Transformed, function: str) -> None:
    source = transformed.source["Resources"][function]["Properties"]

    assert 128 <= source["MemorySize"] <= 3_008
    assert 1 <= source["Timeout"] <= 900


def test_gateway_never_waits_longer_than_it_can(transformed: Transformed, function: str) -> None:
    kinds = {event["Type"] for event in events(transformed, function).values()}
    timeout = properties(transformed, function)["Timeout"]

    # The gateway answers by itself after 30 s; at the same moment would be too late.
    assert "HttpApi" not in kinds or timeout <= 29
    # A live call must never be taken for a dead one, and be carried out beside itself.
    assert "HttpApi" not in kinds or timeout < LOCK_S


def test_logs_are_kept_for_a_stated_time(transformed: Transformed, function: str) -> None:
    (group,) = references(properties(transformed, function)["LoggingConfig"]["LogGroup"])

    assert group == f"{function}Logs"
    assert "RetentionInDays" in transformed.document["Resources"][group]["Properties"]


def test_environment_is_the_settings_class(transformed: Transformed, function: str) -> None:
    read = {variable_name(field.name) for kind in settings_of(function) for field in fields(kind)}
    variables = properties(transformed, function)["Environment"]["Variables"]

    assert set(variables) - COMMON == read - COMMON
    assert set(variables) >= COMMON - {"AWS_LAMBDA_EXEC_WRAPPER"}


def settings_of(function: str) -> list[Any]:
    """The settings classes that the modules of a function read the environment by."""
    package = importlib.import_module(f"functions.{folder(function)}")
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return [
        kind
        for module in modules
        for name, kind in vars(module).items()
        if name.endswith("Settings") and is_dataclass(kind)
    ]


def test_no_wildcard_in_any_action(transformed: Transformed, function: str) -> None:
    for statement in statements(transformed, function):
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action]


def test_no_statement_reaches_everything(transformed: Transformed, function: str) -> None:
    for statement in statements(transformed, function):
        assert "*" not in listed(statement["Resource"])


def test_what_is_gone_is_answered_404_where_objects_are_read(
    transformed: Transformed, function: str
) -> None:
    """S3 answers 403 for a key that does not exist, unless one may list where it would be."""
    may = statements(transformed, function)

    read = {
        prefix
        for one in may
        if grants(one, "s3:GetObject")
        for resource in listed(one["Resource"])
        for prefix in [resource["Fn::Sub"].removeprefix("${DataBucket.Arn}/")]
    }

    conditions = [one["Condition"]["StringLike"] for one in may if "s3:ListBucket" in one["Action"]]
    assert read <= {prefix for condition in conditions for prefix in condition["s3:prefix"]}


def test_each_statement_is_named(transformed: Transformed, function: str) -> None:
    names = [statement["Sid"] for statement in statements(transformed, function)]

    assert len(names) == len(set(names))
    assert all(names)


def test_only_its_own_logs_are_written(transformed: Transformed, function: str) -> None:
    """AWSLambdaBasicExecutionRole would let each function write to every log of the account."""
    granted = [one for one in statements(transformed, function) if grants(one, "logs:")]

    assert [one["Resource"] for one in granted] == [{"Fn::GetAtt": [f"{function}Logs", "Arn"]}]


def test_only_the_functions_own_queue_is_received_from(
    transformed: Transformed, function: str
) -> None:
    """AWSLambdaSQSQueueExecutionRole would let it delete the messages of every queue."""
    own = [mapping["EventSourceArn"] for mapping in mappings(transformed, function)]

    granted = [one for one in statements(transformed, function) if grants(one, "sqs:Receive")]

    assert [one["Resource"] for one in granted] == own


def test_failures_of_asynchronous_calls_go_somewhere(
    transformed: Transformed, function: str
) -> None:
    kinds = {event["Type"] for event in events(transformed, function).values()}
    if kinds & {"Schedule", "ScheduleV2", "S3", "SNS", "EventBridgeRule"}:
        (config,) = transformed.referring(
            "AWS::Lambda::EventInvokeConfig", "FunctionName", function
        )
        destination = config["DestinationConfig"]["OnFailure"]["Destination"]
        assert references(destination) == {"FailedEventsQueue"}
    for mapping in mappings(transformed, function):
        assert "RedrivePolicy" in queue_of(transformed, mapping)
    assert kinds or folder(function) in SYNCHRONOUS


def test_queue_messages_fail_one_by_one(transformed: Transformed, function: str) -> None:
    for mapping in mappings(transformed, function):
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_message_stays_hidden_while_function_may_run(
    transformed: Transformed, function: str
) -> None:
    """AWS's advice: six times the time-out, so that throttled batches do not come back early."""
    for mapping in mappings(transformed, function):
        timeout = properties(transformed, function)["Timeout"]
        assert queue_of(transformed, mapping)["VisibilityTimeout"] >= 6 * timeout


def test_handler_takes_event_and_context(function: str) -> None:
    handler = importlib.import_module(f"functions.{folder(function)}.handler").lambda_handler

    assert len(inspect.signature(handler).parameters) == 2


def grants(statement: dict[str, Any], prefix: str) -> bool:
    return any(action.startswith(prefix) for action in statement["Action"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def mappings(transformed: Transformed, function: str) -> list[dict[str, Any]]:
    return transformed.referring("AWS::Lambda::EventSourceMapping", "FunctionName", function)


def queue_of(transformed: Transformed, mapping: dict[str, Any]) -> dict[str, Any]:
    (queue,) = references(mapping["EventSourceArn"])
    found: dict[str, Any] = transformed.document["Resources"][queue]["Properties"]
    return found


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("AuthorizeRequest", "AuthorizerConcurrency"),
        ("Devices", "DevicesConcurrency"),
        ("Gateway", "GatewayConcurrency"),
    ],
)
def test_nothing_is_reserved_unless_asked_for(name: str, parameter: str) -> None:
    """New accounts may have a concurrency of 10, and AWS wants 100 left for all others."""
    template = read_template()
    wanted = template.functions()[name]["Properties"]["ReservedConcurrentExecutions"]

    assert template.document["Parameters"][parameter]["Default"] == 0
    assert template.resolve(wanted) == ""
    asked = replace(template, parameters={parameter: "50"})
    assert asked.resolve(wanted) == "50"


def test_layer_is_given_to_exactly_those_functions_that_may_reach_duckdb(
    transformed: Transformed,
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (wall,) = (each for each in contracts if "analytics layer" in each["name"])

    ways_in = [one.split(".") for one in wall["ignore_imports"] if one.startswith("functions.")]

    assert {way[1] for way in ways_in} == {
        folder(name)
        for name in FUNCTIONS
        if any("Analytics" in layer for layer in _layers(properties(transformed, name)))
    }


def _layers(function: dict[str, Any]) -> list[str]:
    return [name for layer in function.get("Layers", []) for name in references(layer)]
