"""Credentials are renewed before they expire, and when SQS refuses them."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import CredentialsStaleError, QueuesAwayError
from evalyard_runner.session import SessionKeeper, renewal_after_s
from evalyard_runner.sqs import Sqs
from evalyard_runner.wire import Session
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi
from tests.runner.kit.loops import finished


class RefusingSqs(Sqs):
    """Knows no queue and accepts no credentials."""

    async def receive(self, queue_url: str, wait_s: int) -> Any:
        raise CredentialsStaleError("ExpiredToken")


def sessions_opened(device_api: FakeApi, connect: Any = Sqs, hours: float = 0.0) -> int:
    """How many sessions two calls need, the second one `hours` after the first."""

    async def scenario() -> None:
        async with DeviceApi(device_api.url, SERIAL, TOKEN, "a") as client:
            moments = [0.0]
            keeper = SessionKeeper(client, connect=connect, clock=lambda: moments[-1])
            for _ in range(2):
                with suppress(QueuesAwayError):
                    await keeper.receive("https://queue.invalid/1/q", 0)
                moments.append(hours * 3600)

    finished(scenario())
    return len(device_api.heard("session"))


def test_session_is_kept_when_its_credentials_are_fresh(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api) == 1


def test_session_is_renewed_when_its_end_is_near(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api, hours=0.95) == 2


def test_session_is_renewed_when_sqs_refuses_it(aws: None, device_api: FakeApi) -> None:
    assert sessions_opened(device_api, connect=RefusingSqs) == 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("clocks_off_h", [3, -3, 10_000])
def test_session_is_kept_when_the_devices_clock_is_wrong(
    aws: None, device_api: FakeApi, clocks_off_h: int
) -> None:
    """To the device it is the server whose clock is off: by what it says, and by `Date`."""
    device_api.clock_off = timedelta(hours=clocks_off_h)

    assert sessions_opened(device_api) == 1
    assert sessions_opened(device_api, hours=0.95) == 1 + 2


@given(st.floats(120, 50_000))
def test_renewal_lies_before_the_end_when_a_session_is_any_length(lasts_s: float) -> None:
    assert 60 <= renewal_after_s(lasts_s) < lasts_s


@pytest.mark.parametrize(("lasts_s", "kept_s"), [(3600, 3300), (300, 150), (0, 60), (-10_800, 60)])
def test_renewal_is_five_minutes_early_when_the_session_is_long_enough(
    lasts_s: float, kept_s: float
) -> None:
    assert renewal_after_s(lasts_s) == kept_s


def test_queues_are_reached_as_the_session_says_when_the_owner_uses_aws_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As of https://github.com/boto/boto3/issues/4121."""
    monkeypatch.setenv("AWS_PROFILE", "one-that-is-gone")
    monkeypatch.setenv("AWS_CONFIG_FILE", __file__)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.invalid")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_RETRY_MODE", "bogus")
    session = Session("eu-west-1", None, "id", "secret", "token", 3_600.0, (), 30, 10.0)

    client = Sqs(session)._client

    assert client.meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"


def test_a_wrong_clock_is_named_once_when_sessions_are_opened(
    aws: None, device_api: FakeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    device_api.clock_off = timedelta(hours=-3)

    sessions_opened(device_api, connect=RefusingSqs)

    lines = [line for line in capfd.readouterr().err.splitlines() if "clock_off" in line]
    assert [line.split("=")[1][:3] for line in lines] == ["108"]
