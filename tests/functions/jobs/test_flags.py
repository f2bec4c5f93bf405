"""What a reader must know about a result: by its device, and by the service itself."""

from typing import Any

import pytest

from tests.kit.yard import Yard


def flags_of(yard: Yard, **result: Any) -> list[str]:
    """The flags of a job on a phone that reports this result."""
    yard.add("dev-2", kind="phone")
    job_id = yard.submit(device_serial="dev-2")["job_id"]
    answer = yard.complete(job_id, yard.claim(job_id, "dev-2"), "dev-2", **result)
    assert answer.json()["warnings"] == []
    full: dict[str, Any] = yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()
    return list(full["flags"])


def test_flags_are_shown_in_their_order_when_the_device_says_them(yard: Yard) -> None:
    said = ["hot_start", "cached", "buffered", "cached"]

    assert flags_of(yard, flags=said) == ["cached", "buffered", "hot_start"]


@pytest.mark.parametrize(
    ("said", "kept", "warned"),
    [
        (["cached", "shiny", 7, None, ["cached"]], ["cached"], 4),
        ("cached", [], 1),
        ({"cached": True}, [], 1),
        (None, [], 0),
    ],
)
def test_result_is_kept_and_warned_of_when_a_flag_is_unknown(
    yard: Yard, said: Any, kept: list[str], warned: int
) -> None:
    job_id = yard.submit()["job_id"]

    answer = yard.complete(job_id, yard.claim(job_id), flags=said)

    assert (answer.status, answer.json()["status"]) == (200, "succeeded")
    assert len(answer.json()["warnings"]) == warned
    assert yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()["flags"] == kept


def test_flags_are_conditions_of_the_run_when_a_result_has_some(yard: Yard) -> None:
    job_id = yard.submit(conditions={"commit": "4f2c"})["job_id"]
    said = {"flags": ["cached"], "conditions": {"quant": "q4_0", "flag_cached": False}}

    answer = yard.complete(job_id, yard.claim(job_id), output="", **said)

    (run,) = yard.runs()
    assert run.conditions == {"commit": "4f2c", "flag_cached": "true", "quant": "q4_0"}
    shown = yard.user().get(f"/api/jobs/{job_id}/result").json()["conditions"]
    assert (shown["flag_cached"], answer.json()["warnings"]) == (True, [])


def test_flags_are_those_that_the_service_sees_when_the_device_says_none(yard: Yard) -> None:
    seen = {"prompt_tokens": 1000, "evaluated_tokens": 500, "finish_reason": "length"}
    telemetry = {"before": {"temperature_c": 46.0}}

    found = flags_of(yard, samples=[seen], telemetry=telemetry, output="")

    assert found == ["truncated", "thinking_cut", "hot_start"]
