"""A job ends once, with one run, whatever fails between the AWS calls of `complete`.

Every AWS call is made to fail in turn, once before it reaches AWS and once after it was
carried out (the answer is lost). Then the device repeats its call, or never comes back
and maintenance finishes what was begun.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

from tests.kit.yard import Yard


class Faults:
    """Counts AWS calls and fails one of them, before or after AWS has carried it out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._original: Callable[..., Any] = BaseClient._make_api_call  # type: ignore[attr-defined]
        self.calls: list[str] = []
        self._fail_at: int | None = None
        self._after = False
        self._counting = False
        faults = self

        def call(client: Any, operation: str, parameters: Any) -> Any:
            return faults._call(client, operation, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)

    @contextmanager
    def failing(self, number: int | None, *, after: bool) -> Iterator[None]:
        """Within: the call with this number (from 0) fails; None only counts."""
        self.calls, self._fail_at, self._after, self._counting = [], number, after, True
        yield
        self._counting = False

    def _call(self, client: Any, operation: str, parameters: Any) -> Any:
        if not self._counting:
            return self._original(client, operation, parameters)
        self.calls.append(operation)
        if len(self.calls) - 1 != self._fail_at:
            return self._original(client, operation, parameters)
        if self._after:
            self._original(client, operation, parameters)
        raise ConnectionClosedError(endpoint_url="https://aws.invalid")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Faults to inject into AWS calls."""
    return Faults(monkeypatch)


def claimed_job(yard: Yard) -> str:
    job_id = str(yard.submit(adapter_id="phones", callback_url="https://example.com/h")["job_id"])
    yard.claim(job_id)
    return job_id


@pytest.mark.exhaustive
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("finisher", ["device", "maintenance"])
def test_a_job_ends_once_when_any_call_of_complete_fails(
    yard: Yard, faults: Faults, held_clock: Any, after: bool, finisher: str
) -> None:
    yard.api("datasets", user="ada").post("/user/data/save_adapter", json={"dataset": "phones"})
    counted = claimed_job(yard)
    with faults.failing(None, after=False):
        yard.complete(counted, 1)
    number_of_calls = len(faults.calls)

    assert number_of_calls > 8
    for number in range(number_of_calls):
        job_id = claimed_job(yard)
        with faults.failing(number, after=after):
            answer = yard.complete(job_id, 1)
        assert answer.status in (200, 503), answer.text
        _finish(yard, held_clock, job_id, answer.status, finisher)

        assert yard.job(job_id)["status"] == "succeeded", (number, faults.calls)
        assert [run.ok for run in yard.runs() if run.job_id == job_id] == [True], faults.calls
        callbacks = yard.tables["JobsTable"].query(f"JOB#{job_id}", prefix="CALLBACK#")
        assert len(list(callbacks)) == 1, (number, faults.calls)
    assert len(yard.rows()) == number_of_calls + 1


def _finish(yard: Yard, held_clock: Any, job_id: str, status: int, finisher: str) -> None:
    if finisher == "device":
        assert yard.complete(job_id, 1).status == 200
        return
    held_clock.advance(70)
    yard.sweep()
    if yard.job(job_id)["status"] == "queued":
        # Nothing was decided before the failure: the job is simply run again.
        assert status == 503
        yard.complete(job_id, yard.claim(job_id))
