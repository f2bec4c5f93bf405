"""Where the local AWS unpacks functions and layers: in memory where there is room, else on disk.

They are thousands of small files, so that the disk is what a cold start waits for. The room is
looked at again before each archive is unpacked.
"""

import hashlib
import os
import shutil
from functools import cache
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made below is ours alone
_ROOM_BYTES = 1024**3


@cache
def scratch_folder(root: Path) -> Path:
    """The folder for one home; the same for as long as this program runs."""
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    in_memory = _MEMORY / f"evalyard-{os.getuid()}-{digest}"
    return in_memory if _has_room() or in_memory.exists() else root / "tmp"


def _has_room() -> bool:
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return usable and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
