"""What MiniStack keeps apart from items, messages and objects: stacks, functions, roles, routes.

Saved while it runs, all services together, into a folder of its own; a pointer is turned to the
folder once it is whole, so a death leaves the old state or the new one. A state in which a stack
operation is under way is never saved: nothing would carry it on.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.emulator.blobs import Blobs

_POINTER = "generation"
# Where MiniStack itself keeps the code of functions.
_CODE = "lambda-blobs"
# The services whose states hold large byte strings.
_WITH_BLOBS = {"lambda"}


class NotSaved(Exception):
    """A service could not say what it holds; its last saved state stands."""


class Snapshots:
    """The saved states in MiniStack's state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._digest = b""
        self._blobs = Blobs(state / "blobs")

    @property
    def generation(self) -> int:
        """The number of the newest saved state; 0 before the first."""
        with suppress(FileNotFoundError, ValueError):
            return int((self._state / _POINTER).read_text())
        return 0

    @property
    def folder(self) -> Path:
        """Where to load from: the newest generation, or what an older version left."""
        number = self.generation
        return self._folder(number) if number else self._state

    @property
    def outdated(self) -> bool:
        """Whether what is here was left by an older version."""
        return not self.generation and any(self._state.glob("*.json"))

    def restored(self, content: Any) -> Any:
        """A service's state as it was before `save`."""
        return self._blobs.put_back(content)

    def save(
        self,
        services: Mapping[str, Callable[[], Any]],
        write: Callable[[Path, str, Any], None],
        code_in_use: Callable[[], set[str]],
    ) -> int:
        """Saves all services; the number of the state that holds now.

        `write` writes one service's state into a folder. When nothing differs from the newest
        state, that one stands. Raises NotSaved when a service fails.
        """
        self._blobs.begin()
        number = self.generation + 1
        folder = self._folder(number)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, state in services.items():
            self._save_one(folder, name, state, write)
        digest = _digest(folder)
        if digest == self._digest:
            shutil.rmtree(folder)
            return number - 1
        self._turn_to(number)
        self._digest = digest
        self._remove_others(number, code_in_use())
        self._blobs.remove_unused()
        return number

    def _save_one(
        self,
        folder: Path,
        name: str,
        state: Callable[[], Any],
        write: Callable[[Path, str, Any], None],
    ) -> None:
        try:
            content = state()
        except Exception as exc:
            # The last resort: whatever a service stumbles over, half a state must not replace all.
            raise NotSaved(f"{name}: {exc!r}") from exc
        if content is None:
            return
        write(folder, name, self._blobs.taken_out(content) if name in _WITH_BLOBS else content)
        path = folder / f"{name}.json"
        if not path.exists():
            raise NotSaved(f"{name}: not written")
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def _turn_to(self, number: int) -> None:
        unfinished = self._state / f".{_POINTER}"
        with unfinished.open("w") as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._state / _POINTER)

    def _remove_others(self, number: int, code: set[str]) -> None:
        kept = self._folder(number)
        for path in self._state.iterdir():
            if path.name.startswith("generation-") and path != kept:
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".json":
                # Of a version that saved only when it was stopped.
                path.unlink()
        for path in (self._state / _CODE).glob("*.zip"):
            if path.stem not in code:
                path.unlink(missing_ok=True)

    def _folder(self, number: int) -> Path:
        return self._state / f"generation-{number:08d}"


def _digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()
