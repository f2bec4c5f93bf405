"""The gate over 80 series of a million runs, and the changes of 90 days, stored by `bench.usage`.

With EVALYARD_BENCH_PANDAS, a Python that has pandas, pyarrow and SciPy, the same is done there as
one would with the export (`bench.gate_peer`); the p of all series and changes must be equal.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.gate_question import HALVES, METRICS, MODELS
from bench.section import Cell, Section
from bench.usage import CALLER, aws_served, store, timed, user_of
from tests.kit.gateway import LambdaContext, http_event
from tools.template import ROOT, Template

_COUNT = 1_000_000
_TITLE = "The gate and changes over a million runs, one processor, warm"
_COLUMNS = ("question", "series", "found", "s", "CPU s", "pandas s", "pandas CPU s")
_NOTE = (
    "Gate: 20 groups (ten devices, two models) by four metrics, the first against the second half "
    "of 30 days, both read from rows. Changes: latency by device and model, a window of 90 days; "
    "one device gets 10 % slower on day 20. Found: series that are worse, and changes. pandas: "
    "reading the export (Parquet), grouping, SciPy's Welch test and Benjamini–Hochberg; for "
    "changes the same points and E-divisive by NumPy; with equal p (to 1e-9 of it), on the same "
    "processor and a local file, without HTTP, catalog and conditions, which ours include (their "
    "reads over loopback HTTP are in s and not in CPU s); empty where no such Python was named."
)
_SIDES = [
    {"filters": {"model": MODELS}, "window": {"from": start, "to": end}} for start, end in HALVES
]
_QUESTION = {
    "reference": _SIDES[0],
    "candidate": _SIDES[1],
    "rules": [{"metric": metric, "max_regression_pct": 5} for metric in METRICS],
}
_CHANGES = "/usage/changes?from=2025-09-02&to=2025-12-01&metric=latency_ms&group_by=device,model"
_CHANGES_SERIES = 50


def run() -> Section:
    """The times of both questions, theirs and ours."""
    with aws_served() as template, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store(template, Path(folder), _COUNT)
        rows = [_measured(question, template, folder) for question in ("gate", "changes")]
        return Section(_TITLE, _COLUMNS, rows, _NOTE)


def _measured(question: str, template: Template, folder: str) -> dict[str, Cell]:
    ours = _in_process([sys.executable, "-m", "bench.gate", question], template)
    row: dict[str, Cell] = {"question": question} | {
        name: ours[name] for name in ("series", "found", "s", "CPU s")
    }
    if python := os.environ.get("EVALYARD_BENCH_PANDAS"):
        peer = _in_process([python, "-m", "bench.gate_peer", question, folder], template)
        _check_equal(ours["p"], peer["p"])
        row |= {"pandas s": peer["s"], "pandas CPU s": peer["CPU s"]}
    return row


def _in_process(command: list[str], template: Template) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(os.environ) | template.environment("Usage") | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _check_equal(ours: dict[str, float], peer: dict[str, float]) -> None:
    """Raises RuntimeError where a p is another, or missing."""
    apart = [name for name, p in ours.items() if abs(p - peer.get(name, 2.0)) > 1e-9 * p]
    if apart or len(ours) != len(peer):
        raise RuntimeError(f"another p: {[(n, ours[n], peer.get(n)) for n in apart[:3]]}")


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

    document = answer()
    busy = time.process_time()
    answer()
    busy = time.process_time() - busy
    figures = _of_gate(document) if question == "gate" else _of_changes(document)
    return figures | {"s": timed(answer), "CPU s": round(busy, 3)}


def _of_gate(document: dict[str, Any]) -> dict[str, Any]:
    series = document["series"]
    p_values = {" ".join([*one["key"].values(), one["metric"]]): one["p_value"] for one in series}
    worse = [one for one in series if one["verdict"] == "fail"]
    return {"series": len(series), "found": len(worse), "p": p_values}


def _of_changes(document: dict[str, Any]) -> dict[str, Any]:
    """Each change by its series and its number there, in order of time."""
    p_values: dict[str, float] = {}
    numbers: Counter[str] = Counter()
    for change in reversed(document["changes"]):
        name = " ".join(change["key"].values())
        p_values[f"{name} {numbers[name]}"] = change["p_value"]
        numbers[name] += 1
    return {"series": _CHANGES_SERIES, "found": len(p_values), "p": p_values}


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(_ask(sys.argv[1])))
