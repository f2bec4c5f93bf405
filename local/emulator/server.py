"""Starts MiniStack with its state in the journal, in snapshots and in mended objects."""

import asyncio
import fcntl
import importlib
import importlib.metadata
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.emulator import CREDENTIALS_PATH, INVOCATIONS_PATH, KEEP_PATH
from local.emulator.archives import Archives
from local.emulator.batches import keep_windows
from local.emulator.bodies import keep_bytes
from local.emulator.compiled import compile_paths_once, parse_policies_once
from local.emulator.disk import free_bytes_at, guard_objects
from local.emulator.durable import Durable
from local.emulator.finished import Finished
from local.emulator.objects import mend_objects
from local.emulator.outputs import mark_ends
from local.emulator.plain_http import PlainHttp
from local.emulator.schedules import spread_rates
from local.emulator.workers import Workers

# What the replaced functions belong to; tests/local/test_emulator_contract.py says which they are.
MINISTACK = "1.5.33"
_Query = dict[str, list[str]]
_Own = Callable[[_Query], Awaitable[tuple[int, object]]]
_log = logging.getLogger("evalyard")


def serve(state: Path, objects: Path, memory: Path, disk: Path) -> None:
    """Runs until SIGTERM, or until the process that started this one is gone.

    `memory` and `disk`: where functions are unpacked, in the order in which they have room.
    """
    found = importlib.metadata.version("ministack")
    if found != MINISTACK:
        raise SystemExit(f"MiniStack is {found}, and this is written for {MINISTACK}")
    with (state / "lock").open("a+") as lock:
        _take(lock)
        said = mend_objects(objects)
        durable = _prepare(state, objects, memory, disk)
        for line in said:
            _log.warning("objects: %s", line)
        threading.Thread(target=_end_with_parent, name="evalyard-parent", daemon=True).start()
        from ministack import app

        connections: Any = importlib.import_module("hypercorn.asyncio.run")
        connections.TCPServer = PlainHttp(connections.TCPServer)
        sys.argv = ["ministack"]
        app.main()
        durable.close()


def _take(lock: Any) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise SystemExit(f"this state is in use by process {lock.read().strip()}") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _end_with_parent() -> None:
    """The process that started this one holds the other end of its input and never writes."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _prepare(state: Path, objects: Path, memory: Path, disk: Path) -> Durable:
    from ministack import app
    from ministack.core import iam_evaluator, lambda_runtime

    services = app._get_module("lambda_svc")
    archives = Archives((memory / "shared", disk / "shared"))
    Workers(lambda_runtime, services, archives, disk / "functions").attach()
    guard_objects(app._get_module("s3"), free_bytes_at(objects))
    durable = Durable(app, state, lambda_runtime.reset)
    durable.attach()
    mark_ends(lambda_runtime)
    parse_policies_once(iam_evaluator)
    compile_paths_once(app._get_module("apigateway"))
    keep_bytes(app._get_module("apigateway"))
    keep_windows(app._get_module("sqs"), services)
    spread_rates(app._get_module("scheduler"), app._get_module("eventbridge"))
    finished = Finished()
    finished.attach(services, app._get_module("cloudwatch_logs"))
    roles = _Roles(services, lambda_runtime)
    own: dict[str, _Own] = {
        KEEP_PATH: partial(_keep, durable),
        CREDENTIALS_PATH: partial(_credentials, roles),
        INVOCATIONS_PATH: partial(_invocations, finished),
    }
    app.app = _with_own_paths(app.app, durable, own)
    return durable


class _Roles:
    """The credentials that functions run under, here or elsewhere."""

    def __init__(self, services: Any, runtime: Any) -> None:
        self._services, self._runtime = services, runtime

    def credentials(self, function: str) -> dict[str, str] | None:
        """As MiniStack itself gives them to a function; None for one that is not there."""
        for record in self._services._functions.all_values():
            if record["config"]["FunctionName"] == function:
                found: dict[str, str] = self._runtime.execution_credentials(record["config"])
                return found
        return None


def _with_own_paths(original: Any, durable: Durable, own: dict[str, _Own]) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        asked = own.get(scope["path"]) if scope["type"] == "http" else None
        if asked is not None:
            await _answer(send, *await asked(parse_qs(scope["query_string"].decode())))
            return
        await original(scope, receive, send)
        if scope["type"] == "http":
            durable.seen(scope)

    return application


async def _keep(durable: Durable, _query: _Query) -> tuple[int, object]:
    """200 once all that was deployed is on the disk; 409 while a deployment is under way."""
    return 200 if await asyncio.ensure_future(durable.keep()) else 409, None


async def _credentials(roles: _Roles, query: _Query) -> tuple[int, object]:
    found = roles.credentials(query.get("function", [""])[0])
    return 404 if found is None else 200, found


async def _invocations(finished: Finished, _query: _Query) -> tuple[int, object]:
    return 200, finished.take()


async def _answer(send: Any, status: int, content: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
