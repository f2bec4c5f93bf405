"""A month of believable runs: phones that get hot, a board, a server, a build that made one slower.

Pure and repeatable: the same slot of time always gives the same run, with the same id, so that
filling in again adds only what has happened since.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DAY_S = 86_400
_SLOT_S = 300
_HOUR_S = 3_600


@dataclass(frozen=True)
class DemoDevice:
    """One device with the models it serves and how fast it is, in tokens a second."""

    serial: str
    name: str
    kind: str
    speeds: dict[str, float]
    busy: float
    throttles: bool = False
    watts: float | None = None


DEVICES = (
    DemoDevice(
        "pixel-9-pro", "Pixel 9 Pro", "phone",
        {"llama-3.2-1b-q4": 24.0, "gemma-3-1b-q4": 19.5}, 0.55, throttles=True,
    ),
    DemoDevice(
        "galaxy-s25", "Galaxy S25", "phone",
        {"llama-3.2-1b-q4": 38.0, "gemma-3-1b-q4": 31.0, "phi-4-mini-q4": 14.0},
        0.6, throttles=True,
    ),
    DemoDevice(
        "jetson-orin", "Jetson Orin Nano", "board", {"llama-3.2-1b-q4": 33.0}, 0.35, watts=11.0
    ),
    DemoDevice(
        "server-1", "Server 1", "server",
        {"llama3-8b": 92.0, "phi-4-mini-q4": 148.0}, 0.9, watts=210.0,
    ),
)  # fmt: skip


def month_of_runs(now_s: int) -> Iterator[dict[str, Any]]:
    """The runs of the 30 days before an instant, oldest first, as an import takes them."""
    first = (now_s - 30 * DAY_S) // _SLOT_S
    for slot in range(first, now_s // _SLOT_S):
        for device in DEVICES:
            yield from _slot(device, slot, now_s)


def _slot(device: DemoDevice, slot: int, now_s: int) -> Iterator[dict[str, Any]]:
    # One generator per device and slot: what came before does not matter.
    chance = random.Random(f"{device.serial} {slot}")  # noqa: S311  Believable, not secret.
    ts = slot * _SLOT_S + chance.random() * _SLOT_S
    if ts < now_s and not _is_down(device, ts, now_s) and chance.random() < _busy(device, ts):
        yield _run(device, slot, ts, now_s, chance)


def _busy(device: DemoDevice, ts: float) -> float:
    """Working hours (UTC) are busier than nights, weekdays busier than weekends."""
    hour, weekday = ts % DAY_S / _HOUR_S, (int(ts) // DAY_S + 3) % 7
    by_hour = 0.35 + 0.65 * math.exp(-(((hour - 14) / 5) ** 2))
    return device.busy * by_hour * (0.45 if weekday >= 5 else 1.0)


def _is_down(device: DemoDevice, ts: float, now_s: int) -> bool:
    """The board was off for a day and a half, two weeks ago."""
    return device.serial == "jetson-orin" and 13.2 < (now_s - ts) / DAY_S < 14.7


def _run(
    device: DemoDevice, slot: int, ts: float, now_s: int, chance: random.Random
) -> dict[str, Any]:
    model = chance.choice(list(device.speeds))
    build = _build(ts, now_s)
    heat = _heat(device, ts, chance)
    speed = device.speeds[model] * chance.lognormvariate(0, 0.07) * _slowed(device, build, heat)
    prompt, wanted = chance.choice((64, 128, 256, 512)), chance.choice((64, 128, 128, 256))
    ttft_ms = 40 + prompt / (speed * 11) * 1_000 * chance.lognormvariate(0, 0.18)
    failed = chance.random() < (0.06 if build == "build-42" and device.throttles else 0.012)
    completion = chance.randrange(1, wanted) if failed else wanted
    latency_ms = ttft_ms + (completion - 1) / speed * 1_000
    return {
        "run_id": f"demo-{device.serial}-{slot}",
        "ts": round(ts, 3),
        "device": device.serial,
        "model": model,
        "tag": build,
        "source_kind": "server" if device.kind == "server" else "device",
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "latency_ms": round(latency_ms, 1),
        "ttft_ms": round(ttft_ms, 1),
        "ok": not failed,
        "extra": _extras(device, heat, speed, chance),
        "conditions": {
            "build": build,
            "quant": "Q4_K_M",
            "charging": device.kind == "server",
            "start_temperature_c": round(heat),
        },
    }


def _build(ts: float, now_s: int) -> str:
    """The build under test: a new one came nine days ago, the fix two days ago."""
    age = (now_s - ts) / DAY_S
    return "build-41" if age > 9 else "build-42" if age > 2 else "build-43"


def _heat(device: DemoDevice, ts: float, chance: random.Random) -> float:
    """Degrees Celsius; phones are warm in the afternoon."""
    afternoon = math.exp(-(((ts % DAY_S / _HOUR_S - 15) / 4) ** 2))
    return 31 + (11 if device.throttles else 6) * afternoon + chance.gauss(0, 1.2)


def _slowed(device: DemoDevice, build: str, heat: float) -> float:
    slower = 0.86 if build == "build-42" and device.kind == "phone" else 1.0
    return slower * (1 - max(0.0, heat - 39) * 0.06 if device.throttles else 1.0)


def _extras(
    device: DemoDevice, heat: float, speed: float, chance: random.Random
) -> dict[str, float]:
    extras = {"SoC temperature (°C)": round(heat, 1)}
    if device.watts:
        extras["GPU power (W)"] = round(device.watts * chance.uniform(0.82, 1.08), 1)
    else:
        extras["Battery drain (%/h)"] = round(6 + speed * 0.22 + chance.gauss(0, 0.5), 2)
    return extras
