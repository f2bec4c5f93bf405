"""What `bench.gate` and its peer ask of the runs of `bench.usage`."""

HALVES = (("2025-11-01", "2025-11-16"), ("2025-11-16", "2025-12-01"))
MODELS = ("model-0", "model-1")
METRICS = ("latency_ms", "ttft_ms", "tok_s", "error_rate")
