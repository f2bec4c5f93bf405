"""Uploads by the SDK, by `requests` and by MLflow's client, to a server that keeps nothing.

Opt-in (`make bench-mlflow`), as MLflow takes long to install.
"""

from bench.client import by_turns, way_of
from bench.report import ROOT
from bench.section import Section

_PYTHON = str(ROOT / ".venv-mlflow" / "bin" / "python")
# MLflow's take so much longer that fewer rows say as much.
_ROWS = {"whole": 20_000, "single": 2_000}
_TITLE = "Uploads: the SDK, requests by hand, and MLflow's client"
_COLUMNS = ("what", "rows/s", "client µs a row", "bytes a row", "peak MB")
_NOTE = (
    "By turns, medians of three, to a server on loopback that inflates, decodes and keeps"
    " nothing, so that this is the clients' work and the wire. Rows of 8 members; to MLflow go the"
    " five numbers of each as metrics with time and step, without device and model: 200 rows are"
    " 1,000 values, the most that its server takes in a call; a row a call is what `log_metrics`"
    " in a loop does. 200,000 rows of the others, 20,000 and 2,000 of MLflow's (3.17); what"
    " importing it takes is counted in its memory only. Other work shared the machine: the CPU"
    " time a row is the figure to read."
)


def run() -> Section:
    """One row for each way."""
    commands = {
        "evalyard SDK": way_of("evalyard SDK"),
        "requests, JSON": way_of("requests, JSON"),
        "requests, lines with gzip": way_of("requests, lines with gzip"),
        "MLflow's client, 200 rows a call": _by_mlflow("whole"),
        "MLflow's client, a row a call": _by_mlflow("single"),
    }
    return Section(_TITLE, _COLUMNS, by_turns(commands), _NOTE)


def _by_mlflow(way: str) -> list[str]:
    return [_PYTHON, "-m", "bench.by_mlflow", way, "PORT", str(_ROWS[way])]
