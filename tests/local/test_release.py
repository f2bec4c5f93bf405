"""`make deploy`: what is checked before anything is built."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from local.build import find_interpreter
from local.errors import LocalCloudError
from local.release import check_stack_name, read_release
from tools.template import REGION

LONGEST_REGION = "ap-southeast-1"
ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account, and no way to a real one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def test_parameters_are_read_as_words() -> None:
    release = read_release("lab", "python3.13", "arm64", "LogLevel=DEBUG Text=a=b")

    assert release.parameters == {"LogLevel": "DEBUG", "Text": "a=b"}


def test_parameter_without_value_is_refused() -> None:
    with pytest.raises(LocalCloudError, match="Name=value"):
        read_release("lab", "python3.13", "arm64", "LogLevel DEBUG")


@pytest.mark.parametrize("name", ["Lab", "1lab", "lab_1", "", "l" * 31, "lab\n"])
def test_stack_name_is_refused_when_a_bucket_could_not_carry_it(name: str) -> None:
    with pytest.raises(LocalCloudError, match="lower-case letters"):
        check_stack_name(name)


def test_longest_stack_name_fits_the_longest_bucket_name() -> None:
    name = "l" * 30

    check_stack_name(name)

    assert len(f"{name}-data-{ACCOUNT}-{LONGEST_REGION}") <= 63


def test_deployment_is_refused_when_the_stack_can_only_be_deleted() -> None:
    client = boto3.client("cloudformation")
    body = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    client.create_stack(StackName="lab", TemplateBody=body)
    backend_status(client, "ROLLBACK_COMPLETE")

    with pytest.raises(LocalCloudError, match="delete-stack --stack-name lab"):
        read_release("lab", "python3.13", "arm64", "").deploy()


def test_missing_interpreter_is_named_with_the_way_out() -> None:
    with pytest.raises(LocalCloudError, match="make deploy RUNTIME="):
        find_interpreter("python3.99")


def backend_status(client: object, status: str) -> None:
    """Sets what the account says of its stack; moto has no stack that failed half way."""
    from moto.cloudformation.models import cloudformation_backends

    (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    stack.status = status
