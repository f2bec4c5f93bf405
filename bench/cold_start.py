"""Cold starts under AWS's runtime client, against a no-op: what `make build` left, nothing else.

From starting the process to the answer of its first event: for the datasets function an append
of one row, for the authorizer a token. The Runtime API, DynamoDB and S3 are answered by this
process.
"""

import importlib.metadata
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.load import ENVIRONMENT, adapter_items, append_event, body
from bench.runtime_api import RuntimeApi
from bench.section import Section

ROUNDS = 9
WARM = 50
_ROOT = Path(__file__).resolve().parents[1]
_BUILD = Path(os.environ.get("EVALYARD_BUILD", _ROOT / ".aws-sam" / "build"))
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")


@dataclass(frozen=True)
class Subject:
    """A function, with what it is asked and what the first DynamoDB answer is."""

    handler: str
    folders: tuple[str, ...]
    event: dict[str, Any]
    item: dict[str, Any]


def _subjects() -> dict[str, Subject]:
    layers = ("WebLayer/python", "SharedLayer/python")
    append = append_event(body(1))
    token = json.loads((_ROOT / "events/authorize_request/unknown_token.json").read_bytes())
    return {
        "no-op": Subject("noop.lambda_handler", (), append, {}),
        "FastAPI, Mangum, botocore": Subject("noop_web.lambda_handler", layers, append, {}),
        "authorize_request": Subject(
            "functions.authorize_request.handler.lambda_handler",
            ("AuthorizeRequest", *layers),
            token,
            {},
        ),
        "datasets": Subject(
            "functions.datasets.handler.lambda_handler",
            ("Datasets", "AnalyticsLayer/python", *layers),
            append,
            adapter_items(),
        ),
    }


def run() -> Section:
    """All functions by turns; medians, and the median of the ratios of a round."""
    subjects = _subjects()
    with TemporaryDirectory(prefix="runtime-client-") as client:
        _link_runtime_client(Path(client))
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
        for round_number in range(ROUNDS + 1):
            for name, subject in subjects.items():
                start = _start(subject, client)
                if round_number:
                    taken[name].append(start)
        shares = _imports(subjects["datasets"], client)
        cpu_ms = _cpu_of_imports(subjects, client)
    rows = [_row(name, starts) for name, starts in taken.items()]
    for row, starts in zip(rows, taken.values(), strict=True):
        row["import CPU ms"] = cpu_ms[str(row["function"])]
        pairs = zip(starts, taken["no-op"], strict=True)
        row["ratio"] = statistics.median(own[0] / noop[0] for own, noop in pairs)
    listed = ", ".join(f"{package} {ms:.0f}" for package, ms in shares.most_common(12))
    return Section(
        "Cold start under awslambdaric: from process start to the first answer",
        ("function", "cold ms", "ratio", "import CPU ms", "warm ms"),
        rows,
        "Ratio: the median of the rounds. The second line is what no function with routes and "
        "calls of AWS does without: they are imported, and nothing is made of them. Import: the "
        "CPU time of a process that imports the handler, the least of the rounds, without that of "
        "one that imports nothing. Warm: later events, with their calls over loopback HTTP. Load "
        f"of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors. "
        f"Where importing datasets goes, in ms with the profiler on: {listed}.",
        {"imports_ms": dict(shares), "layers": _bytes_of_layers()},
    )


def _link_runtime_client(folder: Path) -> None:
    """AWS's runtime client and what it needs, and nothing else of this environment."""
    for name in _CLIENT:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"__pycache__"}:
            (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    for name in ("noop.py", "noop_web.py"):
        (folder / name).symlink_to(_ROOT / "bench" / name)


def _bytes_of_layers() -> dict[str, int]:
    return {
        name: sum(path.stat().st_size for path in (_BUILD / name).rglob("*") if path.is_file())
        for name in ("WebLayer", "SharedLayer", "AnalyticsLayer")
    }


def _row(name: str, starts: list[tuple[float, float]]) -> dict[str, str | int | float | None]:
    cold, warm = zip(*starts, strict=True)
    return {
        "function": name,
        "cold ms": statistics.median(cold) * 1_000,
        "warm ms": statistics.median(warm) * 1_000,
    }


def _start(subject: Subject, client: str) -> tuple[float, float]:
    """Seconds from start to first answer, and between later answers."""
    api = RuntimeApi(subject.event, subject.item, WARM + 1)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    started = time.perf_counter()
    process = subprocess.Popen(
        [_bare_python(), "-m", "awslambdaric", subject.handler],
        cwd=client,
        env=_environment(api, subject, client),
        stdout=subprocess.DEVNULL,
    )
    try:
        if not api.finished.wait(60) or b"errorType" in api.answers[0]:
            raise RuntimeError(f"{subject.handler} did not answer: {api.answers[:1]}")
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()
    times = api.answered_s
    later = [after - before for before, after in pairwise(times)]
    return times[0] - started, statistics.median(later)


def _bare_python() -> str:
    """The interpreter itself, outside of its virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _environment(api: RuntimeApi | None, subject: Subject, client: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    folders = [*(str(_BUILD / folder) for folder in subject.folders), client]
    return {
        **kept,
        **ENVIRONMENT,
        "AWS_LAMBDA_RUNTIME_API": api.address if api else "",
        "AWS_ENDPOINT_URL": f"http://{api.address}" if api else "",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _cpu_of_imports(subjects: dict[str, Subject], client: str) -> dict[str, float]:
    """Milliseconds of CPU that importing each handler takes."""
    nothing = "nothing"
    code = {nothing: ("import os; os._exit(0)", subjects["no-op"])} | {
        # A function is never torn down, which takes a third of what importing does.
        name: (f"import os, {subject.handler.rpartition('.')[0]}; os._exit(0)", subject)
        for name, subject in subjects.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in code}
    for _ in range(ROUNDS):
        for name, (statement, subject) in code.items():
            before = _cpu_of_children_ms()
            subprocess.run(
                [_bare_python(), "-c", statement],
                cwd=client,
                env=_environment(None, subject, client),
                check=True,
            )
            taken[name].append(_cpu_of_children_ms() - before)
    least = {name: min(times) for name, times in taken.items()}
    return {name: max(0.0, least[name] - least[nothing]) for name in subjects}


def _cpu_of_children_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1_000


def _imports(subject: Subject, client: str) -> Counter[str]:
    """Milliseconds of importing by package, each module counted by itself."""
    module = subject.handler.rpartition(".")[0]
    done = subprocess.run(
        [_bare_python(), "-X", "importtime", "-c", f"import {module}"],
        cwd=client,
        env=_environment(None, subject, client),
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
