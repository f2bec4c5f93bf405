"""Scratch space: files made from what never changes, kept between a function's invocations.

A reader of immutable objects (Parquet parts, versions of a dataset) finds them here
again; the least recently used go first when space runs out, or when there are very many.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shared import ids
from shared.aws import Bucket, side_by_side

_LEFT_TO_OTHERS_BYTES = 32 * 2**20
_PARTS_BYTES = 1_400 * 2**20
# A reader that makes a file first looks at all that are there.
_MAX_FILES = 5_000


@dataclass(frozen=True)
class Scratch:
    """A folder of at most so many bytes, as one reader uses it.

    What this reader has obtained is held: it does not go, even when there is too little
    room, until the reader releases it.
    """

    name: str
    capacity_bytes: int
    _held: set[Path] = field(default_factory=set)
    # The bytes that this reader knows to be free; to count again means to look at every file.
    _free: list[int] = field(default_factory=lambda: [0])
    # One thread of a reader counts, the others wait for what it finds.
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return Path(tempfile.gettempdir()) / self.name

    def obtain(self, name: str, size: int, fill: Callable[[Path], object]) -> Path:
        """The file of this name; when it is not there, `fill` writes it (about `size` bytes)."""
        path = self._hold(name)
        if not _touch(path):
            self._make(path, size, fill)
        return path

    def find(self, name: str) -> Path | None:
        """The file of this name, if it is there."""
        path = self._hold(name)
        return path if _touch(path) else None

    def _hold(self, name: str) -> Path:
        path = self.folder / name.replace("/", "~")
        self._held.add(path)
        return path

    def release(self, path: Path) -> None:
        """The reader is done with a file; it may go when others need the room."""
        self._held.discard(path)

    def _make(self, path: Path, size: int, fill: Callable[[Path], object]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_room(size)
        # Under another name until it is whole: an invocation may end at any moment.
        incoming = self.folder / f".{ids.ulid()}"
        # Another thread of this reader may look for room meanwhile.
        self._held.add(incoming)
        try:
            fill(incoming)
            incoming.rename(path)
        finally:
            incoming.unlink(missing_ok=True)
            self._held.discard(incoming)

    def _make_room(self, needed: int) -> None:
        with self._counting:
            if needed > self._free[0]:
                self._free[0] = self._freed(needed)
            self._free[0] -= needed

    def _freed(self, needed: int) -> int:
        """How many bytes are free once the least recently used files made room."""
        kept = sorted(self._files(), key=lambda entry: entry[2])
        free = min(self.capacity_bytes - sum(entry[1] for entry in kept), self._free_on_disk())
        too_many = len(kept) + 1 - _MAX_FILES
        for name, bytes_, _ in kept:
            if free >= needed and too_many <= 0:
                break
            path = self.folder / name
            if path not in self._held:
                path.unlink(missing_ok=True)
                free += bytes_
                too_many -= 1
        return free

    def _free_on_disk(self) -> int:
        """What others left: the disk of a function may be smaller than the capacity."""
        return shutil.disk_usage(self.folder).free - _LEFT_TO_OTHERS_BYTES

    def _files(self) -> list[tuple[str, int, float]]:
        """Name, bytes and time of last use of every file."""
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat()
                    found.append((entry.name, status.st_size, status.st_mtime))
        return found


def _touch(path: Path) -> bool:
    """Note that a file is used, if it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def local_copies(bucket: Bucket, sizes: Mapping[str, int]) -> dict[str, Path]:
    """The objects of these keys (and sizes in bytes) as files, fetched side by side.

    Raises ObjectMissing, and QueryTimedOut when the call's deadline passes meanwhile.
    """
    scratch = Scratch("evalyard-parts", _PARTS_BYTES)

    def fetch(key: str) -> Path:
        name = f"{bucket.name}/{key}"
        return scratch.obtain(name, sizes[key], lambda path: path.write_bytes(bucket.get(key)))

    # Threads only for what has to be fetched: a warm question has all of it.
    found = {key: scratch.find(f"{bucket.name}/{key}") for key in sizes}
    missing = [key for key, path in found.items() if path is None]
    fetched = dict(
        zip(missing, side_by_side(fetch, missing, weight=sizes.__getitem__), strict=True)
    )
    return {key: path or fetched[key] for key, path in found.items()}
