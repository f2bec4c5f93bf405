"""Credentials are asked for exactly the policy given, and say when they end."""

from typing import Any

import pytest

from shared import clock
from shared.aws import assume_role
from tests.kit.faults import watched_calls

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": ["arn:q"]}],
}


def test_credentials_end_when_asked(aws: Any) -> None:
    before_us = clock.now_us()

    with watched_calls() as calls:
        found = assume_role("arn:aws:iam::123456789012:role/device", "phone-1", POLICY, 900)

    assert calls.names == ["AssumeRole"]
    assert found.session_token
    assert found.access_key_id.startswith("ASIA")
    assert found.expires_at_us - before_us == pytest.approx(900 * 1_000_000, abs=60_000_000)
