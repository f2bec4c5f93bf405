"""A bar for uploads: rows, bytes, rate and time left."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from evalyard.cli.session import Session


@contextmanager
def progress(
    session: Session, source: BinaryIO, done: str = "are stored"
) -> Iterator[Callable[[int], object]]:
    """What is called after each part: moves a bar on a terminal, prints a line elsewhere."""
    if not session.lively:
        yield lambda rows: session.say(f"{rows} rows {done}") if rows else None
        return
    columns = (
        TextColumn("{task.fields[rows]} rows"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=_size(source), rows=0)
        yield lambda rows: bar.update(task, completed=_place(source), rows=rows)


def _size(source: BinaryIO) -> int | None:
    try:
        return os.fstat(source.fileno()).st_size or None
    except OSError:
        return None


def _place(source: BinaryIO) -> int:
    # A file that is iterated does not say how far; its descriptor does.
    try:
        return os.lseek(source.fileno(), 0, os.SEEK_CUR)
    except OSError:
        return 0
