"""The SDK over the real functions: what it sends is accepted, what they answer is read."""

import csv
import io
import json

import pytest
from evalyard import Evalyard, Forbidden, Invalid, JobFailed, NotFound, WaitTimeout
from evalyard.models import JobRecord

from tests.client.conftest import READING, InProcess
from tests.kit.yard import Yard

ROW = {"ts": "2026-11-01T12:00:00Z", "device": "d", "model": "m", "latency_ms": 900.0}


@pytest.fixture
def recorded(ev: Evalyard) -> Evalyard:
    """Twelve runs of each of two builds; the second is a fifth slower."""
    rows = [
        {**ROW, "ts": 1_793_534_400 + n, "latency_ms": base + n % 3, "conditions": {"build": build}}
        for build, base in (("one", 900.0), ("two", 1_080.0))
        for n in range(12)
    ]
    answer = ev.usage.import_file(_json(rows))
    assert answer.imported == 24
    return ev


def _json(value) -> bytes:
    return json.dumps(value).encode()


MONTH = {"from": "2026-11-01", "to": "2026-12-01"}


@pytest.mark.parametrize("name", ["device", "num_predict", "timeout"])
def test_a_job_is_refused_when_a_member_would_be_passed_over(ev, name) -> None:
    for ask in (ev.jobs.run, ev.jobs.preview):
        with pytest.raises(TypeError, match=f"there is no '{name}' here, but adapter_id, "):
            ask("Why?", model="m", **{name: 1})
    with pytest.raises(TypeError, match="there is no 'device' here, but device_serial, "):
        ev.jobs.requeue("job_1", device="dev-2")


@pytest.mark.parametrize("nothing", [[], (), set(), frozenset()])
def test_a_filter_is_refused_when_it_has_no_value(ev, nothing) -> None:
    for ask in (ev.usage.summary, ev.usage.query, ev.jobs.list, ev.jobs.dead, ev.devices.list):
        with pytest.raises(ValueError, match="the filter 'model' has no value"):
            ask(model=nothing)
    with pytest.raises(ValueError, match="the filter 'tag' has no value"):
        ev.usage.compare({"tag": "a"}, {"tag": nothing})


def test_rows_are_read_back_when_they_were_appended(ev) -> None:
    rows = ({"n": n} for n in range(1_200))

    report = ev.datasets.append("rows", rows)

    assert (report.appended, report.rejected) == (1_200, 0)
    assert [row["n"] for row in ev.datasets.rows("rows", limit=500)] == list(range(1_200))
    assert [entry.rows for entry in ev.datasets.list()] == [1_200]
    assert [row["n"] for row in ev.datasets.tail("rows", 2)] == [1_198, 1_199]


def test_every_bad_row_is_named_when_there_are_more_than_the_api_lists(ev) -> None:
    rows = [b"[1]" if n % 2 else {"n": n} for n in range(500)]

    report = ev.datasets.append("rows", rows)

    assert [(each.row, each.code) for each in report.verdicts] == [
        (n, "not_an_object") for n in range(1, 500, 2)
    ]
    assert (report.appended, report.rejected) == (250, 250)


def test_every_bad_row_is_named_when_none_is_good(ev) -> None:
    report = ev.datasets.append("rows", [b"nonsense"] * 150)

    assert [each.row for each in report.verdicts] == list(range(150))
    assert (report.appended, report.rejected) == (0, 150)


def test_rows_are_stored_once_when_an_upload_is_resumed_from_its_start(ev) -> None:
    first = ev.datasets.append("rows", [{"n": 1}, {"n": 2}])
    again = first.resume.partition(".")[0]

    ev.datasets.append("rows", [{"n": 1}, {"n": 2}], resume=again)

    assert [row["n"] for row in ev.datasets.rows("rows")] == [1, 2]


def test_a_row_without_a_time_is_named_as_stored_when_an_adapter_is_saved(ev) -> None:
    saved = ev.datasets.save_adapter("rows")

    report = ev.datasets.append("rows", [ROW, {"latency_ms": 1.0}])

    assert (saved.version, ev.datasets.adapter("rows").version) == (1, 1)
    assert (report.recorded, report.skipped) == (1, 1)
    assert [(v.row, v.code, v.stored) for v in report.verdicts] == [(1, "time_missing", True)]


def test_rows_are_gone_when_their_batch_is_taken_back(ev) -> None:
    ev.datasets.append("rows", [{"n": 1}])
    report = ev.datasets.append("rows", [{"n": 2}, {"n": 3}])

    assert ev.datasets.undo(report.batches[0]).removed_rows == 2
    assert [row["n"] for row in ev.datasets.rows("rows")] == [1]


def test_the_name_is_named_when_it_is_not_acceptable(ev) -> None:
    with pytest.raises(Invalid) as caught:
        ev.datasets.append("no/name", [{"n": 1}])

    assert (caught.value.status, caught.value.code) == (422, "invalid_dataset_name")
    assert caught.value.request_id


