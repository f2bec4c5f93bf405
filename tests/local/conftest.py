"""A MiniStack of its own for the conformance tests, as `make run` starts it."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from local.cloud import Cloud, start_cloud
from local.home import Home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The folder of that MiniStack."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.prepare()
    yield home
    home.empty_scratch()


@pytest.fixture(scope="session")
def cloud(home: Home) -> Iterator[Cloud]:
    """A running MiniStack with AUTH, stopped cleanly at the end."""
    running = start_cloud(home)
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def aws(cloud: Cloud) -> LocalAws:
    """Its account's root."""
    return cloud.aws


@pytest.fixture
def s3(aws: LocalAws) -> Any:
    return aws.client("s3")


@pytest.fixture
def sqs(aws: LocalAws) -> Any:
    return aws.client("sqs")


@pytest.fixture
def dynamodb(aws: LocalAws) -> Any:
    return aws.client("dynamodb")
