"""MLflow against usage: a metric's history of 10⁵ values, and its percentiles as a client must.

Opt-in (`make bench-mlflow`): the server takes long to install and to start.
"""

import subprocess
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import httpx
import numpy as np

from bench.report import ROOT
from bench.section import Section
from tests.kit.local_cloud import free_port

VALUES = 100_000
_A_BATCH = 1_000
_A_PAGE = 25_000
_ROUNDS = 3
_MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
# It keeps both cores busy for a while after it answers (docs: its start-up jobs).
_SETTLE_S = 30
_PATIENCE_S = 180
_TITLE = "MLflow: one metric of 100,000 runs over 30 days"
_NOTE = (
    "MLflow 3.17 with SQLite, one worker, loopback HTTP: 100 calls of log-batch with 1,000 values"
    " (its limit), then all pages of metrics/get-history and NumPy's percentiles in the client,"
    " the median of three. A summary of ours answers eight metrics at once."
)


def run() -> Section:
    """Rows: storing, and asking."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = subprocess.Popen(
            [
                *(str(_MLFLOW), "server", "--host", "127.0.0.1", "--port", str(port)),
                *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
                *("--default-artifact-root", str(Path(folder, "artifacts"))),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                return _measured(client)
        finally:
            server.terminate()
            server.wait(30)


def _measured(client: httpx.Client) -> Section:
    _wait(client)
    time.sleep(_SETTLE_S)
    run_id = _new_run(client)
    started = time.perf_counter()
    _log(client, run_id)
    stored_s = time.perf_counter() - started
    asked = sorted(_ask(client, run_id) for _ in range(_ROUNDS))[_ROUNDS // 2]
    rows: list[dict[str, Any]] = [
        {"what": "log-batch", "values": VALUES, "s": stored_s, "values/s": VALUES / stored_s},
        {"what": "p50, p90, p95, p99", "values": VALUES, "s": asked, "values/s": VALUES / asked},
    ]
    return Section(_TITLE, ("what", "values", "s", "values/s"), rows, _NOTE)


def _wait(client: httpx.Client) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        try:
            if client.get("/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise TimeoutError("MLflow did not answer")


def _new_run(client: httpx.Client) -> str:
    created = client.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "0"})
    return str(created.raise_for_status().json()["run"]["info"]["run_id"])


def _log(client: httpx.Client, run_id: str) -> None:
    """Values over 30 days, as a runner would log them."""
    random, now_ms = Random(0), 1_764_784_800_000
    for first in range(0, VALUES, _A_BATCH):
        metrics = [
            {
                "key": "latency_ms",
                "value": random.lognormvariate(6.8, 0.5),
                "timestamp": now_ms + number * 25_920,
                "step": number,
            }
            for number in range(first, first + _A_BATCH)
        ]
        sent = {"run_id": run_id, "metrics": metrics}
        client.post("/api/2.0/mlflow/runs/log-batch", json=sent).raise_for_status()


def _ask(client: httpx.Client, run_id: str) -> float:
    """Seconds for the percentiles of the whole history."""
    started = time.perf_counter()
    values: list[float] = []
    asked = {"run_id": run_id, "metric_key": "latency_ms", "max_results": str(_A_PAGE)}
    while True:
        answer = client.get("/api/2.0/mlflow/metrics/get-history", params=asked)
        page = answer.raise_for_status().json()
        values += [metric["value"] for metric in page["metrics"]]
        if not page.get("next_page_token"):
            break
        asked["page_token"] = page["next_page_token"]
    if len(values) != VALUES:
        raise RuntimeError(f"MLflow gave {len(values)} values of {VALUES}")
    np.percentile(values, [50, 90, 95, 99])
    return time.perf_counter() - started
