"""How much memory there is for one more process: of the machine, of its container."""

import os
from collections.abc import Iterable
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def total_bytes() -> int:
    """What the machine has, or our control group may use."""
    machine, limit = _of_machine("MemTotal"), _read_int(_CGROUP / "memory.max")
    return machine if limit is None else min(machine, limit)


def available_bytes() -> int:
    """What could be had without swapping, within the limit of our control group."""
    machine = _of_machine("MemAvailable")
    limit, used = _read_int(_CGROUP / "memory.max"), _read_int(_CGROUP / "memory.current")
    return machine if limit is None or used is None else min(machine, limit - used)


def _of_machine(name: str) -> int:
    for line in _MEMINFO.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _read_int(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def resident_bytes(pids: Iterable[int]) -> int:
    """What processes hold in memory; those that are gone hold nothing."""
    return sum(_resident(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
