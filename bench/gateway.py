"""Calls of the LLM gateway on the local cloud, each paired with one straight to the model's server.

A real runner between the cloud and a model server that writes at a steady pace, in a process of
its own. Both are asked by the same client code in the same words.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, Final

import httpx
import psutil

from bench.gateway_costs import FLUSH_S, Answer, frames_up, messages_down
from bench.report import ROOT
from bench.section import Cell, Section
from shared.aws.broker_address import broker_address
from shared.aws.mqtt_link import Link
from shared.aws.roles import Credentials
from tests.kit.local_cloud import LocalCloud
from tests.kit.phones import Phone

ROUNDS: Final = {1: 16, 4: 5, 8: 3}
# A machine that is busy with much else may be too late for a device's 1.5 s to answer.
_TRIES: Final = 5
TOKENS: Final = 24
_RATE: Final = 30
_MODEL: Final = "paced"
_WARM_UP: Final = 2
_COLD: Final = 5
_REGION: Final = "us-east-1"
_COLUMNS: Final = (
    *("calls at once", "what", "straight p50", "straight p95", "gateway p50", "gateway p95"),
    *("added p50", "added p95"),
)


class NotAnsweredError(RuntimeError):
    """A call was refused."""


@dataclass
class Arrivals:
    """When an answer was asked for, and when each of its pieces came; in seconds."""

    asked: float = 0.0
    pieces: list[float] = field(default_factory=list)

    @property
    def first_ms(self) -> float:
        """Time to the first token."""
        return (self.pieces[0] - self.asked) * 1_000

    @property
    def gaps_ms(self) -> list[float]:
        """Between one reading and the next in which something came."""
        return [(b - a) * 1_000 for a, b in zip(self.pieces, self.pieces[1:], strict=False)]


def run() -> Section:
    """Pairs at one, four and eight calls at once; messages, processor time, a cold start."""
    # The device is the bench's own.
    os.environ["EVALYARD_MODEL"] = "none"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        cloud = LocalCloud(Path(folder) / "home")
        cloud.start()
        stack.callback(cloud.stop)
        return measured(cloud, stack)


def measured(cloud: LocalCloud, stack: ExitStack) -> Section:
    """The section, on a running cloud without devices."""
    admin = stack.enter_context(cloud.client("admin_token"))
    model_url = stack.enter_context(_model_server())
    flags = ("--gateway-parallel", str(max(ROUNDS)))
    phone = stack.enter_context(Phone(admin, "bench-phone", _MODEL, model_url, flags))
    gateway = stack.enter_context(cloud.client("api_key", "X-Api-Key"))
    _until_answerable(gateway)
    straight = stack.enter_context(httpx.Client(base_url=model_url, timeout=60))
    rows = [row for at_once in ROUNDS for row in _rows(straight, gateway, at_once)]
    facts = [_used(cloud, phone, gateway), _cold(cloud, gateway), *_counted(cloud, gateway)]
    return Section(
        "Calls of the gateway on the local cloud, paired with calls of the model's server, in ms",
        _COLUMNS,
        rows,
        f"{TOKENS} tokens at {_RATE} a second after 100 ms; one user, one device with "
        f"--gateway-parallel {max(ROUNDS)}. First token: from sending the request. Gap: between "
        f"readings in which text came; a device sends at most every {FLUSH_S * 1_000:.0f} ms. "
        f"{' '.join(facts)} Load of the machine at the end: "
        f"{', '.join(f'{each:.1f}' for each in os.getloadavg())} (1, 5, 15 min) on "
        f"{os.cpu_count()} processors.",
    )


def ask(client: httpx.Client, tokens: int = TOKENS, rate: int = _RATE) -> Arrivals:
    """One streamed chat, with each piece's arrival."""
    body = {
        "model": _MODEL,
        "messages": [{"role": "user", "content": "Count."}],
        "max_tokens": tokens,
        "seed": rate,
        "stream": True,
    }
    found = Arrivals(time.perf_counter())
    with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        for data in answer.iter_bytes() if answer.status_code == 200 else ():
            if any(_has_text(line) for line in data.split(b"\n")):
                found.pieces.append(time.perf_counter())
        if answer.status_code != 200:
            raise NotAnsweredError(f"{answer.status_code}: {answer.read().decode()}")
    return found


def _has_text(line: bytes) -> bool:
    if not line.startswith(b"data: {"):
        return False
    return any(each["delta"].get("content") for each in json.loads(line[6:])["choices"])


