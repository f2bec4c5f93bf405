"""Writes runs as the API's contract says that an export does, independently of the product."""

import json

from shared import clock
from shared.runs import EXPORTED, Run

# The one place in the tests that states the contract: these, in this order.
_PROMISED = [
    "ts", "time", "device", "model", "tag", "tenant", "prompt_tokens", "completion_tokens",
    "latency_ms", "ttft_ms", "tok_s", "ok", "job_id", "dataset", "source_kind", "prompt_preview",
    "run_id", "extra", "conditions",
]  # fmt: skip
# New columns come at the end.
_LATER = [column.public_name for column in EXPORTED if column.public_name not in _PROMISED]
COLUMNS = [*_PROMISED, *_LATER]


def export(runs: list[Run], columns: list[str] = COLUMNS, *, guard: bool = True) -> str:
    lines = [columns, *([cell(run, name, guard) for name in columns] for run in runs)]
    return "".join(",".join(line) + "\r\n" for line in lines)


def cell(run: Run, name: str, guard: bool) -> str:
    if name == "ts":
        return repr(run.ts_us / 1e6)
    if name == "time":
        return clock.iso(run.ts_us)
    if name == "extra":
        return quoted(json.dumps(run.extra))
    if name == "conditions":
        return quoted(json.dumps(run.document()["conditions"]))
    value = getattr(run, name)
    if value is None:
        return ""
    if isinstance(value, str):
        # A guard must be told from an apostrophe of the text's own.
        runs_as_formula = value.lstrip("'")[:1] in tuple("=+-@\t\r")
        return quoted("'" + value if guard and value.lstrip("'") and runs_as_formula else value)
    return {True: "true", False: "false"}[value] if name == "ok" else repr(value)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
