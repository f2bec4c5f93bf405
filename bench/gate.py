"""The gate over 80 series of a million runs, and the changes of 90 days, stored by `bench.usage`.

With EVALYARD_BENCH_PANDAS, a Python that has pandas, pyarrow and SciPy, the same is done there as
one would with the export: read the file, group, test; the p of all series must be equal.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.section import Cell, Section
from bench.usage import CALLER, aws_served, store, timed, user_of
from tests.kit.gateway import LambdaContext, http_event
from tools.template import ROOT, Template

_COUNT = 1_000_000
_TITLE = "The gate and changes over a million runs, one processor, warm"
_COLUMNS = ("question", "series", "s", "pandas s")
_NOTE = (
    "Gate: 20 groups (ten devices, two models) by four metrics, the first against the second half "
    "of 30 days, both read from rows. Changes: latency by device and model, 50 series, a window of "
    "90 days. pandas: reading the export (Parquet), grouping, SciPy's Welch test and "
    "Benjamini–Hochberg, with equal p, on all processors and a local file, without HTTP, catalog "
    "and conditions; empty where no such Python was named."
)
_HALVES = [("2025-11-01", "2025-11-16"), ("2025-11-16", "2025-12-01")]
_MODELS = {"model": ["model-0", "model-1"]}
_SIDES = [{"filters": _MODELS, "window": {"from": a, "to": b}} for a, b in _HALVES]
_METRICS = ("latency_ms", "ttft_ms", "tok_s", "error_rate")
_QUESTION = {
    "reference": _SIDES[0],
    "candidate": _SIDES[1],
    "rules": [{"metric": metric, "max_regression_pct": 5} for metric in _METRICS],
}
_CHANGES = "/usage/changes?from=2025-09-02&to=2025-12-01&metric=latency_ms&group_by=device,model"


def run() -> Section:
    """The times of both questions."""
    with aws_served() as template, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store(template, Path(folder), _COUNT)
        gate = _in_process("gate", template)
        changes = _in_process("changes", template)
        pandas = _pandas(Path(folder), gate["p"])
        rows: list[dict[str, Cell]] = [
            {"question": "gate", "series": gate["series"], "s": gate["s"], "pandas s": pandas},
            {"question": "changes", "series": 50, "s": changes["s"], "pandas s": None},
        ]
        return Section(_TITLE, _COLUMNS, rows, _NOTE)


def _in_process(question: str, template: Template) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "bench.gate", question],
            cwd=ROOT,
            env=dict(os.environ) | template.environment("Usage") | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ask(question: str) -> dict[str, Any]:
    from functions.usage.handler import lambda_handler

    caller = CALLER | {"user_id": user_of(_COUNT)}
    headers = {"content-type": "application/json"}
    body = json.dumps(_QUESTION)
    event = (
        http_event("POST", "/usage/gate", content=body, headers=headers, context=caller)
        if question == "gate"
        else http_event("GET", _CHANGES, context=caller)
    )

    def answer() -> dict[str, Any]:
        found = lambda_handler(event, LambdaContext())
        if found["statusCode"] != 200:
            raise RuntimeError(found["body"][:500])
        document: dict[str, Any] = json.loads(found["body"])
        return document

    series = answer().get("series", [])
    p_values = {" ".join([*one["key"].values(), one["metric"]]): one["p_value"] for one in series}
    return {"s": timed(answer), "series": len(series), "p": p_values}


# What one would write with the export at hand.
_IN_PANDAS = """
import json, sys, time
import pandas as pd
from scipy import stats

folder, halves = sys.argv[1], json.loads(sys.argv[2])

def once():
    runs = pd.read_parquet(folder, columns=["ts", "device", "model", "ok", *sys.argv[3].split(",")])
    runs = runs[runs.model.isin(["model-0", "model-1"])]
    a, b = (runs[(runs.ts >= start) & (runs.ts < end)] for start, end in halves)
    found = {}
    for metric in [*sys.argv[3].split(","), "error_rate"]:
        sides = []
        for side in (a, b):
            if metric == "error_rate":
                values = (~side.ok).astype(float).groupby([side.device, side.model])
            else:
                good = side[side.ok]
                values = good[metric].groupby([good.device, good.model])
            sides.append(values.agg(["mean", "std", "count"]))
        for key in sides[0].index:
            x, y = sides[0].loc[key], sides[1].loc[key]
            worse = "less" if metric == "tok_s" else "greater"
            found[" ".join([*key, metric])] = float(
                stats.ttest_ind_from_stats(
                    y["mean"], y["std"], y["count"], x["mean"], x["std"], x["count"],
                    equal_var=False, alternative=worse,
                ).pvalue
            )
    stats.false_discovery_control(list(found.values()))
    return found

once()
started = time.perf_counter()
found = once()
print(json.dumps({"s": round(time.perf_counter() - started, 3), "p": found}))
"""


def _pandas(folder: Path, p_values: dict[str, float]) -> float | None:
    """Its time, where there is one. Raises RuntimeError where a p is another."""
    python = os.environ.get("EVALYARD_BENCH_PANDAS")
    if not python:
        return None
    arguments = [str(folder), json.dumps(_HALVES), ",".join(_METRICS[:3])]
    done = subprocess.run(
        [python, "-c", _IN_PANDAS, *arguments], stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout)
    apart = [
        name for name, p in p_values.items() if abs(p - found["p"][name]) > 1e-9 * max(p, 1e-9)
    ]
    if apart or len(p_values) != len(found["p"]):
        raise RuntimeError(f"another p: {apart[:3]}")
    return float(found["s"])


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(_ask(sys.argv[1])))
