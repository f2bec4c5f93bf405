"""One local cloud for all end-to-end tests: SAM build and deploy, functions, a real model."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.kit.local_cloud import LocalCloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The running local cloud."""
    running = LocalCloud(tmp_path_factory.mktemp("cloud") / "home")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def clients(cloud: LocalCloud) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients by token, and closes them."""
    with ExitStack() as made:
        yield lambda *args: made.enter_context(cloud.client(*args))


@pytest.fixture
def demo(cloud: LocalCloud) -> Iterator[httpx.Client]:
    """The demo user."""
    with cloud.client("user_token") as client:
        yield client


@pytest.fixture
def admin(cloud: LocalCloud) -> Iterator[httpx.Client]:
    """The administrator."""
    with cloud.client("admin_token") as client:
        yield client
