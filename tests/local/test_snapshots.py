"""The stack is saved whole or not at all, and large byte strings once."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.emulator.snapshots import NotSaved, Snapshots

LARGE = b"\0" * 100_000


def write(folder: Path, name: str, content: Any) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content))


def save(snapshots: Snapshots, code: frozenset[str] = frozenset(), **services: Any) -> int:
    states = {name: (lambda content=content: content) for name, content in services.items()}
    return snapshots.save(states, write, lambda: set(code))


def read(snapshots: Snapshots, name: str) -> Any:
    return snapshots.restored(json.loads((snapshots.folder / f"{name}.json").read_text()))


def test_newest_state_is_loaded_when_several_were_saved(tmp_path: Path) -> None:
    save(Snapshots(tmp_path), iam={"roles": 1})
    save(Snapshots(tmp_path), iam={"roles": 2}, sns=None)

    again = Snapshots(tmp_path)

    assert again.generation == 2
    assert read(again, "iam") == {"roles": 2}
    assert [path.name for path in tmp_path.glob("generation-*")] == ["generation-00000002"]


def test_old_state_stands_when_a_service_fails_or_writes_nothing(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    save(snapshots, iam={"roles": 1}, sqs={})

    def fails() -> Any:
        raise RuntimeError("dictionary changed size during iteration")

    states = {"iam": lambda: {"roles": 2}, "sqs": fails}
    with pytest.raises(NotSaved, match="sqs: RuntimeError"):
        snapshots.save(states, write, set)
    with pytest.raises(NotSaved, match="iam: not written"):
        snapshots.save({"iam": dict}, lambda *_: None, set)

    assert read(Snapshots(tmp_path), "iam") == {"roles": 1}


def test_half_written_state_is_replaced_when_its_process_was_killed(tmp_path: Path) -> None:
    save(Snapshots(tmp_path), iam={"roles": 1})
    (tmp_path / "generation-00000002").mkdir()
    (tmp_path / "generation-00000002" / "stale.json").write_text("{")
    loaded = read(Snapshots(tmp_path), "iam")

    save(Snapshots(tmp_path), iam={"roles": 2})

    assert loaded == {"roles": 1}
    assert [path.name for path in Snapshots(tmp_path).folder.iterdir()] == ["iam.json"]


def test_state_stands_when_nothing_differs(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)

    assert [save(snapshots, iam={"roles": 1}) for _ in range(2)] == [1, 1]
    assert save(snapshots, iam={"roles": 2}) == 2


def test_what_an_older_version_left_is_loaded_and_then_replaced(tmp_path: Path) -> None:
    (tmp_path / "iam.json").write_text('{"roles": 1}')
    snapshots = Snapshots(tmp_path)
    loaded, outdated = read(snapshots, "iam"), snapshots.outdated

    save(snapshots, iam={"roles": 1})

    assert loaded == {"roles": 1}
    assert (outdated, snapshots.outdated) == (True, False)
    assert not (tmp_path / "iam.json").exists()


def test_large_bytes_are_stored_once_and_go_when_no_state_names_them(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    save(snapshots, **{"lambda": {"layers": [{"zip": LARGE}, {"zip": bytes(LARGE)}], "n": 1}})
    stored = [path.stat().st_size for path in (tmp_path / "blobs").iterdir()]

    again = read(Snapshots(tmp_path), "lambda")
    save(snapshots, **{"lambda": {"layers": []}})

    assert stored == [len(LARGE)]
    assert again == {"layers": [{"zip": LARGE}, {"zip": LARGE}], "n": 1}
    assert again["layers"][0]["zip"] is again["layers"][1]["zip"]
    assert not list((tmp_path / "blobs").iterdir())


def test_code_goes_only_after_the_state_that_named_it(tmp_path: Path) -> None:
    code = tmp_path / "lambda-blobs"
    code.mkdir()
    for name in ("old", "new"):
        (code / f"{name}.zip").touch()
    snapshots = Snapshots(tmp_path)
    with pytest.raises(NotSaved):
        snapshots.save({"iam": dict}, lambda *_: None, lambda: {"new"})
    before = {path.stem for path in code.iterdir()}

    save(snapshots, code=frozenset({"new"}), iam={})

    assert before == {"old", "new"}
    assert {path.stem for path in code.iterdir()} == {"new"}
