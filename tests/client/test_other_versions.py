"""A service that is older or newer than the client: what can be read is, else an error says so."""

import json
from typing import Any

import httpx
import pytest
from evalyard import Conflict, Evalyard, JobFailed, UnreadableAnswer, __version__
from evalyard.cli import exits
from evalyard.cli.running import run
from evalyard.core.sending import Patience

from tests.client.test_doctor import DEVICE

JOB = {
    **dict.fromkeys(("job_id", "model", "prompt_preview", "queue_tag", "created_at"), "x"),
    **dict.fromkeys(("priority", "attempt", "max_attempts", "timeout_s", "warmup", "repeat"), 1),
}
SERIES = {"metric": "tok_s", "better": "higher", "n_a": 8, "n_b": 8, "key": {"device": "d"}}


@pytest.fixture
def answered():
    """An SDK of which each call is answered by this document."""

    def make(document: Any, status: int = 200) -> Evalyard:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
        return Evalyard("https://x.io", "t", transport=transport, patience=Patience(retries=0))

    return make


def _page(**changes: Any) -> dict[str, Any]:
    device = {name: value for name, value in {**DEVICE, **changes}.items() if value != "left out"}
    return {"data": [device], "has_more": False}


def test_what_an_older_service_does_not_say_is_false_or_none(answered) -> None:
    ev = answered(_page(takes_calls="left out", models="left out", battery="left out"))

    [device] = ev.devices.list()

    assert (device.takes_calls, device.models, device.battery) == (False, [], None)


@pytest.mark.parametrize("said", ["left out", None, "many"])
def test_an_error_names_both_versions_when_a_number_is_missing_or_another(answered, said) -> None:
    ev = answered(_page(calls_running=said))

    with pytest.raises(UnreadableAnswer, match="calls_running") as caught:
        list(ev.devices.list())

    assert f"another version than this, evalyard {__version__}" in str(caught.value)
    assert exits.of_error(caught.value) == exits.OUT_OF_REACH


def test_an_error_doubts_the_address_when_the_answer_is_a_page(answered) -> None:
    with pytest.raises(UnreadableAnswer, match="is this address an Evalyard API"):
        answered(b"<html>Welcome</html>").whoami()


def test_members_and_words_are_read_when_they_are_newer(answered) -> None:
    [device] = answered(_page(state="dreaming", dreams=["x"])).devices.list()

    assert device.state == "dreaming"


def test_a_wait_ends_when_a_job_is_finished_in_a_state_that_is_newer(answered) -> None:
    ev = answered({**JOB, "status": "expired", "finished_at": "2026-11-28T10:00:00.000Z"})

    job = ev.jobs.get("x").wait(timeout=5)

    with pytest.raises(JobFailed, match="x is expired"):
        job.result()


def test_an_error_keeps_its_code_when_the_rest_of_it_is_newer(answered) -> None:
    faults = ["a text", {"pointer": "/a", "code": "c", "detail": "d"}, {"pointer": 7}]
    document = {"code": "busy", "detail": ["several"], "errors": faults, "allowed": {"a": 1}}

    with pytest.raises(Conflict) as caught:
        answered(document, 409).jobs.cancel("x")

    assert (caught.value.code, caught.value.detail, caught.value.allowed) == ("busy", "", [])
    assert [each.pointer for each in caught.value.errors] == ["/a"]


def test_a_gate_is_no_pass_when_its_verdict_is_newer(answered, capsys, tmp_path) -> None:
    series = [{**SERIES, "verdict": "suspicious"}, {**SERIES, "verdict": "pass"}]
    ev = answered({"verdict": "suspicious", "series": series, "markdown": ""})
    report = tmp_path / "gate.xml"

    code = run(["gate", "--baseline", "main", "--junit", str(report)], lambda **_: ev)

    assert code == exits.USAGE
    assert "'suspicious' is not known to this version: update evalyard" in capsys.readouterr().err
    assert 'skipped="1"' in report.read_text("utf-8")


def test_the_exit_code_is_no_verdict_when_the_command_itself_is_at_fault(capsys) -> None:
    def connect(**_: Any) -> Evalyard:
        raise ZeroDivisionError

    code = run(["whoami"], connect)

    assert code == exits.USAGE
    assert f"this is a fault of evalyard {__version__}" in capsys.readouterr().err
