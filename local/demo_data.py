"""`make demo-data`: fills the demo user with a month of runs, datasets, devices and jobs.

Through the HTTP API, as anybody could. Done again, it adds only what is not there yet.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.demo_jobs import JOBS, MESSAGES, REPEAT, DemoJob, condition, result_of, seconds_of
from local.demo_rows import ADAPTERS, SERVERS, SOAK, server_rows, soak_rows
from local.demo_runs import DEVICES, DemoDevice, month_of_runs
from local.errors import LocalCloudError
from local.home import Home, read_json
from local.http_json import Answer, call
from local.settings import Settings

_ROWS_A_CALL = 10_000
# How often each device reports: a curve needs more than a point.
_REPORTS = 24


@dataclass(frozen=True)
class DemoFill:
    """One filling of a running local cloud."""

    base_url: str
    user_token: str
    admin_token: str
    say: Callable[[str], None]

    def everything(self, now_s: int) -> None:
        """Raises LocalCloudError when the API refuses something."""
        self.runs(now_s)
        self.dataset(SERVERS, list(server_rows(now_s)))
        self.dataset(SOAK, list(soak_rows(now_s)))
        tokens = {device.serial: self.device(device) for device in DEVICES}
        self.jobs(tokens)
        for device in DEVICES:
            # That took a while: a device that is silent for a minute counts as offline.
            self._report(device, tokens[device.serial], 0.4)

    def runs(self, now_s: int) -> None:
        """A month of runs, each by its own id."""
        rows = list(month_of_runs(now_s))
        imported = 0
        for first in range(0, len(rows), _ROWS_A_CALL):
            answer = self._user("POST", "/usage/import", rows[first : first + _ROWS_A_CALL])
            imported += _good(answer, "runs")["imported"]
        self.say(f"runs: {imported:,} new of {len(rows):,}")

    def dataset(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Rows with labelled extras, unless the dataset is there."""
        there = _good(self._user("GET", "/user/data/list?limit=1000"), "list of datasets")["data"]
        if any(entry["dataset"] == name and entry["rows"] > 100 for entry in there):
            return self.say(f"dataset {name}: there already")
        _good(self._user("POST", "/user/data/save_adapter", ADAPTERS[name]), "adapter")
        body = {"dataset": name, "rows": rows}
        _good(self._user("POST", "/user/data/append_jsonl", body), "rows")
        return self.say(f"dataset {name}: {len(rows)} rows")

    def device(self, device: DemoDevice) -> str:
        """Registers a device, which reports while it gets warm; its token."""
        wanted = {
            "serial": device.serial,
            "name": device.name,
            "kind": device.kind,
            "models": list(device.speeds),
        }
        registered = self._call(
            "POST", "/devices/register", {"X-User-Token": self.admin_token}, wanted
        )
        token = str(_good(registered, "device")["device_token"])
        for number in range(_REPORTS):
            self._report(device, token, 1 - 0.86**number)
        self.say(f"device {device.serial}: registered")
        return token

    def _report(self, device: DemoDevice, token: str, heat: float) -> None:
        told = {"ready": True, "models": list(device.speeds), **condition(device, heat)}
        _good(self._device(device.serial, token, "status", told), "status")

    def jobs(self, tokens: dict[str, str]) -> None:
        """Jobs that succeeded and jobs that are dead, as their devices reported them; once."""
        if _good(self._user("GET", "/api/jobs?tag=demo&limit=1"), "jobs")["data"]:
            return self.say("jobs: there already")
        for job in JOBS:
            self._job(job, tokens[job.serial])
        return self.say(f"jobs: {len(JOBS)}")

    def _job(self, job: DemoJob, token: str) -> None:
        device = next(each for each in DEVICES if each.serial == job.serial)
        model = next(iter(device.speeds))
        body: dict[str, Any] = {"prompt": job.prompt, "model": model, "tag": "demo"}
        body |= {
            "device_serial": job.serial,
            "repeat": REPEAT,
            "options": {"num_predict": 64, "temperature": 0},
        }
        job_id = _good(self._user("POST", "/api/jobs", body), "job")["job_id"]
        claimed = self._device(job.serial, token, f"jobs/{job_id}/claim", {})
        attempt = _good(claimed, "claim")["attempt"]
        if job.failure:
            told = {"code": job.failure, "message": MESSAGES[job.failure], "retryable": False}
            self._end(job, token, job_id, "fail", {"attempt": attempt, **told})
            return
        result = result_of(device, model, job)
        # What the device measured has to fit into the time that passes here.
        time.sleep(seconds_of(result) + 0.1)
        self._end(job, token, job_id, "complete", {"attempt": attempt, **result})

    def _end(self, job: DemoJob, token: str, job_id: str, how: str, body: dict[str, Any]) -> None:
        _good(self._device(job.serial, token, f"jobs/{job_id}/{how}", body), "end of a job")

    def _user(self, method: str, path: str, body: Any = None) -> Answer:
        return self._call(method, path, {"X-User-Token": self.user_token}, body)

    def _device(self, serial: str, token: str, path: str, body: Any) -> Answer:
        return self._call("POST", f"/devices/{serial}/{path}", {"X-Device-Token": token}, body)

    def _call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
        return call(method, self.base_url + path, headers, body)


def fill(settings: Settings) -> None:
    """Fills the demo user of the running local cloud."""
    announced = read_json(Home(settings.home).announcement)
    if announced is None:
        raise LocalCloudError(f"no local cloud runs in {settings.home}; start one with make run")
    tokens = (str(announced["user_token"]), str(announced["admin_token"]))
    DemoFill(str(announced["base_url"]), *tokens, print).everything(int(time.time()))


def _good(answer: Answer, what: str) -> dict[str, Any]:
    if answer.status >= 300:
        why = answer.body.get("detail") or answer.body.get("message") or answer.body
        raise LocalCloudError(f"the demo's {what} could not be made: {answer.status} {why}")
    return answer.body
