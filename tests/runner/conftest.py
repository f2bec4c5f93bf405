"""Fixtures of the runner's tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.runner.kit.api import FakeApi
from tests.runner.kit.bench import Bench, sqs_client
from tests.runner.kit.model import FakeModel

# How long an example takes says how busy the machine is, not whether the rule holds.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def device_api() -> Iterator[FakeApi]:
    """A device API on a free port."""
    with FakeApi() as server:
        yield server


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """A model server on a free port; answers `one two three` unless told otherwise."""
    with FakeModel() as server:
        yield server


@pytest.fixture
def bench(aws: None, device_api: FakeApi, model: FakeModel) -> Bench:
    """A runner's whole world."""
    return Bench(api=device_api, model=model, sqs=sqs_client())
