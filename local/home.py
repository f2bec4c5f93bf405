"""The folder of one local cloud: its paths, its lock, and the small private files in it."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.errors import LocalCloudError

# The repository.
ROOT = Path(__file__).resolve().parent.parent
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made below is ours alone
_ROOM_BYTES = 1024**3


@dataclass(frozen=True)
class Home:
    """Paths under EVALYARD_HOME; none of them exists before `prepare`."""

    root: Path

    @property
    def announcement(self) -> Path:
        """`local.json`: there exactly while everything answers."""
        return self.root / "local.json"

    @property
    def shell_environment(self) -> Path:
        """`env`: the same for a shell to source."""
        return self.root / "env"

    @property
    def credentials(self) -> Path:
        """Tokens of the demo accounts, kept so that they stay the same across restarts."""
        return self.root / "credentials.json"

    @property
    def deployed(self) -> Path:
        """What the stack was last deployed from."""
        return self.root / "deployed.json"

    @property
    def stack(self) -> Path:
        """What was last deployed, as the local AWS describes it."""
        return self.root / "stack.json"

    @property
    def children(self) -> Path:
        """Processes of the current run, for the next one to end should this one be killed."""
        return self.root / "children.json"

    @property
    def ministack_port(self) -> Path:
        """The port that queue URLs in the stored state name."""
        return self.root / "ministack-port"

    @property
    def state(self) -> Path:
        """MiniStack's state: a journal of what was accepted, and snapshots of the rest."""
        return self.root / "state"

    @property
    def state_lock(self) -> Path:
        """Held by the MiniStack that uses the state."""
        return self.state / "lock"

    @property
    def was_killed(self) -> bool:
        """Whether MiniStack ended otherwise than by being stopped, or runs."""
        return (self.state / "running").exists()

    @property
    def objects(self) -> Path:
        """S3 objects, written at once."""
        return self.root / "s3"

    @property
    def scratch(self) -> Path:
        """Unpacked functions and layers; emptied at each start and end."""
        return scratch_folder(self.root)

    @property
    def disk_scratch(self) -> Path:
        """Temporary files of functions, and what does not fit into memory; emptied likewise."""
        return self.root / "tmp"

    def log(self, name: str) -> Path:
        """`logs/<name>.log`."""
        return self.root / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Makes the folders, readable by this user only: they hold tokens and rows."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.state, self.objects, self.log("any").parent):
            folder.mkdir(exist_ok=True)
        self.empty_scratch()
        for folder in (self.scratch, self.disk_scratch):
            folder.mkdir(mode=0o700, exist_ok=True)

    def empty_scratch(self) -> None:
        """Removes unpacked functions and layers, and the temporary files of functions."""
        for folder in (self.scratch, self.disk_scratch):
            shutil.rmtree(folder, ignore_errors=True)

    def withdraw_announcement(self) -> None:
        """Removes `local.json` and `env`: the cloud does not answer, or not yet."""
        for path in (self.announcement, self.shell_environment):
            path.unlink(missing_ok=True)

    def forget_failed_start(self) -> None:
        """Forgets what a failed first deployment left: it would be in the way of the next."""
        if not self.deployed.exists():
            for folder in (self.state, self.objects):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held while a local cloud uses this folder; the kernel lets go when the process ends."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise LocalCloudError(
                    f"a local cloud already runs in {self.root} (pid {holder}); stop it first, "
                    "or choose another EVALYARD_HOME"
                ) from exc
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None when there is none or it is cut short."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_private_json(path: Path, content: dict[str, Any]) -> None:
    """Replaces a file at once with a JSON object; mode 0600."""
    write_private(path, json.dumps(content, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once, so that a reader sees the old or the new one; mode 0600."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)


@cache
def scratch_folder(root: Path) -> Path:
    """Where the local AWS of one home unpacks functions and layers: in memory where there is room,
    else on disk.

    They are thousands of small files, so that the disk is what a cold start waits for. The
    folder is the same for as long as this program runs.
    """
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    in_memory = _MEMORY / f"evalyard-{os.getuid()}-{digest}"
    return in_memory if _has_room() or in_memory.exists() else root / "tmp"


def _has_room() -> bool:
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return usable and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
