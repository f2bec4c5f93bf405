"""Large byte strings of a saved state, kept in files named by their digest.

Layers are a hundred megabytes that hardly ever change; within the state they would be written and
read with it each time.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

_MARK = "__evalyard_blob__"
_LARGE = 64 * 1024


class Blobs:
    """The files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[int, tuple[bytes, str]] = {}
        self._in_use: set[str] = set()

    def taken_out(self, content: Any) -> Any:
        """The same content with references in the place of large byte strings."""
        if isinstance(content, bytes):
            return {_MARK: self._store(content)} if len(content) >= _LARGE else content
        if isinstance(content, dict):
            return {name: self.taken_out(value) for name, value in content.items()}
        if isinstance(content, list):
            return [self.taken_out(value) for value in content]
        if hasattr(content, "_data"):
            # One of MiniStack's containers, which keep their content by account and region.
            container = type(content)()
            container._data = self.taken_out(content._data)
            return container
        return content

    def put_back(self, content: Any) -> Any:
        """The content with its byte strings, each of them once in memory."""
        read: dict[str, bytes] = {}
        return self._put_back(content, read)

    def _put_back(self, content: Any, read: dict[str, bytes]) -> Any:
        if isinstance(content, dict):
            if set(content) == {_MARK}:
                return self._read(content[_MARK], read)
            for name, value in content.items():
                content[name] = self._put_back(value, read)
        elif isinstance(content, list):
            content[:] = [self._put_back(value, read) for value in content]
        elif hasattr(content, "_data"):
            self._put_back(content._data, read)
        return content

    def begin(self) -> None:
        """A new state is about to be written."""
        self._in_use = set()

    def remove_unused(self) -> None:
        """Removes what the state that was written does not name."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in self._in_use:
                path.unlink()

    def _store(self, content: bytes) -> str:
        # An id names bytes for as long as they are held here.
        held = self._digests.get(id(content))
        digest = held[1] if held else hashlib.sha256(content).hexdigest()
        self._digests[id(content)] = (content, digest)
        self._in_use.add(digest)
        path = self._folder / digest
        if not path.exists():
            _write(path, content)
        return digest

    def _read(self, digest: str, read: dict[str, bytes]) -> bytes:
        if digest not in read:
            content = read[digest] = (self._folder / digest).read_bytes()
            self._digests[id(content)] = (content, digest)
        return read[digest]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
