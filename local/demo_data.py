"""`make demo-data`: fills the demo user with a month of runs, a dataset, devices and jobs.

Through the HTTP API, as anybody could. Done again, it adds only what is not there yet.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.demo_runs import DAY_S, DEVICES, DemoDevice, month_of_runs
from local.errors import LocalCloudError
from local.home import Home, read_json
from local.http_json import Answer, call
from local.settings import Settings

DATASET = "my_server_metrics"
_ROWS_A_CALL = 10_000
_ADAPTER = {
    "dataset": DATASET,
    "enabled": True,
    "extra_fields": [
        {"label": "GPU power (W)", "field": "gpu_power_w", "unit": "W", "better": "lower"},
        {"label": "CPU usage (%)", "field": "cpu_usage_pct", "unit": "%", "better": "lower"},
    ],
}
# What became of the demo's jobs: the code of a failure, or None for a success.
_JOBS: tuple[tuple[str, str, str | None], ...] = (
    ("galaxy-s25", "Summarise the release notes in three sentences.", None),
    ("galaxy-s25", "Translate the menu into Japanese.", None),
    ("pixel-9-pro", "Write a haiku about batteries.", None),
    ("pixel-9-pro", "Explain the thermal throttling of this phone.", "device_out_of_memory"),
    ("pixel-9-pro", "List ten uses of a paper clip.", "device_out_of_memory"),
    ("jetson-orin", "Describe the picture in detail.", "model_not_found"),
)


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
        self.dataset(now_s)
        tokens = {device.serial: self.device(device) for device in DEVICES}
        self.jobs(tokens)

    def runs(self, now_s: int) -> None:
        """A month of runs, each by its own id."""
        rows = list(month_of_runs(now_s))
        imported = 0
        for first in range(0, len(rows), _ROWS_A_CALL):
            answer = self._user("POST", "/usage/import", rows[first : first + _ROWS_A_CALL])
            imported += _good(answer, "runs")["imported"]
        self.say(f"runs: {imported:,} new of {len(rows):,}")

    def dataset(self, now_s: int) -> None:
        """Three days of rows with two labelled extras, unless the dataset is there."""
        there = _good(self._user("GET", "/user/data/list?limit=1000"), "list of datasets")["data"]
        if any(entry["dataset"] == DATASET and entry["rows"] > 100 for entry in there):
            return self.say(f"dataset {DATASET}: there already")
        _good(self._user("POST", "/user/data/save_adapter", _ADAPTER), "adapter")
        rows = [_row(now_s - 3 * DAY_S + number * 300) for number in range(3 * DAY_S // 300)]
        body = {"dataset": DATASET, "rows": rows}
        _good(self._user("POST", "/user/data/append_jsonl", body), "rows")
        return self.say(f"dataset {DATASET}: {len(rows)} rows")

    def device(self, device: DemoDevice) -> str:
        """Registers a device, which reports once; its token."""
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
        told = {"ready": True, "models": list(device.speeds), **_condition(device)}
        _good(self._device(device.serial, token, "status", told), "status")
        self.say(f"device {device.serial}: registered")
        return token

    def jobs(self, tokens: dict[str, str]) -> None:
        """Jobs that succeeded and jobs that are dead, as their devices reported them; once."""
        if _good(self._user("GET", "/api/jobs?tag=demo&limit=1"), "jobs")["data"]:
            return self.say("jobs: there already")
        for serial, prompt, failure in _JOBS:
            self._job(serial, tokens[serial], prompt, failure)
        return self.say(f"jobs: {len(_JOBS)}")

    def _job(self, serial: str, token: str, prompt: str, failure: str | None) -> None:
        device = next(each for each in DEVICES if each.serial == serial)
        model = next(iter(device.speeds))
        body = {"prompt": prompt, "model": model, "device_serial": serial, "tag": "demo"}
        job_id = _good(self._user("POST", "/api/jobs", body), "job")["job_id"]
        attempt = _good(self._device(serial, token, f"jobs/{job_id}/claim", {}), "claim")["attempt"]
        if failure:
            told = {"code": failure, "message": _MESSAGES[failure], "retryable": False}
            answer = self._device(
                serial, token, f"jobs/{job_id}/fail", {"attempt": attempt, **told}
            )
        else:
            result = {"attempt": attempt, **_result(device, model)}
            answer = self._device(serial, token, f"jobs/{job_id}/complete", result)
        _good(answer, "end of a job")

    def _user(self, method: str, path: str, body: Any = None) -> Answer:
        return self._call(method, path, {"X-User-Token": self.user_token}, body)

    def _device(self, serial: str, token: str, path: str, body: Any) -> Answer:
        return self._call("POST", f"/devices/{serial}/{path}", {"X-Device-Token": token}, body)

    def _call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
        return call(method, self.base_url + path, headers, body)


_MESSAGES = {
    "device_out_of_memory": "the model did not fit: 1.2 GB needed, 640 MB free",
    "model_not_found": "no file of the model is on this device",
}


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


def _row(ts: int) -> dict[str, Any]:
    """One row of the server's own measurements: a slow wave with the hours."""
    wave = math.sin(ts / DAY_S * 2 * math.pi)
    noise = (ts * 2_654_435_761 % 1_000) / 1_000
    return {
        "ts": datetime.fromtimestamp(ts, UTC).isoformat().replace("+00:00", "Z"),
        "device": "server-1",
        "model": "llama3-8b",
        "prompt_tokens": 40 + int(noise * 60),
        "completion_tokens": 120,
        "latency_ms": round(1_350 + 180 * wave + 220 * noise, 1),
        "ttft_ms": round(190 + 40 * wave + 60 * noise, 1),
        "gpu_power_w": round(205 + 25 * wave + 12 * noise, 1),
        "cpu_usage_pct": round(46 + 14 * wave + 9 * noise, 1),
    }


def _condition(device: DemoDevice) -> dict[str, Any]:
    if device.kind != "phone":
        return {"cpu_pct": 24.0, "memory_pct": 41.0, "temperature_c": 47.5}
    battery = 81 if device.serial == "galaxy-s25" else 34
    return {
        "battery": battery,
        "charging": battery < 50,
        "temperature_c": 33.5,
        "thermal_state": "nominal",
        "cpu_pct": 12.0,
        "memory_pct": 63.0,
    }


def _result(device: DemoDevice, model: str) -> dict[str, Any]:
    speed = device.speeds[model]
    ttft_ms, completion = 410.0, 96
    latency_ms = ttft_ms + (completion - 1) / speed * 1_000
    metrics = {
        "prompt_tokens": 24,
        "completion_tokens": completion,
        "latency_ms": round(latency_ms, 1),
        "ttft_ms": ttft_ms,
        "tok_s": speed,
    }
    return {"output": "A short answer, as the demo device gave it.", "metrics": metrics}
