"""The child process that runs llama.cpp: started, listened to, stopped."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.errors import MisconfiguredError

_CHILD_MODULE: Final = "evalyard_runner.backends.gguf_child"
# Its sockets close a moment before its end is known.
_DYING_S: Final = 2.0
# Secrets of the runner that the child has no use for.
_NOT_INHERITED: Final = frozenset({"EVALYARD_DEVICE_TOKEN"})


class LlamaProcess:
    """A llama.cpp server on a free port of 127.0.0.1 that dies with the runner."""

    def __init__(self, process: asyncio.subprocess.Process, log: RuntimeLog) -> None:
        self._process = process
        self._log = log
        self.url = ""
        self.load_ms = 0.0
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(
        cls, path: Path, *, threads: int, context: int, parallel: int, key: str, log: RuntimeLog
    ) -> Self:
        """Returns when the model is loaded. Raises MisconfiguredError when it cannot be."""
        child = cls(await _spawn(), log)
        try:
            wanted = {"threads": threads, "context": context, "parallel": parallel, "key": key}
            await child._load({"path": str(path), **wanted})
        except BaseException:
            await child.stop()
            raise
        return child

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def was_killed(self) -> bool:
        """Whether it was ended by SIGKILL, which only the kernel or a person sends here."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DYING_S):
                await self._process.wait()
        return self._process.returncode == -signal.SIGKILL

    async def stop(self) -> None:
        """The model has nothing to save, so it is not asked."""
        if self.alive:
            # Not Process.kill(): that looks for the end itself, before asyncio's watcher does.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._listening

    async def _load(self, wanted: dict[str, Any]) -> None:
        """One line in says what to load, one line out says where it is served, or why not."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise MisconfiguredError("the model process has no pipes")
        stdin.write(json.dumps(wanted).encode() + b"\n")
        answer = _answer(await stdout.readline())
        if "url" not in answer:
            await self.stop()
            why = answer.get("error") or self._log.first_error() or "llama.cpp gave up"
            raise MisconfiguredError(f"{wanted['path']} could not be loaded: {why}")
        self.url, self.load_ms = answer["url"], float(answer["load_ms"])

    async def _listen(self) -> None:
        """Keep the last lines that llama.cpp writes; unread they would block it."""
        stderr = self._process.stderr
        while stderr is not None and (line := await _line(stderr)):
            self._log.write(line.decode(errors="replace"))


async def _spawn() -> asyncio.subprocess.Process:
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _CHILD_MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        # Ctrl-C in a terminal goes to the whole group, but the running job may finish.
        start_new_session=True,
    )


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to keep)\n"


def _answer(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
