"""What a killed MiniStack left half written of S3 objects is undone, and nothing else."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from local.emulator.objects import mend_objects

BUCKET = "000000000000/bucket"


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def described(content: bytes, version: str | None, **more: Any) -> dict[str, Any]:
    return {"etag": etag(content), "size": len(content), "version_id": version, **more}


def put(root: Path, key: str, content: bytes, description: dict[str, Any] | None) -> Path:
    """An object as MiniStack stores it: its bytes, and then what describes them."""
    path = root / BUCKET / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if description is not None:
        path.with_name(f"{path.name}.meta.json").write_text(json.dumps(description))
    return path


def put_aside(root: Path, key: str, content: bytes, version: str) -> Path:
    """A version that is not the newest any more."""
    path = root / ".versions" / BUCKET / version / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def overwritten(path: Path, content: bytes) -> None:
    """The bytes were replaced a moment after they were described."""
    path.write_bytes(content)
    modified = path.with_name(f"{path.name}.meta.json").stat().st_mtime + 1
    os.utime(path, (modified, modified))


def description_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_name(f"{path.name}.meta.json").read_text())
    return content


def test_nothing_is_touched_when_all_writes_were_finished(tmp_path: Path) -> None:
    put(tmp_path, "d/k", b"new", described(b"new", "v2"))
    put_aside(tmp_path, "d/k", b"old", "v1")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert mend_objects(tmp_path) == []

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_bytes_that_nothing_describes_are_removed(tmp_path: Path) -> None:
    path = put(tmp_path, "d/k", b"half", None)
    (path.parent / "other.tmp").write_bytes(b"ha")

    said = mend_objects(tmp_path)

    assert sorted(said) == [
        f"removed {BUCKET}/d/k, written but not answered",
        f"removed {BUCKET}/d/other.tmp, never finished",
    ]
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("parts", ["", "-2"])
def test_version_that_was_answered_comes_back_when_an_overwrite_was_not(
    tmp_path: Path, parts: str
) -> None:
    description = described(b"old", "v1")
    description["etag"] = description["etag"][:-1] + parts + '"'
    path = put(tmp_path, "d/k", b"old", description)
    put_aside(tmp_path, "d/k", b"old", "v1")
    overwritten(path, b"new")

    mend_objects(tmp_path)

    assert path.read_bytes() == b"old"
    assert description_of(path) == description
    assert mend_objects(tmp_path) == []


def test_older_version_is_described_when_the_newer_one_was_being_deleted(tmp_path: Path) -> None:
    old = {"version_id": "v1", "etag": etag(b"old"), "size": 3}
    new = {"version_id": "v2", "etag": etag(b"newer"), "size": 5}
    path = put(tmp_path, "d/k", b"newer", described(b"newer", "v2", versions=[old, new]))
    put_aside(tmp_path, "d/k", b"old", "v1")
    overwritten(path, b"old")

    mend_objects(tmp_path)

    found = description_of(path)
    assert (found["version_id"], found["etag"], found["size"]) == ("v1", etag(b"old"), 3)
    assert found["versions"] == [old]


def test_overwrite_counts_when_there_are_no_versions(tmp_path: Path) -> None:
    path = put(tmp_path, "k", b"old", described(b"old", None, content_type="text/plain"))
    overwritten(path, b"newer")

    mend_objects(tmp_path)

    assert path.read_bytes() == b"newer"
    assert description_of(path)["etag"] == etag(b"newer")
    assert description_of(path)["content_type"] == "text/plain"


def test_touched_and_deleted_objects_stay_as_they_are(tmp_path: Path) -> None:
    copied = put(tmp_path, "copied", b"same", described(b"same", "v1"))
    overwritten(copied, b"same")
    hidden = put(tmp_path, "hidden", b"x", {"is_delete_marker": True, "version_id": "m"})
    overwritten(hidden, b"y")

    assert mend_objects(tmp_path) == []

    assert copied.read_bytes() == b"same"
    assert description_of(hidden) == {"is_delete_marker": True, "version_id": "m"}


def test_nothing_is_done_when_there_are_no_objects(tmp_path: Path) -> None:
    assert mend_objects(tmp_path) == []
