"""Log files that several threads append to: bounded, and never in the way of what is logged."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TextIO

# As much again is kept of what came before.
MOST_BYTES = 64 * 2**20
_SHOWN_AT_FIRST = 20
_LOOKS_EVERY_S = 0.3
_turn = Lock()


def append(path: Path, lines: Iterable[str]) -> None:
    """Append lines. A file that is full becomes `<name>.log.1`, in the place of the one before it.
    What cannot be written, as on a full disk, is lost.
    """
    with _turn, suppress(OSError):
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(f"{line}\n" for line in lines)
            is_full = file.tell() > MOST_BYTES
        if is_full:
            path.replace(path.with_name(f"{path.name}.1"))
            path.touch()


def follow(path: Path) -> Iterator[str]:
    """The last lines, then each new one, for ever."""
    for number in count():
        with path.open(encoding="utf-8") as file:
            # Of one that took another's place, all is new.
            yield from file if number else file.readlines()[-_SHOWN_AT_FIRST:]
            while _is_at(path, file):
                yield from iter(file.readline, "")
                time.sleep(_LOOKS_EVERY_S)
            yield from iter(file.readline, "")


def _is_at(path: Path, file: TextIO) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return True
