"""The processes of functions: links instead of copies, a temporary folder of their own, and no
more of them than fit into memory.
"""

import logging
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.emulator.archives import Archives, TicketFile
from local.emulator.room import available_bytes, resident_bytes, total_bytes

# Together the processes hold at most so much, or half of a small machine's memory, and each start
# leaves so much to others.
BUDGET_BYTES = 2 * 1024**3
_EXPECTED_BYTES = 128 * 1024**2
_LEFT_FREE_BYTES = 512 * 1024**2
_WAITS_S = 20.0
# An endpoint, its authorizer and what they queue for: with fewer nothing would ever be answered.
_ALWAYS = 3
# A process has its size once it has imported what it needs.
_GROWS_S = 3.0
_SWEPT_EVERY_S = 10.0
_FOLDER = "ministack-lambda-"
_log = logging.getLogger("evalyard")


class Workers:
    """Between MiniStack's pools of processes and the machine."""

    def __init__(self, runtime: Any, services: Any, archives: Archives, temporary: Path) -> None:
        self._runtime = runtime
        self._services = services
        self._archives = archives
        self._temporary = temporary
        self._starting = threading.local()
        self._turn = threading.Lock()
        self._let_in: list[float] = []
        self._budget = min(BUDGET_BYTES, total_bytes() // 2)

    def attach(self) -> None:
        """Takes the places of what MiniStack unpacks and starts processes with."""
        self._runtime.zipfile = _Substitute(zipfile, ZipFile=self._open_archive)
        self._runtime.subprocess = _Substitute(self._runtime.subprocess, Popen=self._start)
        resolve = self._services._resolve_layer_zip
        self._services._resolve_layer_zip = lambda attachment: self._layer(resolve(attachment))
        self._services.acquire_worker = self._with_room(self._services.acquire_worker)
        self._replace_spawn(self._runtime.Worker)
        threading.Thread(target=self._sweep, name="evalyard-sweep", daemon=True).start()

    # -------------------------------------------------------------------------------- unpacking

    def _replace_spawn(self, worker_class: Any) -> None:
        original = worker_class._spawn

        def spawn(worker: Any) -> None:
            archive = worker.code_zip
            worker.code_zip, self._starting.now = self._archives.ticket(archive), True
            try:
                original(worker)
            finally:
                worker.code_zip, self._starting.now = archive, False

        worker_class._spawn = spawn

    def _layer(self, archive: bytes | None) -> bytes | None:
        if archive and getattr(self._starting, "now", False):
            return self._archives.ticket(archive)
        return archive

    def _open_archive(self, file: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(file, str):
            folder = self._archives.redeem(Path(file).read_bytes()[:128])
            if folder is not None:
                return TicketFile(folder)
        return zipfile.ZipFile(file, *arguments, **named)

    # --------------------------------------------------------------------------------- starting

    def _start(self, command: list[str], **named: Any) -> Any:
        """A process with a temporary folder of its own, as each environment has on AWS."""
        folder = Path(command[-1]).parent
        if folder.name.startswith(_FOLDER):
            own = self._temporary / folder.name
            own.mkdir(parents=True, exist_ok=True, mode=0o700)
            named["env"] = {**named["env"], "TMPDIR": str(own)}
        return self._runtime.subprocess.original.Popen(command, **named)

    def _with_room(self, original: Any) -> Any:
        def acquire(*arguments: Any, **named: Any) -> Any:
            worker, how = original(*arguments, **named)
            if how != "spawn" or self._make_room():
                return worker, how
            self._forget([worker])
            _log.warning("no memory for another process of %s: throttled", worker.func_name)
            return None, "func_cap"

        return acquire

    def _make_room(self) -> bool:
        """Whether one more process fits, if need be in the place of idle ones.

        Those that wait take turns; what was let in and has not grown yet is reckoned with.
        """
        deadline = time.monotonic() + _WAITS_S
        if not self._turn.acquire(timeout=_WAITS_S):
            return False
        try:
            while not self._fits():
                if self._end_an_idle_one():
                    continue
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.2)
            self._let_in.append(time.monotonic())
            return True
        finally:
            self._turn.release()

    def _fits(self) -> bool:
        grown = time.monotonic() - _GROWS_S
        self._let_in = [at for at in self._let_in if at > grown]
        expected = (len(self._let_in) + 1) * _EXPECTED_BYTES
        pids = [each._proc.pid for each in self._all() if each._proc is not None]
        if len(pids) + len(self._let_in) < _ALWAYS:
            return True
        fits_budget = resident_bytes(pids) + expected <= self._budget
        return fits_budget and available_bytes() >= _LEFT_FREE_BYTES + expected

    def _end_an_idle_one(self) -> bool:
        idle = [each for each in self._all() if not each.in_use and each._proc is not None]
        if not idle:
            return False
        self._end([min(idle, key=lambda each: float(each.last_used))])
        return True

    # --------------------------------------------------------------------------------- clearing

    def _end(self, workers: list[Any]) -> None:
        self._runtime.kill_workers(self._forget(workers))

    def _forget(self, workers: list[Any]) -> list[Any]:
        """Takes workers out of their pools, but for those that were taken up again meanwhile."""
        taken = []
        with self._runtime._lock:
            for pool in self._runtime._workers.values():
                for worker in [each for each in pool if each in workers]:
                    if not worker.in_use or worker._proc is None:
                        pool.remove(worker)
                        taken.append(worker)
        return taken

    def _all(self) -> list[Any]:
        with self._runtime._lock:
            return [worker for pool in self._runtime._workers.values() for worker in pool]

    def _sweep(self) -> None:
        while True:
            time.sleep(_SWEPT_EVERY_S)
            try:
                self.sweep_once()
            except Exception:
                # The last resort: one sweep that fails must not be the last.
                _log.exception("sweep failed")

    def sweep_once(self) -> None:
        """Removes what belongs to no live process."""
        died = [w for w in self._all() if not w.in_use and w._proc and w._proc.poll() is not None]
        self._end(died)
        live = {Path(each._tmpdir).name for each in self._all() if each._tmpdir}
        folders = Path(self._runtime.tempfile.gettempdir())
        linked = set()
        for folder in _older(folders, _SWEPT_EVERY_S):
            if folder.name in live:
                linked |= set(_links(folder))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in _older(self._temporary, _SWEPT_EVERY_S):
            if folder.name not in live:
                shutil.rmtree(folder, ignore_errors=True)
        self._archives.remove_unused(linked)


class _Substitute:
    """A module with some of its names replaced."""

    def __init__(self, original: Any, **replaced: Any) -> None:
        self.original = original
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


def _older(parent: Path, seconds: float) -> Iterator[Path]:
    """Folders of processes that have had the time to be known."""
    for folder in parent.glob(f"{_FOLDER}*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_ctime >= seconds:
                yield folder


def _links(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from (Path(os.readlink(each)) for each in folder.iterdir() if each.is_symlink())
