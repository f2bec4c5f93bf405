"""An append-only log of operations, and the checkpoints that keep it short.

`<n>.base` holds everything as it was about the moment when `<n>.log` began; operations in the log
say what became of a thing, not how it changed, so repeating them is harmless. The newest base,
then its log and all later ones, give the present state. A base appears under its name only when
it is whole.
"""

import json
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# A kind and its operands, in JSON; what they mean is up to the writer.
Operation = Sequence[Any]


class JournalDamaged(Exception):
    """Something other than the last line cannot be read, which no killed process leaves behind."""


class Journal:
    """The operations in one folder; used by one process at a time.

    An operation has reached the operating system when `append` returns, so it survives any death
    of this process; `sync` puts it onto the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._number = 0
        self._descriptor = -1
        self._size = 0
        # Encoded operations that a full disk refused; they go before whatever comes next.
        self._unwritten = b""
        self._unsynced = False

    @property
    def log_bytes(self) -> int:
        """What a recovery would have to repeat after the base."""
        return sum(path.stat().st_size for path in self._folder.glob("*.log"))

    @property
    def base_bytes(self) -> int:
        """What the newest base holds."""
        bases = self._numbers("base")
        return self._path(bases[-1], "base").stat().st_size if bases else 0

    def recover(self, apply: Callable[[Operation], None]) -> bool:
        """Repeats what is stored, then opens the newest log; False when nothing was ever stored.

        A last line that was cut short is removed: whatever it says was never answered. Raises
        JournalDamaged for any other unreadable line.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for unfinished in self._folder.glob("*.unfinished"):
            unfinished.unlink()
        bases, logs = self._numbers("base"), self._numbers("log")
        if not bases:
            return False
        files = [self._path(bases[-1], "base")]
        files += [self._path(number, "log") for number in logs if number >= bases[-1]]
        for path in files:
            for operations in _read(path, cut=path == files[-1]):
                for operation in operations:
                    apply(operation)
        self._open(max(bases[-1], *logs) if logs else bases[-1])
        return True

    def append(self, produce: Callable[[], Sequence[Operation]]) -> None:
        """Writes operations as one line: all of them are there later, or none.

        They are produced under the journal's lock, so that of two threads that write about the
        same thing the later line has its later state. Raises OSError when the disk is full; the
        operations are kept and written with the next ones.
        """
        with self._lock:
            operations = produce()
            if operations:
                self._write(_encode(operations))

    def _write(self, line: bytes) -> None:
        self._unwritten += line
        try:
            _write_all(self._descriptor, self._unwritten)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(self._unwritten)
        self._unwritten = b""
        self._unsynced = True

    def sync(self) -> None:
        """Puts what was appended onto the disk; blocks, so not for an event loop."""
        with self._lock:
            if not self._unsynced:
                return
            self._unsynced = False
            # The log may be followed by another one meanwhile.
            descriptor = os.dup(self._descriptor)
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def checkpoint(self) -> "Checkpoint":
        """Begins the next log, and a base for it that the caller fills and finishes."""
        with self._lock:
            self._open(self._number + 1)
            return Checkpoint(self._folder, self._number)

    def _open(self, number: int) -> None:
        previous = self._descriptor
        path = self._path(number, "log")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._number = number
        self._size = path.stat().st_size
        if previous >= 0:
            os.close(previous)

    def _path(self, number: int, kind: str) -> Path:
        return self._folder / f"{number:08d}.{kind}"

    def _numbers(self, kind: str) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob(f"*.{kind}"))


class Checkpoint:
    """A base being written while operations go on; abandoned, it costs nothing but disk."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._path = folder / f"{number:08d}.unfinished"
        self._file = self._path.open("wb")

    def write(self, operations: Iterable[Operation]) -> None:
        """Adds to the base."""
        for operation in operations:
            self._file.write(_encode([operation]))

    def abandon(self) -> None:
        """Gives up; the older base and all logs since then stay."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Makes it the newest base and removes what came before; blocks until it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.rename(self._path.with_suffix(".base"))
        _sync_folder(self._folder)
        for path in self._folder.iterdir():
            if path.suffix in (".base", ".log") and int(path.stem) < self._number:
                path.unlink()


def _encode(operations: Sequence[Operation]) -> bytes:
    text = json.dumps(list(operations), separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _decode(line: bytes) -> list[Operation] | None:
    checksum, _, text = line[:-1].partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    return list(json.loads(text))


def _read(path: Path, *, cut: bool) -> Iterator[list[Operation]]:
    """The operations of a file, line by line; a bad end is cut off where that is allowed."""
    if not path.exists():
        return
    good = 0
    with path.open("rb") as file:
        for line in file:
            operations = _decode(line)
            if operations is None:
                if not cut or any(_decode(later) for later in file):
                    raise JournalDamaged(f"{path} cannot be read after byte {good}")
                break
            yield operations
            good += len(line)
    if cut and good < path.stat().st_size:
        os.truncate(path, good)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Not every file system can.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
