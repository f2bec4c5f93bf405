"""What counts as an answer of the API, and what is another's on the way to it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import ApiAwayError, DeviceRefusedError, GenerationError
from evalyard_runner.wire import Claim, read_claim

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi, job
from tests.runner.kit.bench import Bench
from tests.runner.kit.loops import finished

CLAIM: Claim = read_claim("job_1", job())
FAILURE = GenerationError("internal", "as the test wants it", retryable=True)
SAYINGS: dict[str, Callable[[DeviceApi], Awaitable[Any]]] = {
    "status": lambda api: api.report_status({"ready": True}),
    "session": lambda api: api.open_session(),
    "claim": lambda api: api.claim("job_1"),
    "heartbeat": lambda api: api.heartbeat(CLAIM, {}),
    "complete": lambda api: api.complete(CLAIM, {"output": ""}),
    "fail": lambda api: api.fail(CLAIM, FAILURE),
}


def _said(device_api: FakeApi, verb: str) -> None:
    async def scenario() -> None:
        async with DeviceApi(device_api.url, SERIAL, TOKEN, "a") as api:
            await SAYINGS[verb](api)

    finished(scenario())


@pytest.mark.parametrize("verb", SAYINGS)
@pytest.mark.parametrize("status", [200, 401, 403, 404, 407, 410, 511])
def test_api_counts_as_away_when_a_page_answers_in_its_place(
    device_api: FakeApi, verb: str, status: int
) -> None:
    device_api.hide(verb, status)

    with pytest.raises(ApiAwayError):
        _said(device_api, verb)


def test_token_counts_as_refused_when_the_api_itself_says_so(device_api: FakeApi) -> None:
    device_api.refuse("status", 401)

    with pytest.raises(DeviceRefusedError):
        _said(device_api, "status")


def test_result_is_said_again_when_a_page_took_it(bench: Bench) -> None:
    url = bench.queue("normal")
    bench.api.hide("status", 403)
    bench.api.hide("claim", 410)
    bench.api.hide("complete", 200)
    bench.api.jobs["job_1"] = job()
    bench.send(url, "job_1")

    bench.run_until(lambda: "job_1" not in bench.api.jobs and bench.counts(url) == (0, 0))

    assert [len(bench.api.heard(verb)) for verb in ("claim", "complete")] == [2, 2]
