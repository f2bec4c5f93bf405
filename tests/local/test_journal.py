"""The journal gives back what was appended, whatever moment it was killed at."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local.emulator.journal import Checkpoint, Journal, JournalDamaged, Operation


def begun(folder: Path) -> Journal:
    """A journal whose first base is empty."""
    journal = Journal(folder)
    journal.recover(lambda _: None)
    journal.checkpoint().finish()
    return journal


def recovered(folder: Path) -> list[Operation]:
    """What a process that starts now would repeat."""
    found: list[Operation] = []
    Journal(folder).recover(found.append)
    return found


def log(folder: Path) -> Path:
    """The log that is appended to."""
    return max(folder.glob("*.log"))


def test_nothing_is_recovered_when_nothing_was_stored(tmp_path: Path) -> None:
    assert Journal(tmp_path).recover(lambda _: None) is False


def test_operations_come_back_in_their_order_when_it_was_killed(tmp_path: Path) -> None:
    journal = begun(tmp_path)

    journal.append(lambda: [["put", "a", 1], ["put", "b", 2]])
    journal.append(lambda: [["gone", "a"]])

    assert recovered(tmp_path) == [["put", "a", 1], ["put", "b", 2], ["gone", "a"]]


@pytest.mark.parametrize("tail", [b"0", b"00000000 [[1]]\n", b"\x00" * 4096, b"6b9f1c [", b"\n"])
def test_what_is_appended_after_a_torn_line_survives_when_killed_again(
    tmp_path: Path, tail: bytes
) -> None:
    begun(tmp_path).append(lambda: [["before"]])
    with log(tmp_path).open("ab") as file:
        file.write(tail)
    journal = Journal(tmp_path)
    journal.recover(lambda _: None)

    journal.append(lambda: [["after"]])

    assert recovered(tmp_path) == [["before"], ["after"]]


def test_line_is_there_whole_or_not_at_all_wherever_it_is_cut(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.append(lambda: [["first"]])
    before = log(tmp_path).stat().st_size
    journal.append(lambda: [["put", "a"], ["put", "b"]])
    content = log(tmp_path).read_bytes()

    for length in range(before, len(content)):
        log(tmp_path).write_bytes(content[:length])

        assert recovered(tmp_path) == [["first"]]


def test_damage_before_the_end_is_refused_and_nothing_removed(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    for name in ("one", "two", "three"):
        journal.append(lambda name=name: [[name]])
    damaged = log(tmp_path).read_bytes().replace(b"two", b"tow")
    log(tmp_path).write_bytes(damaged)

    with pytest.raises(JournalDamaged, match=r"\.log cannot be read after byte \d+"):
        recovered(tmp_path)

    assert log(tmp_path).read_bytes() == damaged


def test_damaged_base_is_refused(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    checkpoint = journal.checkpoint()
    checkpoint.write([["put", "a", 1]])
    checkpoint.finish()
    base = max(tmp_path.glob("*.base"))
    base.write_bytes(base.read_bytes()[:-3])

    with pytest.raises(JournalDamaged):
        recovered(tmp_path)


@contextmanager
def full_disk(more: int, path: Path) -> Iterator[None]:
    """While entered, no file grows beyond so many bytes more than this one has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_refused_write_is_raised_and_made_good_when_there_is_room(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.append(lambda: [["before"]])

    with full_disk(5, log(tmp_path)), pytest.raises(OSError, match="File too large"):
        journal.append(lambda: [["refused"]])
    whole_meanwhile = recovered(tmp_path)
    journal.append(lambda: [["after"]])

    assert whole_meanwhile == [["before"]]
    assert recovered(tmp_path) == [["before"], ["refused"], ["after"]]


def test_only_the_newest_files_stay_when_a_checkpoint_is_finished(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.append(lambda: [["put", "a", 1]])

    checkpoint = journal.checkpoint()
    checkpoint.write([["put", "a", 1]])
    checkpoint.finish()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000002.base", "00000002.log"]
    assert journal.log_bytes == 0


KEYS = st.sampled_from("abc")


class Interrupted(RuleBasedStateMachine):
    """Changes, checkpoints and kills in any order; a checkpoint is written a key at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.journal = begun(self.folder)
        self.state: dict[str, int] = {}
        self.checkpoint: Checkpoint | None = None
        self.left: list[str] = []

    @rule(key=KEYS, value=st.integers(0, 99))
    def put(self, key: str, value: int) -> None:
        self.state[key] = value
        self.journal.append(lambda: [["put", key, value]])

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.state.pop(key, None)
        self.journal.append(lambda: [["gone", key]])

    @precondition(lambda self: self.checkpoint is None)
    @rule()
    def begin_checkpoint(self) -> None:
        self.checkpoint, self.left = self.journal.checkpoint(), list(self.state)

    @precondition(lambda self: self.left)
    @rule()
    def write_a_key(self) -> None:
        assert self.checkpoint is not None
        key = self.left.pop()
        self.checkpoint.write([["put", key, self.state[key]]] if key in self.state else [])

    @precondition(lambda self: self.checkpoint is not None and not self.left)
    @rule()
    def finish_checkpoint(self) -> None:
        assert self.checkpoint is not None
        self.checkpoint.finish()
        self.checkpoint = None

    @rule(torn=st.binary(max_size=9))
    def kill(self, torn: bytes) -> None:
        self.abandon()
        with log(self.folder).open("ab") as file:
            file.write(torn)
        self.journal = Journal(self.folder)
        self.journal.recover(lambda _: None)

    @invariant()
    def everything_accepted_would_be_back(self) -> None:
        again: dict[str, int] = {}
        with TemporaryDirectory() as copy:
            shutil.copytree(self.folder, copy, dirs_exist_ok=True)
            Journal(Path(copy)).recover(partial(repeat, again))
        assert again == self.state

    def abandon(self) -> None:
        if self.checkpoint is not None:
            self.checkpoint.abandon()
        self.checkpoint, self.left = None, []

    def teardown(self) -> None:
        self.abandon()
        shutil.rmtree(self.folder)


def repeat(state: dict[str, int], operation: Operation) -> None:
    """Carries out one operation."""
    if operation[0] == "put":
        state[operation[1]] = operation[2]
    else:
        state.pop(operation[1], None)


TestInterrupted = Interrupted.TestCase