def test_a_job_is_followed_to_its_result_when_a_device_runs_it(ev, yard: Yard) -> None:
    job = ev.jobs.run("Why?", model="m", device_serial="dev-1", repeat=2)
    seen: list[JobRecord] = []

    def run(record: JobRecord) -> None:
        seen.append(record)
        if record.status == "queued":
            yard.complete(job.id, yard.claim(job.id))

    result = job.wait(timeout=20, on_progress=run).result()

    assert [each.status for each in seen] == ["queued", "succeeded"]
    assert (result.output, result.metrics.ttft_ms, result.device) == ("Because.", 200.0, "dev-1")
    assert ev.jobs.read(job.id).prompt == "Why?"
    assert [each.job_id for each in ev.jobs.list(model="m")] == [job.id]


def test_it_says_so_when_a_job_is_not_finished_in_time(ev) -> None:
    job = ev.jobs.run("Why?", model="m")

    with pytest.raises(WaitTimeout, match="still queued"):
        job.wait(timeout=0)


def test_it_has_no_result_when_a_job_was_cancelled(ev) -> None:
    job = ev.jobs.run("Why?", model="m").cancel()

    with pytest.raises(JobFailed, match="cancelled"):
        job.result()
    with pytest.raises(JobFailed, match="cancelled"):
        ev.jobs.result(job.id)


def test_a_dead_job_can_be_requeued_when_its_device_failed(ev, yard: Yard) -> None:
    job = ev.jobs.run("Why?", model="m", device_serial="dev-1", max_attempts=1)
    yard.fail(job.id, yard.claim(job.id))

    with pytest.raises(JobFailed, match="runtime_crash"):
        job.result(timeout=5)

    assert [dead.job_id for dead in ev.jobs.dead()] == [job.id]
    assert ev.jobs.requeue(job.id, max_attempts=2).status == "queued"


def test_results_keep_the_order_of_the_prompts_when_they_are_mapped(running) -> None:
    results = running.jobs.map(["a", "b", "c"], model="m", in_flight=2)

    assert [each.output for each in results] == ["a", "b", "c"]


def test_runs_are_counted_and_compared_when_they_were_imported(recorded) -> None:
    summary = recorded.usage.summary(window=MONTH, **{"cond.build": ["one", "two"]})
    table = recorded.usage.query(group_by=["cond.build"], window=MONTH)
    compared = recorded.usage.compare(
        {"cond.build": "one"}, {"cond.build": "two"}, a_window=MONTH, b_window=MONTH
    )

    assert summary.runs == 24
    assert sorted(str(each.key["cond.build"]) for each in table.breakdown) == ["one", "two"]
    verdicts = {each.metric: each.verdict for each in compared.metrics}
    assert verdicts["latency_ms"] == "regressed"
    assert recorded.usage.changes("latency_ms", window=MONTH).changes is not None


def test_the_gate_fails_when_the_candidate_is_slower_than_the_baseline(recorded) -> None:
    baseline = recorded.baselines.set(
        "main", reason="release 1", window=MONTH, filters={"cond.build": "one"}
    )
    rules = [{"metric": "latency_ms", "max_regression_pct": 5}]

    worse = recorded.usage.gate("main", filters={"cond.build": "two"}, window=MONTH, rules=rules)
    same = recorded.usage.gate("main", filters={"cond.build": "one"}, window=MONTH, rules=rules)

    assert (worse.verdict, same.verdict) == ("fail", "pass")
    assert (baseline.runs, recorded.baselines.get("main").history[0].reason) == (12, "release 1")
    assert [each.name for each in recorded.baselines.list()] == ["main"]
    recorded.baselines.delete("main")
    with pytest.raises(NotFound) as caught:
        recorded.usage.gate("main")
    assert caught.value.code == "baseline_not_found"


def test_the_whole_file_is_written_when_runs_are_exported(recorded, tmp_path) -> None:
    path = recorded.usage.export(tmp_path / "runs.csv", window=MONTH, model="m")

    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert len(rows) == 24
    assert [each.name for each in tmp_path.iterdir()] == ["runs.csv"]


def test_an_export_that_is_refused_leaves_no_file_when_there_was_none(recorded, tmp_path) -> None:
    with pytest.raises(Invalid) as caught:
        recorded.usage.export(tmp_path / "runs.csv", nonsense="x")

    assert (caught.value.status, caught.value.code) == (400, "unknown_parameter")
    assert list(tmp_path.iterdir()) == []


def test_devices_and_identity_are_read_when_asked(ev) -> None:
    assert [each.serial for each in ev.devices.list(ready=True)] == ["dev-1"]
    assert ev.devices.get("dev-1").state == "available"
    assert (ev.whoami().user_id, ev.health().status) == ("ada", "ok")


def test_it_is_forbidden_when_the_scope_is_too_small(transport: InProcess) -> None:
    reading = Evalyard("https://api.example.com", READING, transport=transport)

    with pytest.raises(Forbidden) as caught:
        reading.datasets.append("rows", [{"n": 1}])

    assert caught.value.document["required_scope"] == "ingest"
