"""Credentials are renewed before they expire, and when SQS refuses them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import CredentialsStaleError, QueuesAwayError
from evalyard_runner.session import SessionKeeper, renewal_time
from evalyard_runner.sqs import Sqs
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi
from tests.runner.kit.loops import finished

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class RefusingSqs(Sqs):
    """Knows no queue and accepts no credentials."""

    async def receive(self, queue_url: str, wait_s: int) -> Any:
        raise CredentialsStaleError("ExpiredToken")


def sessions_opened(device_api: FakeApi, connect: Any = Sqs, hours: float = 0.0) -> int:
    """How many sessions two calls need, the second one `hours` after the first."""

    async def scenario() -> None:
        async with DeviceApi(device_api.url, SERIAL, TOKEN) as client:
            moments = [datetime.now(UTC)]
            keeper = SessionKeeper(client, connect=connect, now=lambda: moments[-1])
            for _ in range(2):
                with suppress(QueuesAwayError):
                    await keeper.receive("https://queue.invalid/1/q", 0)
                moments.append(moments[0] + timedelta(hours=hours))

    finished(scenario())
    return len(device_api.heard("session"))


def test_session_is_kept_when_its_credentials_are_fresh(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api) == 1


def test_session_is_renewed_when_its_end_is_near(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api, hours=0.95) == 2


def test_session_is_renewed_when_sqs_refuses_it(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api, connect=RefusingSqs) == 2


@given(st.integers(1, 50_000))
def test_renewal_lies_before_the_end_when_a_session_is_any_length(seconds: int) -> None:
    expires_at = NOW + timedelta(seconds=seconds)

    assert NOW < renewal_time(NOW, expires_at) < expires_at


@pytest.mark.parametrize(("length_s", "kept_s"), [(3600, 3300), (300, 150)])
def test_renewal_is_five_minutes_early_when_the_session_is_long_enough(
    length_s: int, kept_s: int
) -> None:
    renewed = renewal_time(NOW, NOW + timedelta(seconds=length_s))

    assert renewed == NOW + timedelta(seconds=kept_s)
