"""A short drill over the real functions: what was there at T is there again, by the command."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.maintain_storage.handler import lambda_handler as maintain_storage
from shared import ids
from shared.accounts import User, create_user
from shared.aws import Table, Update
from shared.clock import SECOND_US
from shared.recovery.__main__ import main
from tests.functions.conftest import yard  # noqa: F401 - a fixture
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient, LambdaContext
from tests.kit.s3_time import S3Time
from tests.kit.yard import LARGE, Yard

WINDOW = "from=2025-12-03&to=2025-12-05"
ROWS = [{"ts": 1764784800 + 60 * number, "model": "m", "n": number} for number in range(9)]


@dataclass
class Drill:
    """A user's clients, and what they read."""

    yard: Yard
    s3_time: S3Time
    capsys: pytest.CaptureFixture[str]

    def make_account(self, user_id: str) -> None:
        created = ids.ulid(int(self.s3_time.now_s * SECOND_US))
        create_user(self.yard.tables["AccountsTable"], User(user_id, user_id, False, created))

    @property
    def datasets(self) -> ApiClient:
        return self.yard.api("datasets", user="ada")

    def append(self, dataset: str = "d") -> str:
        body = {"dataset": dataset, "rows": ROWS}
        answer = self.datasets.post("/user/data/append_jsonl", json=body)
        assert answer.status == 200, answer.text
        return str(answer.json()["batch_id"])

    def read(self) -> dict[str, Any]:
        listed = self.datasets.get("/user/data/list").json()["data"]
        rows = self.datasets.get("/user/data/get?dataset=d&format=jsonl").text
        usage = self.yard.api("usage", user="ada").get(f"/usage/summary?{WINDOW}").json()
        return {
            "rows": sorted(rows.splitlines()),
            "counts": {entry["dataset"]: entry["rows"] for entry in listed},
            "usage": usage,
        }

    def tables_of_now(self, name: str) -> list[str]:
        """What point-in-time recovery makes: the tables as they are, under other names."""
        words = []
        for option, logical_id in (("catalog", "CatalogTable"), ("jobs", "JobsTable")):
            target = f"{logical_id}-{name}"
            aws_client("dynamodb").restore_table_to_point_in_time(
                SourceTableName=self.yard.tables[logical_id].name,
                TargetTableName=target,
                UseLatestRestorableTime=True,
            )
            words += [f"--past-{option}", target]
        return words

    def at(self) -> str:
        return datetime.fromtimestamp(self.s3_time.now_s, UTC).isoformat()

    def restore(self, at: str, *more: str) -> tuple[int, list[dict[str, Any]]]:
        """The command's exit code and lines."""
        self.capsys.readouterr()
        code = main(
            [
                *("--bucket", self.yard.bucket.name, "--at", at),
                *("--catalog", self.yard.tables["CatalogTable"].name),
                *("--jobs", self.yard.tables["JobsTable"].name),
                *("--accounts", self.yard.tables["AccountsTable"].name, *more),
            ]
        )
        printed = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        return code, [line for line in printed if "users" in line or "user_id" in line]


@pytest.fixture
def drill(
    yard: Yard,  # noqa: F811
    s3_time: S3Time,
    capsys: pytest.CaptureFixture[str],
    no_waiting: None,
) -> Drill:
    # What is there is a day old: the upkeep removes at once what it may.
    s3_time.now -= timedelta(days=1)
    made = Drill(yard, s3_time, capsys)
    made.make_account("ada")
    return made


def spoil(drill: Drill, batch_id: str) -> None:
    drill.append()
    drill.datasets.post("/user/data/undo", json={"batch_id": batch_id})
    drill.append("new")
    drill.datasets.delete("/user/data/delete?dataset=other&usage=1")
    maintain_storage({}, LambdaContext())
    maintain_storage({"deep": True}, LambdaContext())


@pytest.mark.exhaustive
def test_everything_reads_as_it_did_when_its_moment_is_restored(drill: Drill) -> None:
    drill.datasets.post("/user/data/save_adapter", json={"dataset": "d"})
    drill.datasets.post("/user/data/save_adapter", json={"dataset": "other"})
    batch_id = drill.append()
    drill.append("other")
    maintain_storage({}, LambdaContext())
    drill.append()
    job_id = drill.yard.submit(model="m")["job_id"]
    then, at, past = drill.read(), drill.at(), drill.tables_of_now("then")
    spoil(drill, batch_id)
    lose(drill, job_id)
    spoilt = drill.read()

    looked, would = drill.restore(at, *past)
    unchanged = drill.read()
    code, lines = drill.restore(at, *past, "--apply")

    assert (looked, code) == (0, 0)
    assert unchanged == spoilt != then
    assert drill.read() == then
    (user, total) = lines
    assert user["before"]["rows"] == {"d": 18, "new": 9}
    assert user["after"]["rows"] == would[0]["after"]["rows"] == {"d": 18, "other": 9}
    assert user["jobs_brought_back"] == would[0]["jobs_brought_back"] == 1
    assert (total["rows"], total["runs"], total["applied"]) == (27, 27, True)
    maintain_storage({}, LambdaContext())
    assert drill.read() == then


