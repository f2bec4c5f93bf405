"""Code and layers are unpacked once, where there is room, and go when no process uses them."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.emulator import archives
from local.emulator.archives import Archives, NoRoom, TicketFile

PLENTY = 1024**3


def archive(content: bytes = b"x = 1\n") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("python/module.py", content)
    return buffer.getvalue()


def test_processes_get_the_same_folder_when_they_have_the_same_archive(tmp_path: Path) -> None:
    shared = Archives((tmp_path,), lambda _: PLENTY)
    one, other = shared.ticket(archive()), shared.ticket(archive())

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(shared.redeem, [one, other] * 8))

    assert len(folders) == 1
    assert [path.name for path in tmp_path.iterdir()] == [folders.pop().name]


def test_other_bytes_are_no_ticket(tmp_path: Path) -> None:
    assert Archives((tmp_path,)).redeem(archive()) is None


def test_disk_is_used_when_memory_has_no_room(tmp_path: Path) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    shared = Archives((memory, disk), lambda place: 0 if place == memory else PLENTY)

    folder = shared.redeem(shared.ticket(archive()))

    assert folder is not None
    assert folder.parent == disk
    assert (folder / "python/module.py").read_bytes() == b"x = 1\n"


def test_nothing_is_unpacked_when_there_is_room_nowhere(tmp_path: Path) -> None:
    shared = Archives((tmp_path / "memory", tmp_path / "disk"), lambda _: 1024)

    with pytest.raises(NoRoom, match=r"fit neither into .*memory nor .*disk"):
        shared.redeem(shared.ticket(archive()))

    assert not list(tmp_path.rglob("*.py"))


def test_link_stands_where_a_folder_was_made(tmp_path: Path) -> None:
    shared = Archives((tmp_path / "shared",), lambda _: PLENTY)
    folder = shared.redeem(shared.ticket(archive()))
    assert folder is not None
    (tmp_path / "code").mkdir()

    with TicketFile(folder) as opened:
        opened.extractall(tmp_path / "code")

    assert (tmp_path / "code").readlink() == folder
    assert (tmp_path / "code/python/module.py").is_file()


def test_folder_stays_while_it_is_linked_and_goes_when_unused_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Archives((tmp_path,), lambda _: PLENTY)
    old, new = (shared.redeem(shared.ticket(archive(each))) for each in (b"old", b"new"))
    assert old is not None
    assert new is not None
    shared.remove_unused(set())
    after_use = {path.name for path in tmp_path.iterdir()}
    monkeypatch.setattr(archives, "_UNUSED_AFTER_S", 0.0)

    shared.remove_unused({new})

    assert after_use == {old.name, new.name}
    assert {path.name for path in tmp_path.iterdir()} == {new.name}


def test_half_unpacked_folder_is_replaced_when_its_process_was_killed(tmp_path: Path) -> None:
    shared = Archives((tmp_path,), lambda _: PLENTY)
    ticket = shared.ticket(archive())
    digest = ticket.split(b" ")[1].decode()
    (tmp_path / f".{digest}").mkdir()
    (tmp_path / f".{digest}" / "half").touch()

    folder = shared.redeem(ticket)

    assert folder is not None
    assert [path.name for path in folder.iterdir()] == ["python"]
