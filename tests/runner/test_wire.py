"""Reading what the server and the queues say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from evalyard_runner.errors import ApiAwayError
from evalyard_runner.wire import read_claim, read_message, read_session
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.exhaustive
@given(st.text())
def test_message_is_none_when_it_is_no_job(body: str) -> None:
    assert read_message(body) is None


@pytest.mark.parametrize("body", ["[]", "null", "{}", "[1]", '"job_id"'])
def test_message_is_none_when_something_is_missing(body: str) -> None:
    assert read_message(body) is None


@given(JSON)
def test_session_is_waited_for_when_it_is_unreadable(body: Any) -> None:
    with pytest.raises(ApiAwayError):
        read_session(body, datetime.now(UTC))


@given(JSON)
def test_claim_is_waited_for_when_it_is_unreadable(body: Any) -> None:
    with pytest.raises(ApiAwayError):
        read_claim("job_1", body)


def test_secrets_are_hidden_when_shapes_are_shown() -> None:
    claim = read_claim("job_1", {"attempt": 1, "model": "m", "prompt": "private", "timeout_s": 5})

    assert "private" not in repr(claim)
    assert (claim.warmup, claim.repeat) == (0, 1)
