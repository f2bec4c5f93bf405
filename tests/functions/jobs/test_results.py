"""Results in their three formats, brief and full."""

import csv
import io
import json

import pytest

from tests.kit.cloud import aws_client
from tests.kit.names import short
from tests.kit.yard import Yard


@pytest.fixture
def done(yard: Yard) -> str:
    """The path of a finished job's result."""
    job_id = yard.submit(prompt="=1+1", options={"seed": 7})["job_id"]
    yard.complete(
        job_id,
        yard.claim(job_id),
        output="=2\r\nä",
        samples=[{"index": 0}],
        log="ok",
        telemetry={"before": {}, "after": {}},
        provenance={"ttft_ms": {"clock": "device"}},
    )
    return f"/api/jobs/{job_id}/result"


def test_everything_is_shown_when_full_is_asked(yard: Yard, done: str) -> None:
    brief = yard.user().get(done).json()
    full = yard.user().get(f"{done}?full=1").json()

    assert full.keys() - brief.keys() == {
        "prompt",
        "system",
        "options",
        "samples",
        "telemetry",
        "log",
        "log_url",
        "log_bytes",
        "provenance",
        "flags",
    }
    assert full["options"] == {"seed": 7}
    assert full["samples"] == [{"index": 0}]
    assert (full["log"], full["log_url"], full["log_bytes"]) == ("ok", None, 2)


def test_the_output_alone_is_sent_when_text_is_asked(yard: Yard, done: str) -> None:
    answer = yard.user().get(f"{done}?format=text")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "=2\r\nä"


def test_a_header_and_a_row_with_guarded_texts_are_sent_when_csv_is_asked(yard, done) -> None:
    answer = yard.user().get(f"{done}?format=csv&full=1")

    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["output"] == "'=2\r\nä"
    assert row["prompt"] == "'=1+1"
    assert row["ttft_ms"] == "200.0"
    assert row["load_ms"] == ""


def test_speeds_follow_from_the_numbers_when_the_device_leaves_them_out(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    metrics = {"completion_tokens": 21, "latency_ms": 1200, "ttft_ms": 200}

    yard.complete(job_id, yard.claim(job_id), metrics=metrics)
    seen = yard.user().get(f"/api/jobs/{job_id}/result").json()["metrics"]

    assert (seen["tok_s"], seen["tpot_ms"]) == (20.0, 50.0)


def test_speeds_stay_null_when_the_device_said_so(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    metrics = {"completion_tokens": 21, "latency_ms": 1200, "tok_s": None, "tpot_ms": None}

    yard.complete(job_id, yard.claim(job_id), metrics=metrics)
    seen = yard.user().get(f"/api/jobs/{job_id}/result").json()["metrics"]

    assert (seen["tok_s"], seen["tpot_ms"]) == (None, None)
    assert [run.tok_s for run in yard.runs()] == [None]


def test_speeds_stay_unknown_when_the_device_withheld_them(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    metrics = {"completion_tokens": 510, "latency_ms": 1200, "ttft_ms": 1160}
    withheld = {"source": "runner", "kind": "withheld", "why": "thoughts were not streamed"}
    provenance = {"tok_s": withheld, "tpot_ms": withheld}

    yard.complete(job_id, yard.claim(job_id), metrics=metrics, provenance=provenance)
    seen = yard.user().get(f"/api/jobs/{job_id}/result").json()["metrics"]

    assert (seen["tok_s"], seen["tpot_ms"]) == (None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": {"latency_ms": "fast"}},
        {"metrics": {"latency_ms": -1}},
        {"output": None},
        {"extra": {"a": "b"}},
        {"metrics": {"latency_ms": 10**400}},
        {"metrics": {"prompt_tokens": 10**400}},
        {"metrics": {"gpu_w": 10**400}},
        {"extra": {"a": -(10**400)}},
        {"samples": [{"index": 10**400}]},
        {"telemetry": {"before": {"cpu": 10**400}}},
        {"attempt": 0},
    ],
    ids=short,
)
def test_a_result_is_refused_when_it_is_not_one(yard: Yard, fields) -> None:
    job_id = yard.submit()["job_id"]
    yard.claim(job_id)

    body = {"attempt": 1, "output": "x", "metrics": {}, **fields}
    answer = yard.say("complete", job_id, **body)

    assert (answer.status, answer.code) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("query", "kind"),
    [("", "application/json"), ("?format=text", "text/plain"), ("?format=csv", "text/csv")],
)
def test_the_whole_result_is_elsewhere_when_it_does_not_fit_an_answer(yard, query, kind) -> None:
    # Four bytes each as they come, twelve on their way back through Lambda.
    output = "𝄞" * 600_000
    job_id = yard.submit()["job_id"]
    done = {"attempt": yard.claim(job_id), "output": output, "metrics": {}}
    yard.device().post(
        f"/devices/dev-1/jobs/{job_id}/complete",
        content=json.dumps(done, ensure_ascii=False),
        headers={"Content-Type": "application/json"},
    )

    answer = yard.user().get(f"/api/jobs/{job_id}/result{query}")

    assert answer.status == 303
    assert answer.headers["location"] == answer.json()["url"]
    (stored,) = yard.bucket.list(f"jobs/ada/{job_id}/result-")
    body = yard.bucket.get(stored.key)
    assert answer.json()["bytes"] == len(body)
    assert output in body.decode()
    said = aws_client("s3").head_object(Bucket=yard.bucket.name, Key=stored.key)
    assert said["ContentType"].startswith(kind)
