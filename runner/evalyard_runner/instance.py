"""The name of this process among those that say to be the same device.

Random, so that two processes never share it. With a folder to keep it in, the process that follows
one that was killed has the same name again, and need not wait until the API has forgotten that:
the file is locked while its process lives, and of no use on another machine, to which it may have
been copied with everything else, or after a reboot.
"""

import hashlib
import secrets
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

try:
    import fcntl
except ImportError:  # There is no such thing on Windows.
    fcntl = None  # type: ignore[assignment]

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_LENGTH: Final = 32
# A lock goes with its file, which must stay open.
_locked: Final[list[IO[str]]] = []


def own_instance(folder: Path | None, serial: str, boot_id: Path = _BOOT_ID) -> str:
    """Never fails: what cannot be kept is new each time."""
    if folder is None or fcntl is None:
        return secrets.token_hex(_LENGTH // 2)
    try:
        kept = _kept(folder / f"{quote(serial, safe='')}.instance")
        return hashlib.sha256((kept + boot_id.read_text()).encode()).hexdigest()[:_LENGTH]
    except (OSError, ValueError):
        return secrets.token_hex(_LENGTH // 2)


def _kept(path: Path) -> str:
    """What the file holds, which is ours from now on. Raises OSError while another has it."""
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.seek(0)
        kept = file.read(_LENGTH)
        if len(kept) < _LENGTH:
            file.truncate(0)
            kept = secrets.token_hex(_LENGTH // 2)
            file.write(kept)
            file.flush()
    except BaseException:
        file.close()
        raise
    _locked.append(file)
    return kept
