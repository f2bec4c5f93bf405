"""The code and layers of functions, unpacked once for all their processes.

MiniStack hands each process the archives as bytes and unpacks them into a folder of its own. Here
a process is handed a ticket instead, which names the archive by its digest, and what would unpack
it puts a link to the shared folder in place.
"""

import hashlib
import io
import os
import shutil
import threading
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

_TICKET = b"evalyard-archive "
# Beyond what is unpacked this much stays free, for everybody else on the machine.
_MARGIN_BYTES = 256 * 1024**2
_REMEMBERED = 64
# A folder that no process uses goes after this time; a deployment brings new ones.
_UNUSED_AFTER_S = 600.0


class NoRoom(Exception):
    """Neither memory nor disk holds what a process would need."""


class Archives:
    """Shared folders, in the first of several places that has room at the time."""

    def __init__(
        self, places: tuple[Path, ...], free_bytes: Callable[[Path], int] | None = None
    ) -> None:
        self._places = places
        self._free_bytes = free_bytes or (lambda place: shutil.disk_usage(place).free)
        self._lock = threading.Lock()
        self._unpacking: dict[str, threading.Lock] = {}
        self._archives: OrderedDict[str, bytes] = OrderedDict()
        self._digests: dict[int, str] = {}
        self._used_at: dict[str, float] = {}

    def ticket(self, archive: bytes) -> bytes:
        """What stands for an archive where only its bytes can."""
        return _TICKET + self._remember(archive).encode()

    def _remember(self, archive: bytes) -> str:
        with self._lock:
            # An id names bytes for as long as they are held here.
            digest = self._digests.get(id(archive))
            if digest is None or self._archives.get(digest) is not archive:
                digest = hashlib.sha256(archive).hexdigest()
                self._archives[digest] = archive
                self._digests[id(archive)] = digest
            self._archives.move_to_end(digest)
            while len(self._archives) > _REMEMBERED:
                self._archives.popitem(last=False)
            held = {id(each) for each in self._archives.values()}
            self._digests = {key: name for key, name in self._digests.items() if key in held}
            return digest

    def redeem(self, ticket: bytes) -> Path | None:
        """The folder of what a ticket stands for, unpacked now if need be; None for other bytes.

        Raises NoRoom.
        """
        if not ticket.startswith(_TICKET):
            return None
        digest = ticket.removeprefix(_TICKET).decode()
        with self._lock:
            turn = self._unpacking.setdefault(digest, threading.Lock())
        with turn:
            self._used_at[digest] = time.monotonic()
            return self._found(digest) or self._unpack(digest)

    def _found(self, digest: str) -> Path | None:
        return next((p / digest for p in self._places if (p / digest).is_dir()), None)

    def _unpack(self, digest: str) -> Path:
        archive = self._archives[digest]
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            needed = sum(each.file_size for each in opened.infolist())
            folder = self._place_for(needed) / digest
            unfinished = folder.with_name(f".{digest}")
            shutil.rmtree(unfinished, ignore_errors=True)
            opened.extractall(unfinished)
        unfinished.rename(folder)
        return folder

    def _place_for(self, needed: int) -> Path:
        for place in self._places:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._free_bytes(place) >= needed + _MARGIN_BYTES:
                return place
        places = " nor ".join(str(place) for place in self._places)
        raise NoRoom(f"{needed / 1024**2:.0f} MB of code and layers fit neither into {places}")

    def remove_unused(self, linked: set[Path]) -> None:
        """Removes folders that no process links to and that none asked for of late."""
        oldest = time.monotonic() - _UNUSED_AFTER_S
        for place in self._places:
            for folder in place.iterdir() if place.is_dir() else ():
                used = self._used_at.get(folder.name, oldest)
                if folder not in linked and used <= oldest and not folder.name.startswith("."):
                    shutil.rmtree(folder, ignore_errors=True)


class TicketFile:
    """Stands for a ZipFile whose file holds a ticket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "TicketFile":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def namelist(self) -> list[str]:
        """Nothing for the caller to check: the archive was unpacked where nothing can escape."""
        return []

    def extractall(self, path: str | os.PathLike[str]) -> None:
        """Puts a link where the caller made an empty folder."""
        os.rmdir(path)
        os.symlink(self._folder, path)
