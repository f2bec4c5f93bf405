"""The kernel's own count of what it killed for want of memory."""

from pathlib import Path

import pytest
from evalyard_runner.backends.memory_kills import MemoryKills


def counted(root: Path, on_device: int, in_group: int) -> MemoryKills:
    """A count from files as the kernel writes them."""
    group = root / "cgroup" / "system.slice" / "runner.service"
    (root / "proc" / "self").mkdir(parents=True, exist_ok=True)
    group.mkdir(parents=True, exist_ok=True)
    (root / "proc" / "vmstat").write_text(f"pgfault 9\noom_kill {on_device}\ndrop_slab 1\n")
    (root / "proc" / "self" / "cgroup").write_text("1:net:/x\n0::/system.slice/runner.service\n")
    (group / "memory.events").write_text(f"low 0\noom 7\noom_kill {in_group}\n")
    return MemoryKills.count(root / "proc", root / "cgroup")


@pytest.mark.parametrize(
    ("on_device", "in_group", "code"),
    [(3, 1, None), (4, 1, "device_out_of_memory"), (4, 2, "runtime_out_of_memory")],
)
def test_failure_says_whose_memory_was_short_when_the_kernel_killed(
    tmp_path: Path, on_device: int, in_group: int, code: str | None
) -> None:
    earlier = counted(tmp_path, 3, 1)

    assert counted(tmp_path, on_device, in_group).code_since(earlier) == code


def test_nothing_is_claimed_when_nobody_counts(tmp_path: Path) -> None:
    nothing = MemoryKills.count(tmp_path, tmp_path)

    assert nothing == MemoryKills(0, 0)
    assert nothing.code_since(nothing) is None
