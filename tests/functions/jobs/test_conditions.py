"""Conditions of jobs: what the user and the device say of them stands in the run."""

import pytest


def run_one(yard, said=None, reported=None, **fields):
    job = yard.submit(conditions=said, **fields)
    attempt = yard.claim(job["job_id"])
    extra = {} if reported is None else {"conditions": reported}
    return job["job_id"], yard.complete(job["job_id"], attempt, **extra)


def test_run_has_what_both_say_when_a_job_succeeds(yard):
    job_id, answer = run_one(
        yard, {"commit": "4f2c", "quant": "Q4"}, {"quant": "Q8_0", "threads": 4, "charging": True}
    )

    assert (answer.status, answer.json()["warnings"]) == (200, [])
    (run,) = yard.runs()
    expected = {"charging": True, "commit": "4f2c", "quant": "Q8_0", "threads": 4}
    assert run.document()["conditions"] == expected
    assert yard.user().get(f"/api/jobs/{job_id}/result").json()["conditions"] == expected
    assert yard.job(job_id)["conditions"] == {"commit": "4f2c", "quant": "Q4"}


def test_result_is_kept_when_conditions_of_the_device_are_bad(yard):
    bad = {"Quant": "x", "quant": ["x"], "threads": 4, "note": "x" * 129}

    _, answer = run_one(yard, None, bad)

    assert answer.status == 200
    assert [warning.split()[0] for warning in answer.json()["warnings"]] == [
        "'Quant'", "quant", "note",
    ]  # fmt: skip
    (run,) = yard.runs()
    assert run.document()["conditions"] == {"threads": 4}


@pytest.mark.parametrize("reported", ["quant=Q4", ["a"], 4, {f"c{n:02}": n for n in range(20)}])
def test_result_is_kept_when_there_are_too_many_or_they_are_no_object(yard, reported):
    job_id, answer = run_one(yard, {"commit": "a"}, reported)

    assert answer.status == 200
    assert answer.json()["warnings"]
    (run,) = yard.runs()
    assert run.conditions["commit"] == "a"
    assert len(run.conditions) == (16 if isinstance(reported, dict) else 1)
    repeated = yard.complete(job_id, 1, conditions=reported)
    assert (repeated.status, repeated.json()) == (200, answer.json())


def test_job_is_refused_when_its_conditions_are_invalid(yard):
    for said in ({"Quant": "x"}, {"quant": {}}, "quant=Q4", {f"c{n}": 1 for n in range(17)}):
        body = {"prompt": "Why?", "model": "m", "conditions": said}

        answer = yard.user().post("/api/jobs", json=body)

        assert answer.status == 422
        (fault,) = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/conditions", "condition_invalid")


def test_failed_run_has_the_users_conditions_when_a_job_dies(yard):
    job = yard.submit(conditions={"commit": "a"}, max_attempts=1)

    yard.fail(job["job_id"], yard.claim(job["job_id"]), retryable=False)

    (run,) = yard.runs()
    assert (run.ok, run.conditions) == (False, {"commit": "a"})


def test_adapters_row_has_the_conditions_when_a_job_names_one(yard):
    datasets = yard.api("datasets", user="ada")
    fields = [{"name": "quant", "field": "about.quant"}]
    datasets.post("/user/data/save_adapter", json={"dataset": "d", "condition_fields": fields})

    run_one(yard, {"commit": "a"}, {"quant": "Q4"}, adapter_id="d")

    (row,) = datasets.get("/user/data/get?dataset=d").json()["data"]
    assert (row["about"], row["conditions"]) == ({"quant": "Q4"}, {"commit": "a"})
