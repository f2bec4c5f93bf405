"""What is kept between invocations: the recently used, and whatever is in use."""

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.storage.lake.scratch import Scratch


@pytest.fixture
def new_scratch(tmp_path, monkeypatch):
    """Makes readers of one folder of 100 bytes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: Scratch("kept", 100)


def obtain(scratch: Scratch, name: str, size: int = 40) -> tuple[Path, bool]:
    """The file, and whether it had to be made."""
    made = []
    path = scratch.obtain(
        name, size, lambda target: made.append(target.write_bytes(name[:1].encode() * size))
    )
    assert path.read_bytes() == name[:1].encode() * size
    return path, bool(made)


def test_file_is_made_once_when_obtained_again(new_scratch):
    assert obtain(new_scratch(), "a/b")[1] is True
    assert obtain(new_scratch(), "a/b")[1] is False


def test_least_recently_used_goes_first_when_room_runs_out(new_scratch):
    old, newer = obtain(new_scratch(), "a")[0], obtain(new_scratch(), "b")[0]
    os.utime(newer, (1, 1))
    obtain(new_scratch(), "b")
    os.utime(old, (1, 1))

    obtain(new_scratch(), "c")

    assert (old.exists(), newer.exists()) == (False, True)


def test_file_stays_when_its_reader_still_holds_it(new_scratch):
    reader = new_scratch()
    held, released = obtain(reader, "a")[0], obtain(reader, "b")[0]
    reader.release(released)

    obtain(reader, "c")

    assert (held.exists(), released.exists()) == (True, False)


def test_least_recently_used_go_when_there_are_very_many(new_scratch):
    reader = new_scratch()
    folder = obtain(reader, "old", 0)[0].parent
    reader.release(folder / "old")
    os.utime(folder / "old", (1, 1))
    for number in range(4_999):
        (folder / f"{number}").touch()

    obtain(new_scratch(), "one more")

    assert not (folder / "old").exists()
    assert len(list(folder.iterdir())) == 5_000


def test_files_are_counted_once_when_many_are_made_side_by_side(new_scratch, monkeypatch):
    counted = []
    usage = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: counted.append(path) or usage(path))
    reader = new_scratch()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: obtain(reader, str(number), 1), range(40)))

    assert len(counted) == 1


def test_nothing_is_left_when_making_fails(new_scratch):
    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise RuntimeError

    scratch = new_scratch()
    with pytest.raises(RuntimeError):
        scratch.obtain("a", 40, fail)

    assert list(scratch.folder.iterdir()) == []
    assert obtain(scratch, "a")[1] is True
