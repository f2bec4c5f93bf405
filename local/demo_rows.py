"""Rows of the demo's datasets: two servers over three days, and two phones that get hot.

Pure and repeatable: the same moment always gives the same row.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from local.demo_runs import DAY_S

SERVERS = "my_server_metrics"
SOAK = "thermal_soak"
ADAPTERS: dict[str, dict[str, Any]] = {
    SERVERS: {
        "dataset": SERVERS,
        "enabled": True,
        "ok_field": "outcome",
        "ok_values": ["done", "stopped by length"],
        "extra_fields": [
            {"label": "GPU power (W)", "field": "gpu_power_w", "unit": "W", "better": "lower"},
            {"label": "CPU usage (%)", "field": "cpu_usage_pct", "unit": "%", "better": "lower"},
        ],
    },
    SOAK: {
        "dataset": SOAK,
        "enabled": True,
        "tok_s_field": "decode.tok_s",
        "latency_ms_field": "decode.latency_s",
        "units": {"latency_ms": "s"},
        "extra_fields": [
            {"label": "SoC temperature (°C)", "field": "soc_c", "unit": "°C", "better": "lower"},
            {"label": "Battery (%)", "field": "battery_pct", "unit": "%"},
        ],
    },
}

_SERVER_STEP_S = 600
_SOAK_STEP_S, _SOAK_S = 15, 2_700
# Name, model, latency and TTFT in ms, power in W: each as it is on a quiet machine.
_SERVERS = (
    ("server-1", "llama3-8b", 1_350, 190, 205),
    ("server-2", "llama3-8b", 1_720, 240, 148),
    ("server-2", "phi-4-mini-q4", 860, 95, 131),
)
# Name, tokens a second while cool, where throttling begins, how hot it gets, seconds to get there,
# percent of the battery that it takes.
_PHONES = (("galaxy-s25", 38.0, 41.0, 45.5, 640, 17), ("pixel-9-pro", 24.0, 39.0, 44.0, 420, 26))


def server_rows(now_s: int) -> Iterator[dict[str, Any]]:
    """Three days of two servers that are busier in the day, and fail now and then."""
    first = (now_s - 3 * DAY_S) // _SERVER_STEP_S
    for slot in range(first, now_s // _SERVER_STEP_S):
        for server, model, latency_ms, ttft_ms, watts in _SERVERS:
            chance = random.Random(f"{server} {model} {slot}")  # noqa: S311  Believable, not secret.
            ts = slot * _SERVER_STEP_S + chance.random() * _SERVER_STEP_S
            if ts < now_s:
                load = _load(ts) * chance.lognormvariate(0, 0.06)
                yield _server_row(chance, ts, server, model) | {
                    "latency_ms": round(latency_ms * (0.86 + 0.3 * load), 1),
                    "ttft_ms": round(ttft_ms * (0.8 + 0.6 * load) * chance.lognormvariate(0, 0.12)),
                    "gpu_power_w": round(watts * (0.9 + 0.16 * load), 1),
                    "cpu_usage_pct": round(22 + 46 * load, 1),
                }


def _server_row(chance: random.Random, ts: float, server: str, model: str) -> dict[str, Any]:
    outcomes = ("done", "stopped by length", "out of memory")
    return {
        "ts": _iso(ts),
        "device": server,
        "model": model,
        "prompt_tokens": chance.choice((48, 96, 96, 210, 512)),
        "completion_tokens": chance.choice((96, 120, 120, 160)),
        "outcome": chance.choices(outcomes, (93, 6, 1))[0],
    }


def _load(ts: float) -> float:
    """From 0 at night to 1 in the afternoon (UTC)."""
    return 0.5 + 0.5 * math.sin((ts % DAY_S / DAY_S - 0.35) * 2 * math.pi)


def soak_rows(now_s: int) -> Iterator[dict[str, Any]]:
    """45 minutes of decoding without a pause, this morning: phones heat up, then slow down."""
    began = now_s - 3 * 3_600 - _SOAK_S
    for elapsed in range(0, _SOAK_S, _SOAK_STEP_S):
        for phone, speed, limit_c, hottest_c, warming_s, drain_pct in _PHONES:
            chance = random.Random(f"{phone} {elapsed}")  # noqa: S311
            heat = hottest_c - (hottest_c - 29) * math.exp(-elapsed / warming_s)
            heat += chance.gauss(0, 0.25)
            slowed = 1 - 0.085 * max(0.0, heat - limit_c)
            tok_s = speed * slowed * chance.lognormvariate(0, 0.025)
            yield {
                "ts": _iso(began + elapsed + chance.random()),
                "device": phone,
                "model": "llama-3.2-1b-q4",
                "completion_tokens": 128,
                "ttft_ms": round(310 / slowed * chance.lognormvariate(0, 0.05), 1),
                "decode": {"tok_s": round(tok_s, 2), "latency_s": round(0.31 + 127 / tok_s, 3)},
                "soc_c": round(heat, 1),
                "battery_pct": round(97 - elapsed / _SOAK_S * drain_pct, 1),
            }


def _iso(ts: float) -> str:
    return datetime.fromtimestamp(round(ts, 3), UTC).isoformat().replace("+00:00", "Z")
