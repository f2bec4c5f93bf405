"""`make restore-drill`: loses data on the running local cloud on purpose, and restores it.

A user of the drill's own writes rows, runs, an adapter and a job; at a moment T everything
that can be read is noted. Then it goes on: appends, an undo, a backfill, a deleted dataset,
lost jobs, and the upkeep that removes what nothing refers to. After the restore to T what
is read must be what was noted, and a second restore takes the first back.

The stand-in for point-in-time recovery: the local AWS copies a table as it is when asked,
so the drill asks at T. On AWS one asks afterwards. All else is what runs on AWS.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from secrets import token_hex
from typing import Any

from local import deploy
from local.aws import LocalAws
from local.errors import LocalCloudError
from local.fire import fire
from local.home import ROOT, Home, read_json
from local.http_json import Answer, call
from local.restore import Restore
from local.settings import Settings
from local.stack import Stack, read_stack

DATASETS = ("kept", "deleted", "later")
_BASE_S = 1_764_784_800
_WINDOW = "from=2025-12-03&to=2025-12-05"
_SETTLED_WITHIN_S = 90
# S3 gives times in whole seconds.
_APART_S = 1.1

# What a user can read: rows of each dataset, counts, usage, jobs.
Reading = dict[str, Any]


@dataclass(frozen=True)
class Moment:
    """A moment that can be restored, and what was read then."""

    at: str
    tables: tuple[str, ...]
    read: Reading


@dataclass
class Drill:
    """One drill, of one user."""

    base_url: str
    admin_token: str
    aws: LocalAws
    stack: Stack
    say: Callable[[str], None]
    user_id: str = field(default_factory=lambda: f"drill-{token_hex(4)}")
    token: str = ""

    def carry_out(self) -> None:
        """Raises LocalCloudError when what is read is not what was read then."""
        self._begin()
        self._write("kept", rows=40)
        first = self._write("kept", rows=5)
        self._write("deleted", rows=30)
        self._settle()
        job_id = self._need("POST", "/api/jobs", {"prompt": "Why?", "model": "drill"})["job_id"]
        # What is pending must come back, too: T is before this is folded, if this is fast enough.
        self._write("kept", rows=7)
        then = self._note("T")
        self._go_on(first, job_id)
        later = self._note("now")
        if later.read == then.read:
            raise LocalCloudError("the drill changed nothing, so it proves nothing")
        self._restore(then, "T", apply=False)
        self._compare(later, "a look changes nothing")
        self._restore(then, "T", apply=True)
        self._compare(then, "T is back")
        self._settle()
        self._compare(then, "T is there still when all is folded")
        self._restore(later, "what was there before", apply=True)
        self._compare(later, "the restore is taken back")
        self._leave(then, later)

    def _begin(self) -> None:
        # Making a client takes longer than folding does.
        _ = self._dynamodb
        as_admin = {"X-User-Token": self.admin_token}
        made = call("POST", f"{self.base_url}/accounts/users", as_admin, {"user_id": self.user_id})
        self.token = str(_good(made, "user")["token"])
        for dataset in DATASETS[:2]:
            self._need("POST", "/user/data/save_adapter", {"dataset": dataset})
        self._need("POST", "/usage/import", [{"ts": _BASE_S, "model": "m", "latency_ms": 5}])

    def _write(self, dataset: str, rows: int) -> str:
        """Append rows; the batch."""
        body = {
            "dataset": dataset,
            "rows": [
                {"ts": _BASE_S + number * 60, "model": "m", "latency_ms": 100 + number, "n": number}
                for number in range(rows)
            ],
        }
        return str(self._need("POST", "/user/data/append_jsonl", body)["batch_id"])

    def _go_on(self, batch_id: str, job_id: str) -> None:
        self._need("POST", "/user/data/undo", {"batch_id": batch_id})
        path = "/user/data/delete?dataset=deleted&usage=1"
        self._need("DELETE", path)
        self._write("later", rows=11)
        self._need("POST", "/user/data/save_adapter?backfill=1", {"dataset": "later"})
        self._write("kept", rows=3)
        self._settle()
        fire(self.aws, self.stack, "MaintainStorageDeepSchedule")
        self._lose_job(job_id)

    def _lose_job(self, job_id: str) -> None:
        table = self.stack.physical_ids["JobsTable"]
        user = f"USER#{self.user_id}"
        names = ((user, f"JOB#{job_id}"), (user, f"BODY#{job_id}#request"))
        for pk, sk in (*names, (f"JOB#{job_id}", "OWNER")):
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            self._dynamodb.delete_item(TableName=table, Key=key)

    def _settle(self) -> None:
        """Have everything folded that is pending."""
        deadline = time.monotonic() + _SETTLED_WITHIN_S
        while self._pending():
            if time.monotonic() > deadline:
                raise LocalCloudError("segments were not folded in time; see make logs")
            fire(self.aws, self.stack, "MaintainStorageSchedule")

    def _pending(self) -> int:
        bucket = self.stack.physical_ids["DataBucket"]
        prefix = f"segments/{self.user_id}/"
        listed = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return int(listed["KeyCount"])

    def _note(self, name: str) -> Moment:
        """The tables of now, and everything that can be read: folding changes none of it."""
        moment_s = time.time()
        pending = self._pending()
        tables = tuple(self._copied(table) for table in ("CatalogTable", "JobsTable"))
        time.sleep(_APART_S)
        read = self._read()
        rows = sum(len(found) for found in read["rows"].values())
        self.say(
            f"{name}: {rows} rows, {read['usage']['runs']} runs, {len(read['jobs'])} jobs; "
            f"{pending} segments pending"
        )
        return Moment(datetime.fromtimestamp(moment_s, UTC).isoformat(), tables, read)

    def _copied(self, table: str) -> str:
        name = f"{self.stack.physical_ids[table]}-{self.user_id}-{token_hex(2)}"
        self._dynamodb.restore_table_to_point_in_time(
            SourceTableName=self.stack.physical_ids[table],
            TargetTableName=name,
            UseLatestRestorableTime=True,
        )
        return name

    def _read(self) -> Reading:
        listed = self._need("GET", "/user/data/list?limit=1000")["data"]
        counts = {entry["dataset"]: entry["rows"] for entry in listed}
        return {
            "counts": counts,
            "rows": {name: self._rows(name) for name in counts},
            "usage": self._need("GET", f"/usage/summary?{_WINDOW}"),
            "jobs": self._prompts(),
        }

    def _prompts(self) -> dict[str, Any]:
        """What each job asks."""
        ids = [job["job_id"] for job in self._need("GET", "/api/jobs?limit=100")["data"]]
        return {job_id: self._need("GET", f"/api/jobs/{job_id}")["prompt"] for job_id in ids}

    def _rows(self, dataset: str) -> list[Any]:
        answer = self._call("GET", f"/user/data/get?dataset={dataset}&limit=1000")
        # A dataset that has only an adapter has no rows to get.
        found = [] if answer.status == 404 else list(_good(answer, "rows")["data"])
        return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))

    def _restore(self, moment: Moment, name: str, *, apply: bool) -> None:
        began = time.monotonic()
        past = ("--past-catalog", moment.tables[0], "--past-jobs", moment.tables[1])
        more = (*past, "--apply") if apply else past
        command = Restore(self.stack.physical_ids, 7).command(moment.at, [self.user_id], *more)
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self.aws.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise LocalCloudError(f"the restore failed: {ended.stdout}{ended.stderr}")
        verb = "restored" if apply else "looked at"
        self.say(
            f"{verb} {name} in {time.monotonic() - began:.1f} s: {ended.stdout.splitlines()[0]}"
        )

    def _compare(self, moment: Moment, what: str) -> None:
        read = self._read()
        # Jobs that came later stay: they ran, and cannot be taken back.
        then = moment.read["jobs"]
        read["jobs"] = {job_id: asked for job_id, asked in read["jobs"].items() if job_id in then}
        differing = [name for name, value in moment.read.items() if read[name] != value]
        if differing:
            found = {name: (moment.read[name], read[name]) for name in differing}
            raise LocalCloudError(f"not so: {what}; then and now: {json.dumps(found)[:2_000]}")
        self.say(f"ok: {what}")

    def _leave(self, *moments: Moment) -> None:
        """Remove the copies of tables, and the user by and by; after a failure all stays."""
        for moment in moments:
            for table in moment.tables:
                self._dynamodb.delete_table(TableName=table)
        path = f"{self.base_url}/accounts/users/{self.user_id}"
        _good(call("DELETE", path, {"X-User-Token": self.admin_token}), "erasure")

    @cached_property
    def _dynamodb(self) -> Any:
        return self.aws.client("dynamodb")

    @cached_property
    def _s3(self) -> Any:
        return self.aws.client("s3")

    def _need(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return _good(self._call(method, path, body), f"{method} {path}")

    def _call(self, method: str, path: str, body: Any = None) -> Answer:
        return call(method, self.base_url + path, {"X-User-Token": self.token}, body)


def _good(answer: Answer, what: str) -> dict[str, Any]:
    if answer.status >= 400 or answer.status == 207:
        raise LocalCloudError(f"{what}: {answer.status} {answer.body}")
    return answer.body


def drill(settings: Settings) -> None:
    """Carries the drill out on the running local cloud."""
    announced = read_json(Home(settings.home).announcement)
    if announced is None:
        raise LocalCloudError(f"no local cloud runs in {settings.home}; start one with make run")
    aws = LocalAws(str(announced["aws_endpoint_url"]))
    stack = read_stack(aws, deploy.STACK)
    base_url, admin_token = str(announced["base_url"]), str(announced["admin_token"])
    Drill(base_url, admin_token, aws, stack, print).carry_out()
