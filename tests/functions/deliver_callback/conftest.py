"""Fixtures of callbacks: a receiver, the queue, a job that has ended."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import forget_caches
from tests.kit.outbox import CallbackQueue
from tests.kit.receiver import Receiver, running_receiver
from tests.kit.yard import Yard


@pytest.fixture
def receiver(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that callbacks may reach."""
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "true")
    forget_caches()
    with running_receiver() as running:
        yield running


@pytest.fixture
def outbox(yard: Yard, request: pytest.FixtureRequest) -> CallbackQueue:
    """The callbacks queue."""
    held = "held_clock" in request.fixturenames
    return CallbackQueue(yard, request.getfixturevalue("held_clock") if held else None)


@pytest.fixture
def ended_job(yard: Yard) -> Callable[..., str]:
    """`ended_job(url)`: a job that has succeeded and has its callback queued."""

    def end(url: str, **fields: Any) -> str:
        job_id = str(yard.submit(callback_url=url, **fields)["job_id"])
        yard.complete(job_id, yard.claim(job_id))
        return job_id

    return end


@pytest.fixture
def tries(yard: Yard) -> Callable[[str], list[dict[str, Any]]]:
    """`tries(job_id)`: the delivery log as its user sees it, newest first."""

    def read(job_id: str) -> list[dict[str, Any]]:
        answer = yard.user().get(f"/api/jobs/{job_id}/callbacks")
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    return read
