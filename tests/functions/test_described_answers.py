"""Every operation of the OpenAPI document under requests made from it: valid, odd and wrong ones.

Schemathesis makes the requests and holds each answer against the document: no 5xx, no status,
media type, header or shape that it does not describe. The seed is fixed and the number of requests
bounded; `make test-nightly` makes more of them, and others.
"""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shared import ids
from shared.aws import Table
from tests.conftest import Api
from tests.kit.effort import examples
from tests.kit.whole_api import WholeApi
from tests.kit.yard import Yard
from tools.template import ROOT, Template

DOCUMENT = json.loads((ROOT / "functions" / "health" / "openapi.json").read_text())
USER, DEVICE, KEY = "eyt_ada", "eyd_phone", "eyk_ada"
HEADERS = {"X-User-Token": USER, "X-Device-Token": DEVICE, "X-Api-Key": KEY}
CREDENTIALS = {
    USER: {"kind": "user", "user_id": "ada", "tenant": "ada", "admin": "true", "token_id": "tok_1"},
    DEVICE: {"kind": "device", "serial": "phone"},
}
# What a schema cannot say is refused, too: windows given twice, unknown devices, times in the
# future. So a request that the schema accepts may get a 4xx.
EXCLUDED = [positive_data_acceptance]
CALLS = {"/ask", "/ask_stream", "/ask_trace", "/v1/chat/completions", "/warmup"}
CALLS |= {"/v1/completions", "/api/chat", "/api/generate"}
# Of each operation: 5 usually, 100 at night.
REQUESTS = examples(0.2)
OPERATIONS = sorted(
    f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item
)


@pytest.fixture
def whole_api(template: Template, yard: Yard) -> schemathesis.BaseSchema:
    """The schema over an API that holds a dataset, runs, a device, and jobs in every state."""
    load_all_checks()
    api = WholeApi(template, CREDENTIALS)
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = api
    return schema


@pytest.fixture
def known(yard: Yard, api: Api, tables: dict[str, Table]) -> dict[str, list[str]]:
    """Things that exist, by the names under which paths and queries ask for them."""
    tables["AccountsTable"].put(
        {"pk": f"TOKEN#{ids.token_digest(KEY)}", "sk": "TOKEN", "tenant": "ada", "admin": False}
        | {"kind": "api_key", "user_id": "ada", "token_id": "tok_2"}
    )
    assert yard.register("phone", models=["m"]).status == 201
    yard.report("phone", models=["m"])
    datasets = api("datasets", user="ada")
    row = {"ts": 1764784800, "device": "phone", "model": "m", "latency_ms": 900.0, "ttft_ms": 220}
    assert datasets.post("/user/data/save_adapter", json={"dataset": "lab"}).status == 200
    appended = datasets.post("/user/data/append_jsonl", json={"dataset": "lab", "rows": [row] * 3})
    jobs = [yard.submit(device_serial="phone")["job_id"] for _ in range(3)]
    phone = yard.device("phone")
    for job_id, end in ((jobs[0], "complete"), (jobs[1], "fail")):
        claimed = phone.post(f"/devices/phone/jobs/{job_id}/claim", json={})
        report: dict[str, Any] = {"attempt": claimed.json()["attempt"]}
        report |= (
            {"output": "Because.", "metrics": {"latency_ms": 900.0, "completion_tokens": 2}}
            if end == "complete"
            else {"code": "invalid_argument", "message": "no", "retryable": False}
        )
        assert phone.post(f"/devices/phone/jobs/{job_id}/{end}", json=report).status == 200
    return {
        "dataset": ["lab"],
        "serial": ["phone"],
        "job_id": jobs,
        "batch_id": [appended.json()["batch_id"]],
        "user_id": ["ada"],
    }


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_as_described(
    whole_api: schemathesis.BaseSchema, known: dict[str, list[str]], operation: str
) -> None:
    method, _, path = operation.partition(" ")
    cases = whole_api[path][method].as_strategy()
    # No device is connected for calls here, which is what 503 says of a call.
    excluded = [*EXCLUDED, *([not_a_server_error] if path in CALLS else [])]

    @settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck))
    @given(case=cases, draw=st.data())
    def ask(case: schemathesis.Case, draw: st.DataObject) -> None:
        _ask_of_known(case, known, draw)
        answer = case.call_and_validate(headers=HEADERS, excluded_checks=excluded)
        assert answer.status_code != 500

    try:
        ask()
    except (Failure, FailureGroup) as failure:
        pytest.fail(str(failure), pytrace=False)


def _ask_of_known(
    case: schemathesis.Case, known: dict[str, list[str]], draw: st.DataObject
) -> None:
    """Half of the requests name something that exists, as far as they name something."""
    for named in (case.path_parameters, case.query):
        for name in set(named or {}) & set(known):
            if draw.draw(st.booleans()):
                named[name] = draw.draw(st.sampled_from(known[name]))