def lose(drill: Drill, job_id: str) -> None:
    """The job's items are gone, and its bodies."""
    jobs = drill.yard.tables["JobsTable"]
    jobs.delete("USER#ada", f"JOB#{job_id}")
    jobs.delete(f"JOB#{job_id}", "OWNER")
    drill.yard.bucket.delete([each.key for each in drill.yard.bucket.list("jobs/ada/")])
    jobs.delete_many((item["pk"], item["sk"]) for item in jobs.query("USER#ada", prefix="BODY#"))
    while drill.yard.receive() is not None:
        continue
    # Long ago, as the device's slot is freed when a minute has passed.
    long_ago = Update("DEVICE#dev-1", "PRESENCE", set={"held_us": 0})
    drill.yard.tables["DevicesTable"].update(long_ago)


@pytest.mark.parametrize("prompt", ["Why?", LARGE], ids=["small", "large"])
def test_unfinished_job_is_sent_and_ends_when_it_was_brought_back(
    drill: Drill, prompt: str
) -> None:
    job_id = drill.yard.submit(model="m", prompt=prompt)["job_id"]
    at, past = drill.at(), drill.tables_of_now("then")
    lose(drill, job_id)

    drill.restore(at, *past, "--user", "ada", "--apply")
    drill.yard.sweep()

    message = drill.yard.receive()
    assert message is not None
    attempt = drill.yard.claim(message["job_id"])
    drill.yard.complete(job_id, attempt)
    job = drill.yard.job(job_id)
    assert (job["status"], job["prompt"]) == ("succeeded", prompt)


@pytest.mark.parametrize("output", ["Because.", LARGE], ids=["small", "large"])
def test_result_is_back_when_its_job_was_brought_back(drill: Drill, output: str) -> None:
    job_id = drill.yard.submit(model="m")["job_id"]
    drill.yard.complete(job_id, drill.yard.claim(job_id), output=output)
    at, past = drill.at(), drill.tables_of_now("then")
    lose(drill, job_id)

    drill.restore(at, *past, "--user", "ada", "--apply")

    result = drill.yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()
    assert (result["output"], result["prompt"]) == (output, "Why?")


def test_job_stays_as_it_is_when_it_ended_since(drill: Drill) -> None:
    job_id = drill.yard.submit(model="m")["job_id"]
    at, past = drill.at(), drill.tables_of_now("then")
    drill.yard.complete(job_id, drill.yard.claim(job_id))

    _, lines = drill.restore(at, *past, "--user", "ada", "--apply")

    assert lines[0]["jobs_brought_back"] == 0
    assert drill.yard.job(job_id)["status"] == "succeeded"


@pytest.mark.parametrize("again", [False, True])
def test_user_is_left_out_when_the_account_is_gone(drill: Drill, again: bool) -> None:
    drill.append()
    at, past = drill.at(), drill.tables_of_now("then")
    drill.append()
    drill.yard.tables["AccountsTable"].delete("USER#ada", "PROFILE")
    if again:
        drill.s3_time.tick()
        drill.make_account("ada")

    code, lines = drill.restore(at, *past, "--apply")

    assert (code, lines[0]["user_id"]) == (0, "ada")
    assert "no account" in lines[0]["skipped"]
    assert drill.read()["counts"] == {"d": 18}


def test_user_keeps_everything_when_nothing_was_there_then(drill: Drill) -> None:
    at, past = drill.at(), drill.tables_of_now("then")
    drill.append()
    maintain_storage({}, LambdaContext())

    code, lines = drill.restore(at, *past, "--apply")

    assert (code, lines[0]["skipped"]) == (0, "had no data at that moment")
    assert drill.read()["counts"] == {"d": 9}


def test_others_are_restored_and_it_fails_when_one_users_moment_is_gone(drill: Drill) -> None:
    drill.make_account("eve")
    for user in ("ada", "eve"):
        body = {"dataset": "d", "rows": ROWS}
        drill.yard.api("datasets", user=user).post("/user/data/append_jsonl", json=body)
    maintain_storage({}, LambdaContext())
    at, past = drill.at(), drill.tables_of_now("then")
    drill.append()
    history = drill.yard.bucket.history("data/users/eve/")
    drill.yard.bucket.delete_history(list(history))

    code, lines = drill.restore(at, *past, "--apply")

    told = {line["user_id"]: line for line in lines if "user_id" in line}
    assert code == 1
    assert told["eve"]["missing"][0].startswith("data/users/eve/datasets/d.jsonl?versionId=")
    assert drill.read()["counts"] == {"d": 9}


@pytest.mark.parametrize("days", [-8, -1 / 86_400, 1])
def test_moment_is_refused_when_it_is_outside_the_window(drill: Drill, days: float) -> None:
    at = datetime.now(UTC) + timedelta(days=days)

    code, lines = drill.restore(at.isoformat())

    assert (code, lines) == (2, [])


def test_tables_are_made_by_recovery_once_when_none_are_given(drill: Drill) -> None:
    drill.append()
    at = drill.at()

    codes = [drill.restore(at)[0] for _ in range(2)]

    made = [name for name in aws_client("dynamodb").list_tables()["TableNames"] if "-at-" in name]
    assert codes == [0, 0]
    assert len(made) == 2


def test_partitions_are_named_once_when_they_have_many_items(
    tables: dict[str, Table], make_items: Callable[[Table], None]
) -> None:
    table = tables["CatalogTable"]
    make_items(table)

    assert sorted(table.partitions("USER#")) == ["USER#a", "USER#b"]


@pytest.fixture
def make_items() -> Callable[[Table], None]:
    def make(table: Table) -> None:
        table.put_many(
            {"pk": pk, "sk": f"{n}"} for pk in ("USER#a", "USER#b", "X#c") for n in range(30)
        )

    return make