def _rows(straight: httpx.Client, gateway: httpx.Client, at_once: int) -> list[dict[str, Cell]]:
    for _ in range(_WARM_UP):
        _together(gateway, at_once)
    pairs = [
        pair
        for _ in range(ROUNDS[at_once])
        for pair in zip(_together(straight, at_once), _together(gateway, at_once), strict=True)
    ]
    first = [(one.first_ms, other.first_ms) for one, other in pairs]
    gaps = [[gap for each in side for gap in each.gaps_ms] for side in zip(*pairs, strict=True)]
    added = _spread([other - one for one, other in first])
    return [
        {
            "calls at once": at_once,
            "what": "first token",
            **_sides(*zip(*first, strict=True)),
            **dict(zip(("added p50", "added p95"), added, strict=True)),
        },
        {"calls at once": at_once, "what": "gap", **_sides(*gaps)},
    ]


def _together(client: httpx.Client, at_once: int) -> list[Arrivals]:
    """So many calls that begin at the same moment."""
    barrier = Barrier(at_once)

    def one(_: int) -> Arrivals:
        barrier.wait()
        return _answered(client)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(at_once)))


def _answered(client: httpx.Client, tokens: int = TOKENS) -> Arrivals:
    """An answer, also after refusals, which are printed."""
    for _ in range(_TRIES - 1):
        try:
            return ask(client, tokens)
        except NotAnsweredError as exc:
            print(f"asked again: {exc}", flush=True)
            time.sleep(1)
    return ask(client, tokens)


def _sides(straight: Any, gateway: Any) -> dict[str, Cell]:
    figures = (*_spread(straight), *_spread(gateway))
    return dict(zip(_COLUMNS[2:6], figures, strict=True))


def _spread(values: Any) -> tuple[float, float]:
    high = statistics.quantiles(values, n=20, method="inclusive")[-1]
    return round(statistics.median(values), 1), round(high, 1)


def _until_answerable(gateway: httpx.Client) -> None:
    for _ in range(200):
        if gateway.get("/v1/models").json()["data"]:
            return
        time.sleep(0.2)
    raise RuntimeError("no device takes calls")


@contextmanager
def _model_server() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.paced_model"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait(30)


def _used(cloud: LocalCloud, phone: Phone, gateway: httpx.Client) -> str:
    """Processor time of function and runner a call."""
    calls = 20
    runner = psutil.Process(phone.process.pid)
    before = _function_s(cloud), _process_s(runner)
    for _ in range(calls):
        ask(gateway)
    function_ms, runner_ms = (
        (after - earlier) * 1_000 / calls
        for after, earlier in zip((_function_s(cloud), _process_s(runner)), before, strict=True)
    )
    return (
        f"Processor time of a call: function {function_ms:.0f} ms, runner {runner_ms:.0f} ms "
        f"(its reports and looks included)."
    )


def _function_s(cloud: LocalCloud) -> float:
    return sum(_process_s(each) for each in cloud.programs("shared.lambda_stream"))


def _process_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _cold(cloud: LocalCloud, gateway: httpx.Client) -> str:
    """Time to the first token when the function has no process, and when it has."""
    cold, warm = [], []
    for _ in range(_COLD):
        processes = cloud.programs("shared.lambda_stream")
        for process in processes:
            process.kill()
        # The host of the function has to notice, too.
        psutil.wait_procs(processes, timeout=10)
        time.sleep(1)
        cold.append(_answered(gateway, tokens=1).first_ms)
        warm.append(_answered(gateway, tokens=1).first_ms)
    start_ms = statistics.median(cold) - statistics.median(warm)
    return f"Cold start: {start_ms:.0f} ms more to the first token (median of {_COLD})."


def _counted(cloud: LocalCloud, gateway: httpx.Client) -> Iterator[str]:
    """Messages of long answers, counted at the broker."""
    for answer in (
        Answer("300 tokens at 30/s", 300, 30, 0.1),
        Answer("150 tokens at 10/s", 150, 10, 0.1),
    ):
        with _overheard(cloud) as messages:
            ask(gateway, answer.tokens, round(answer.rate))
            time.sleep(1)
        yield (
            f"Messages of {answer.name}: {messages['up']} up and {messages['down']} down at the "
            f"broker (formula: {frames_up(answer)} and {messages_down(answer)})."
        )


@contextmanager
def _overheard(cloud: LocalCloud) -> Iterator[Counter[str]]:
    """Counts what the broker carries, by direction."""
    port = cloud.announced["aws_endpoint_url"].rpartition(":")[2]
    endpoint = f"data.iot.{_REGION}.localhost:{port}"
    counted: Counter[str] = Counter()
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    def hear(topic: str, _: bytes) -> None:
        counted["down" if topic.endswith("/down") else "up"] += 1

    def carry_out(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    url = broker_address(endpoint, _REGION, Credentials("test", "test", "", 0))
    link = carry_out(Link.open(url, "bench-overhears", ["evalyard/d/#"], hear))
    try:
        yield counted
    finally:
        carry_out(link.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
