"""A browser for all tests of the dashboard, and a user of its own for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser

from tests.kit.browser import Visit, chromium, visit
from tests.kit.local_cloud import LocalCloud


@dataclass(frozen=True)
class User:
    """Somebody with a token, and a client that asks the API what the page should say."""

    user_id: str
    token: str
    api: httpx.Client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with chromium() as running:
        yield running


@pytest.fixture
def user(cloud: LocalCloud, admin: httpx.Client) -> Iterator[User]:
    """A user who has nothing yet."""
    user_id = f"u-{uuid4().hex[:10]}"
    made = admin.post("/accounts/users", json={"user_id": user_id})
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    with cloud.client(token) as api:
        yield User(user_id, token, api)


@pytest.fixture
def tab(browser: Browser, cloud: LocalCloud, user: User) -> Iterator[Visit]:
    """The user's tab, signed in; its console must stay silent."""
    with visit(browser, cloud.announced["base_url"], user.token) as opened:
        yield opened
        assert opened.complaints == []


@pytest.fixture
def model(admin: httpx.Client, cloud: LocalCloud) -> str:
    """What the demo device runs."""
    device = admin.get(f"/devices/{cloud.announced['device_serial']}").json()
    return str(device["models"][0])
