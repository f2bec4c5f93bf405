"""Runs the functions that stream, which the local AWS cannot: as Lambda would, under their roles.

It knows no endpoint: paths, functions, layers and variables are those of the deployed template. A
process for each call at a time; those that are done stay for the next.
"""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import REGION, LocalAws
from local.build import BUILD
from local.emulator import CREDENTIALS_PATH
from local.home import Home
from local.invocation_log import Invocation, note_invocation
from local.log_files import append
from local.stack import Stack
from local.stream_routes import StreamRoute, read_stream_routes
from local.stream_workers import CallFailedError, NotTakenError, Prelude, Worker

Said = AsyncGenerator[Prelude | bytes, None]

# Idle processes are ended after this, and begin again with fresh code and credentials.
_WARM_S = 600.0


class StreamHost:
    """The functions of the deployed stack, which `read` reads again. Used on one event loop."""

    def __init__(self, aws: LocalAws, home: Home, stack: Stack, read: Callable[[], Stack]) -> None:
        self._aws, self._home, self._read = aws, home, read
        self._stack = stack
        self._routes = read_stream_routes(self._stack.template)
        self._idle: dict[str, list[Worker]] = {}
        # With its age: what a process of another one knows of code and credentials is outdated.
        self._all: dict[Worker, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._generation = _text_of(home.deployed)
        self._age = 0

    def forget(self) -> None:
        """The local AWS was started again: it knows the credentials of no process any more."""
        self._generation = ""

    async def route(self, target: bytes) -> StreamRoute | None:
        """The route of a path, if it is one of a function that streams."""
        await self._keep_up()
        path = target.decode("latin-1").partition("?")[0]
        return next((route for route in self._routes if route.fits(path)), None)

    async def call(self, function: str, event: dict[str, Any]) -> Said:
        """A function's answer to an event. Raises CallFailedError, OSError."""
        began, status = time.monotonic(), "error"
        try:
            async with aclosing(self._said(function, json.dumps(event).encode())) as answer:
                async for said in answer:
                    if isinstance(said, Prelude):
                        status = str(said.status)
                    yield said
        finally:
            self._note(function, status, began)

    async def _said(self, function: str, event: bytes) -> Said:
        """The answer of the first process that takes the event: one that was kept for the next
        call may have died since.
        """
        while True:
            worker, kept = await self._worker(function)
            try:
                async with aclosing(worker.call(event)) as answer:
                    async for said in answer:
                        yield said
            except NotTakenError:
                await self._end(worker)
                if not kept:
                    raise
            except CallFailedError:
                await self._end(worker)
                raise
            except (GeneratorExit, asyncio.CancelledError):
                # The client left; the function notices, and says so in its log.
                self._keep(function, worker)
                raise
            else:
                self._keep(function, worker)
                return

    def _keep(self, function: str, worker: Worker) -> None:
        worker.idle_since = time.monotonic()
        self._idle.setdefault(function, []).append(worker)

    async def stop(self) -> None:
        """End all processes."""
        await asyncio.gather(*(worker.stop() for worker in self._all))
        for task in self._tasks:
            task.cancel()

    async def _worker(self, function: str) -> tuple[Worker, bool]:
        """A process, and whether it was kept for this; else it begins now."""
        await self._end_idle(older_than_s=_WARM_S)
        idle = self._idle.get(function, [])
        while (found := _last_free(idle)) is not None:
            idle.remove(found)
            if not found.ended and self._all[found] == self._age:
                return found, True
            await self._end(found)
        age = self._age
        worker = await asyncio.to_thread(self._made, function)
        self._all[worker] = age
        await worker.start()
        task = asyncio.create_task(self._keep_printed(function, worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return worker, False

    async def _keep_up(self) -> None:
        """What was deployed meanwhile has other code, and perhaps other paths."""
        generation = _text_of(self._home.deployed)
        if generation == self._generation:
            return
        self._age += 1
        try:
            stack = await asyncio.to_thread(self._read)
        except (BotoCoreError, ClientError):
            # It is being started again: until it answers, what was known holds.
            return
        self._generation, self._stack = generation, stack
        self._routes = read_stream_routes(self._stack.template)
        await self._end_idle(older_than_s=0.0)

    async def _end_idle(self, older_than_s: float) -> None:
        """Processes that wait for work; long idle ones have old credentials."""
        for workers in self._idle.values():
            for worker in list(workers):
                if time.monotonic() - worker.idle_since >= older_than_s:
                    workers.remove(worker)
                    await self._end(worker)

    async def _end(self, worker: Worker) -> None:
        self._all.pop(worker, None)
        await worker.stop()

    # ---------------------------------------------------------------------------- how it is run

    def _made(self, function: str) -> Worker:
        """A process as Lambda would start it: the command, and what it would be given. Raises
        CallFailedError.
        """
        name = self._stack.physical_ids[function]
        try:
            config = self._aws.client("lambda").get_function_configuration(FunctionName=name)
        except (BotoCoreError, ClientError) as exc:
            raise CallFailedError(f"{name} is not known: {exc}") from exc
        variables: dict[str, str] = config.get("Environment", {}).get("Variables", {})
        layers = _layers(self._stack.template["Resources"][function]["Properties"])
        wrapper = Path(variables["AWS_LAMBDA_EXEC_WRAPPER"]).name
        (start,) = [found for layer in layers if (found := layer / wrapper).is_file()]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._home.scratch),
            "TMPDIR": str(self._home.disk_scratch),
            "LANG": "C.UTF-8",
            "PYTHONPATH": ":".join(str(layer / "python") for layer in layers),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(BUILD / function),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._aws.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **variables,
            **self._credentials(name),
            "_HANDLER": config["Handler"],
        }
        return Worker([str(start), _python()], environment, BUILD / function)

    def _credentials(self, name: str) -> Mapping[str, str]:
        url = f"{self._aws.endpoint_url}{CREDENTIALS_PATH}?function={name}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - a fixed scheme
                found: dict[str, str] = json.load(answer)
                return found
        except (urllib.error.URLError, ValueError) as exc:
            raise CallFailedError(f"no credentials for {name}: {exc}") from exc

    # --------------------------------------------------------------------------------- its logs

    async def _keep_printed(self, function: str, worker: Worker) -> None:
        async for line in worker.printed():
            append(self._home.log("output"), [f"{function}: {line}"])

    def _note(self, function: str, status: str, began: float) -> None:
        took_ms = (time.monotonic() - began) * 1000
        note_invocation(
            self._home, Invocation(round(time.time() * 1000), function, status, took_ms, ())
        )


def _last_free(workers: list[Worker]) -> Worker | None:
    """The one that was used last, of those that can take a call at once or not at all."""
    return next((each for each in reversed(workers) if each.ended or not each.busy), None)


def _layers(properties: Mapping[str, Any]) -> list[Path]:
    """Where the layers were built; a published layer's logical id is that of the template and a
    digest.
    """
    names = [layer["Ref"] for layer in properties.get("Layers", [])]
    built = [folder for folder in BUILD.iterdir() if (folder / "python").is_dir()]
    return [folder for name in names for folder in built if name.startswith(folder.name)]


def _python() -> str:
    """The interpreter itself, outside of its virtual environment."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return str(Path(sys.base_prefix) / "bin" / f"python{version}")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
