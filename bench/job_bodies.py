"""What the job of `bench.job_life` asks and what its device reports: of the size and shape that a
runner's report has whose model server is Ollama. Nothing repeats itself as no text does, since
bodies are packed.
"""

from typing import Any

PROMPT = (
    "Explain in two sentences what a segment of a log is, and why readers never wait for a writer. "
    "Then name one system that works so, say in which year it was first described, and give the "
    "name of the paper. Use plain words, avoid jargon where you can, and do not repeat the "
    "question. If you are unsure of a fact, say that you are. Close with one line that a beginner "
    "could write on a card: what must be true of a segment once it has been written, so that "
    "copies of it can be trusted without asking the one who wrote it? Answer in English, please."
)
OUTPUT = (
    "A segment is one bounded stretch of a longer log: it is written once, closed, and from then "
    "on only read. As no closed segment changes, readers can open it, cache it or copy it while "
    "new records go to the next one, so they never wait for a writer. Kafka stores its partitions "
    'this way; it was described in 2011 in "Kafka: a Distributed Messaging System for Log '
    'Processing" by Kreps, Narkhede and Rao, if I remember correctly. For the card: "Closed means '
    'final: the same name always gives the same bytes." That is why a checksum is enough.'
)
TELEMETRY = {
    "battery": 80.0, "charging": True, "temperature_c": 51.5, "cpu_pct": 87.5, "memory_pct": 41.0,
    "memory_used_bytes": 3_400_000_000,
}  # fmt: skip
_METRICS = {
    "prompt_tokens": 119, "completion_tokens": 131, "latency_ms": 27_412.377, "ttft_ms": 1_906.51,
    "tok_s": 5.097, "tpot_ms": 196.199, "prefill_tps": 63.104, "load_ms": 2_218.442,
}  # fmt: skip
_ONCE: dict[str, Any] = {"kind": "measured", "definition_version": 1}
_SERVER = {"source": "ollama", "clock": "device", **_ONCE}
_COUNT = {"source": "ollama", "clock": None, **_ONCE}
_STREAM = {"source": "client_stream", "clock": "device", **_ONCE}
_DERIVED = {"source": "runner", "clock": "device", "kind": "derived", "definition_version": 1}
_DECODING = {**_DERIVED, "from": ["completion_tokens", "latency_ms", "ttft_ms"]}
REPORT: dict[str, Any] = {
    "output": OUTPUT,
    "metrics": _METRICS,
    "extra": {},
    "samples": [
        {
            "index": 0, **_METRICS,
            "itl_ms": {"n": 130, "mean": 196.014, "p50": 194.87, "p95": 221.305, "max": 402.118},
            "cached_tokens": 0, "evaluated_tokens": 119, "prefill_ms": 1_885.784,
            "decode_ms": 25_503.86, "finish_reason": "stop",
        }
    ],
    "provenance": {
        "prompt_tokens": _COUNT, "completion_tokens": _COUNT, "latency_ms": _STREAM,
        "ttft_ms": _STREAM, "tok_s": _DECODING, "tpot_ms": _DECODING,
        "prefill_tps": {
            **_SERVER, "kind": "derived", "from": ["evaluated_tokens", "prefill_ms"],
        },
        "load_ms": {
            **_SERVER,
            "when": "by the attempt's first request, warm-ups included; a part of its latency_ms",
        },
        "itl_ms": _STREAM, "cached_tokens": _COUNT,
    },
    "flags": ["cold"],
    "telemetry": {
        "before": {**TELEMETRY, "temperature_c": 38.2},
        "after": {**TELEMETRY, "battery": 79.0, "temperature_c": 55.1},
    },
    "conditions": {
        "backend": "ollama", "runtime": "ollama", "runtime_version": "0.12.6", "quant": "Q4_K_M",
        "cached_tokens": 0, "warm": False, "os": "linux", "os_version": "6.12.47-rpi-v8",
    },
    "log": "2026-11-28T23:14:05.118+00:00 runner: run done prompt_tokens=119 cached_tokens=0 "
    "completion_tokens=131 ttft_ms=1906.51 latency_ms=27412.377 finish_reason=stop",
}  # fmt: skip
# For what no item has room for, each text and its length over again.
LARGE = " ".join(f"{number}: {PROMPT[number:]}{OUTPUT[number:]}" for number in range(40))
