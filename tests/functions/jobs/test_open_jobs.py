"""How many jobs of one user may wait, and that a submit costs no counting."""

import pytest

from tests.kit.gateway import ApiResponse
from tests.kit.yard import Yard


def submit(yard: Yard, user: str = "ada", **fields: object) -> ApiResponse:
    return yard.user(user).post("/api/jobs", json={"prompt": "Why?", "model": "m", **fields})


def test_submit_is_refused_when_so_many_wait(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_OPEN_JOBS", "3")
    # One goes to the device; the others wait.
    for _ in range(4):
        assert submit(yard).status == 202

    refused = submit(yard)

    assert (refused.status, refused.code) == (429, "too_many_open_jobs")
    assert int(refused.headers["retry-after"]) > 0


def test_others_and_other_lanes_are_open_when_one_is_full(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_OPEN_JOBS", "1")
    while submit(yard).status == 202:
        pass

    assert submit(yard, user="bob").status == 202
    assert submit(yard, priority=9).status == 202


def test_submits_go_on_when_jobs_have_run(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_OPEN_JOBS", "1")
    jobs = []
    while (answer := submit(yard)).status == 202:
        jobs.append(answer.json()["job_id"])
    for job_id in jobs:
        assert yard.user().post(f"/api/jobs/{job_id}/cancel").status == 200
    monkeypatch.setattr("shared.jobs.open_jobs._AGAIN_S", 0)

    assert submit(yard).status == 202


def test_nothing_is_refused_when_there_is_no_limit(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_OPEN_JOBS", "0")

    assert {submit(yard).status for _ in range(12)} == {202}
