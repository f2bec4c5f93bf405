"""Fixtures of functional tests that several functions share."""

from collections.abc import Callable

import pytest

from shared.aws import Bucket, Queue, Table
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard


@pytest.fixture
def yard(
    api: Callable[..., ApiClient],
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
) -> Yard:
    """Users and devices over an empty AWS; `dev-1` serves the default pool, and is free."""
    made = Yard(api, tables, bucket, queues)
    made.add("dev-1")
    return made
