"""The cold start of the datasets function under AWS's runtime client, against a no-op.

From starting the process to the answer of its first event, an append of one row; the
Runtime API, DynamoDB and S3 are answered by this process. Byte code is there already,
as in a built layer.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from bench.load import ENVIRONMENT, adapter_items, append_event, body
from bench.runtime_api import RuntimeApi
from bench.section import Section

ROUNDS = 9
WARM = 50
SUBJECTS = {
    "no-op": "bench.noop.lambda_handler",
    "datasets": "functions.datasets.handler.lambda_handler",
}
_ROOT = Path(__file__).resolve().parents[1]


def run() -> Section:
    """Both functions by turns; medians."""
    with tempfile.TemporaryDirectory(prefix="bytecode-") as bytecode:
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in SUBJECTS}
        for round_number in range(ROUNDS + 1):
            for name, handler in SUBJECTS.items():
                start = _start(handler, bytecode)
                if round_number:
                    taken[name].append(start)
        shares = _imports(SUBJECTS["datasets"], bytecode)
    rows = [_row(name, starts) for name, starts in taken.items()]
    for row in rows:
        row["ratio"] = float(row["cold ms"]) / float(rows[0]["cold ms"])
    listed = ", ".join(f"{package} {ms:.0f}" for package, ms in shares.most_common(12))
    return Section(
        "Cold start under awslambdaric: from process start to the first answer",
        ("function", "cold ms", "ratio", "warm ms"),
        rows,
        f"Warm: later appends of one row, with their calls over loopback HTTP. "
        f"Where importing goes, in ms with the profiler on: {listed}.",
        {"imports_ms": dict(shares)},
    )


def _row(name: str, starts: list[tuple[float, float]]) -> dict[str, str | int | float | None]:
    cold, warm = zip(*starts, strict=True)
    return {
        "function": name,
        "cold ms": statistics.median(cold) * 1_000,
        "warm ms": statistics.median(warm) * 1_000,
    }


def _start(handler: str, bytecode: str) -> tuple[float, float]:
    """Seconds from start to first answer, and between later answers."""
    api = RuntimeApi(append_event(body(1)), adapter_items(), WARM + 1)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", handler],
        cwd=_ROOT,
        env=_environment(api, bytecode),
        stdout=subprocess.DEVNULL,
    )
    try:
        if not api.finished.wait(60) or b'"statusCode": 200' not in api.answers[0]:
            raise RuntimeError(f"{handler} did not answer: {api.answers[:1]}")
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()
    times = api.answered_s
    later = [after - before for before, after in pairwise(times)]
    return times[0] - started, statistics.median(later)


def _environment(api: RuntimeApi | None, bytecode: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        **ENVIRONMENT,
        "AWS_LAMBDA_RUNTIME_API": api.address if api else "",
        "AWS_ENDPOINT_URL": f"http://{api.address}" if api else "",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(_ROOT),
        "PYTHONPYCACHEPREFIX": bytecode,
    }


def _imports(handler: str, bytecode: str) -> Counter[str]:
    """Milliseconds of importing by package, each module counted by itself."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {handler.rpartition('.')[0]}"],
        cwd=_ROOT,
        env=_environment(None, bytecode),
        capture_output=True,
        text=True,
        check=True,
    )
    shares: Counter[str] = Counter()
    for line in done.stderr.splitlines()[1:]:
        own, _, module = line.removeprefix("import time:").split("|")
        package = module.strip().partition(".")[0]
        known = package if package not in sys.stdlib_module_names else "standard library"
        shares[known] += int(own) / 1_000
    return shares
