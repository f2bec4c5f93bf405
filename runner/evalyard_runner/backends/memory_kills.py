"""Whether the kernel has lately killed a process to free memory, by its own counters.

`oom_kill` of /proc/vmstat counts the whole machine (https://docs.kernel.org/filesystems/proc.html),
that of a control group's memory.events what a limit of a container or service did.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_CGROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class MemoryKills:
    """How often it happened so far; 0 where no counter can be read."""

    on_device: int
    in_group: int

    @classmethod
    def count(cls, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> "MemoryKills":
        """As of now, for this process's own control group."""
        return cls(_counter(proc / "vmstat"), _counter(_group(proc, cgroups) / "memory.events"))

    def code_since(self, earlier: "MemoryKills") -> str | None:
        """The failure of a process that was killed since an earlier count; None if it was not that.

        A kill in a group is counted for the machine, too, so the group is asked first.
        """
        if self.in_group > earlier.in_group:
            return "runtime_out_of_memory"
        return "device_out_of_memory" if self.on_device > earlier.on_device else None


def _counter(file: Path) -> int:
    for line in _lines(file):
        name, _, value = line.partition(" ")
        if name == "oom_kill" and value.isdecimal():
            return int(value)
    return 0


def _group(proc: Path, cgroups: Path) -> Path:
    """The unified hierarchy is the one numbered 0."""
    for line in _lines(proc / "self" / "cgroup"):
        if line.startswith("0::"):
            return cgroups / line[3:].lstrip("/")
    return cgroups


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
