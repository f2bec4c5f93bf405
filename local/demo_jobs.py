"""The demo's jobs: what was asked, what came of it, and how each number came about.

A result is as the device runner sends it: repetitions, the device before and after, provenance,
a log. Its times are short, since the demo waits as long as they say.
"""

from dataclasses import dataclass
from statistics import mean
from typing import Any

from local.demo_runs import DemoDevice


@dataclass(frozen=True)
class DemoJob:
    """One job: where it runs, what it asks, and its output, or the failure that ends it."""

    serial: str
    prompt: str
    output: str | None = None
    failure: str | None = None


JOBS = (
    DemoJob(
        "galaxy-s25",
        "Summarise the release notes in one sentence.",
        "Build 43 keeps the model in memory between questions, so the first token comes sooner.",
    ),
    DemoJob(
        "galaxy-s25",
        "Translate “The soup of the day is pumpkin” into Japanese.",
        "本日のスープはかぼちゃです。",
    ),
    DemoJob(
        "pixel-9-pro",
        "Write a haiku about batteries.",
        "One percent remains,\nthe glowing screen holds its breath –\na charger sighs near.",
    ),
    DemoJob(
        "server-1",
        "Name three uses of a paper clip.",
        "1. Hold papers.\n2. Open a SIM tray.\n3. Reset a router.",
    ),
    DemoJob("pixel-9-pro", "Explain this phone's throttling.", failure="device_out_of_memory"),
    DemoJob("pixel-9-pro", "List ten uses of a paper clip.", failure="device_out_of_memory"),
    DemoJob("jetson-orin", "Describe the picture in detail.", failure="model_not_found"),
)
MESSAGES = {
    "device_out_of_memory": "the model did not fit: 1.2 GB needed, 640 MB free",
    "model_not_found": "no file of the model is on this device",
}
REPEAT = 3
_DECODING = ["completion_tokens", "latency_ms", "ttft_ms"]


def condition(device: DemoDevice, heat: float = 0.0) -> dict[str, Any]:
    """What a device says of itself; `heat` from 0, idle, to 1, as hot as it gets."""
    if device.kind != "phone":
        return {
            "cpu_pct": round(9 + 62 * heat, 1),
            "memory_pct": 41.0,
            "temperature_c": round(41 + 19 * heat, 1),
        }
    battery = 81 if device.serial == "galaxy-s25" else 34
    return {
        "battery": battery,
        "charging": battery < 50,
        "temperature_c": round(30.5 + 11.5 * heat, 1),
        "thermal_state": "nominal" if heat < 0.7 else "fair",
        "cpu_pct": round(8 + 71 * heat, 1),
        "memory_pct": round(58 + 9 * heat, 1),
    }


def result_of(device: DemoDevice, model: str, job: DemoJob) -> dict[str, Any]:
    """The result of a job that went well."""
    speed = device.speeds[model]
    samples = [_sample(number, speed, job.output or "") for number in range(REPEAT)]
    means = {name: _mean(samples, name) for name in ("ttft_ms", "latency_ms", "tok_s")}
    before, after = condition(device, 0.15), condition(device, 0.55)
    return {
        "output": job.output,
        "metrics": {
            "prompt_tokens": samples[0]["prompt_tokens"],
            "completion_tokens": samples[0]["completion_tokens"],
            **means,
            "tpot_ms": round(1_000 / means["tok_s"], 2),
            "prefill_tps": round(24 / means["ttft_ms"] * 1_000, 1),
            "load_ms": 1_840.0,
        },
        "samples": samples,
        "telemetry": {"before": before, "after": after},
        "provenance": _provenance(),
        "log": _log(device, model, samples),
    }


def seconds_of(result: dict[str, Any]) -> float:
    """How long the repetitions took."""
    return float(sum(sample["latency_ms"] for sample in result["samples"])) / 1_000


def _sample(number: int, speed: float, output: str) -> dict[str, Any]:
    tokens = max(8, min(24, len(output) // 4))
    # The device gets warmer, and the first repetition finds nothing in its caches.
    tok_s = speed * (1.02 - 0.025 * number)
    ttft_ms = 210.0 - 65 * min(number, 1) + 4 * number
    return {
        "index": number,
        "prompt_tokens": 24,
        "completion_tokens": tokens,
        "ttft_ms": ttft_ms,
        "latency_ms": round(ttft_ms + (tokens - 1) / tok_s * 1_000, 1),
        "tok_s": round(tok_s, 2),
        "cached_tokens": 0 if number == 0 else 23,
        "finish_reason": "stop",
    }


def _mean(samples: list[dict[str, Any]], name: str) -> float:
    return round(mean(float(sample[name]) for sample in samples), 2)


def _provenance() -> dict[str, Any]:
    """As the runner says it: docs/runners.md."""
    counted = _said("llama.cpp", None)
    stream = _said("client_stream", "device")
    speed = {**_said("runner", "device", "derived"), "from": _DECODING}
    return {
        "prompt_tokens": counted,
        "completion_tokens": counted,
        "latency_ms": stream,
        "ttft_ms": stream,
        "tok_s": speed,
        "tpot_ms": speed,
        "prefill_tps": {
            **_said("llama.cpp", "device", "derived"),
            "from": ["evaluated_tokens", "prefill_ms"],
        },
        "load_ms": {**_said("runner", "device"), "when": "when the runner started"},
    }


def _said(source: str, clock: str | None, kind: str = "measured") -> dict[str, Any]:
    return {"source": source, "clock": clock, "kind": kind, "definition_version": 1}


def _log(device: DemoDevice, model: str, samples: list[dict[str, Any]]) -> str:
    lines = [f"{device.name}: {model} is loaded"]
    lines += [
        f"repetition {sample['index'] + 1} of {REPEAT}: {sample['completion_tokens']} tokens, "
        f"first after {sample['ttft_ms']:.0f} ms, {sample['tok_s']:.1f} tok/s"
        for sample in samples
    ]
    return "\n".join(lines)
