"""The bodies of the published quick start, to the letter."""

ADAPTER = {
    "dataset": "my_server_metrics",
    "enabled": True,
    "x_field": "ts",
    "device_field": "device",
    "model_field": "model",
    "prompt_tokens_field": "prompt_tokens",
    "completion_tokens_field": "completion_tokens",
    "latency_ms_field": "latency_ms",
    "ttft_ms_field": "ttft_ms",
    "extra_fields": [
        {"label": "GPU power (W)", "field": "gpu_power_w", "kind": "number"},
        {"label": "CPU usage (%)", "field": "cpu_usage_pct", "kind": "number"},
    ],
}
ROWS = {
    "dataset": "my_server_metrics",
    "rows": [
        {
            "ts": "2025-12-03T18:00:00Z",
            "device": "server-1",
            "model": "llama3-8b",
            "prompt_tokens": 50,
            "completion_tokens": 120,
            "latency_ms": 900,
            "ttft_ms": 220,
            "gpu_power_w": 45.5,
            "cpu_usage_pct": 60.3,
        },
        {
            "ts": "2025-12-03T18:05:00Z",
            "device": "server-1",
            "model": "llama3-8b",
            "prompt_tokens": 70,
            "completion_tokens": 150,
            "latency_ms": 950,
            "ttft_ms": 240,
            "gpu_power_w": 48.2,
            "cpu_usage_pct": 63.1,
        },
    ],
}
SPAN = {"from": "2025-12-03T18:00:00.000Z", "to": "2025-12-03T18:05:00.000Z"}
