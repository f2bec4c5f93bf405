"""Puts S3 objects right that a killed process left half written, before MiniStack reads them.

MiniStack writes an object's bytes, then a file next to them that says what they are, and then
answers. So bytes without that file, or newer than it, belong to a write that was not answered. The
version it would have replaced was copied aside before.
"""

import filecmp
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SIDECAR = ".meta.json"
_VERSIONS = ".versions"
_UNFINISHED = ".tmp"


def mend_objects(root: Path) -> list[str]:
    """Undoes unfinished writes under the folder of all objects; what was done, for the log."""
    return [said for account in _accounts(root) for said in _mend_account(root, account)]


def _accounts(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir() and path.name != _VERSIONS]


def _mend_account(root: Path, account: Path) -> Iterator[str]:
    for path in _files(account):
        if path.name.endswith(_UNFINISHED):
            path.unlink()
            yield f"removed {path.relative_to(root)}, never finished"
        elif not path.name.endswith(_SIDECAR):
            yield from _mend_object(root, path)
    for path in _files(root / _VERSIONS):
        if path.name.endswith(_UNFINISHED):
            path.unlink()


def _mend_object(root: Path, path: Path) -> Iterator[str]:
    sidecar = path.with_name(path.name + _SIDECAR)
    if not sidecar.exists():
        path.unlink()
        yield f"removed {path.relative_to(root)}, written but not answered"
        return
    if path.stat().st_mtime_ns <= sidecar.stat().st_mtime_ns:
        return
    described = json.loads(sidecar.read_text())
    former = _former(root, path, described)
    if described.get("is_delete_marker") or _fits(path, described, former):
        return
    if former is not None:
        _replace(path, former.read_bytes())
        os.utime(path, ns=(sidecar.stat().st_mtime_ns,) * 2)
        yield f"restored {path.relative_to(root)}, overwritten but not answered"
        return
    _replace(sidecar, json.dumps(_described_anew(path, described)).encode())
    yield f"took over {path.relative_to(root)}, changed but not answered"


def _fits(path: Path, described: dict[str, Any], former: Path | None) -> bool:
    """Whether the bytes are those that are described; those of many parts are known by size."""
    if former is not None:
        return filecmp.cmp(path, former, shallow=False)
    etag = str(described.get("etag", "")).strip('"')
    return path.stat().st_size == described.get("size") and ("-" in etag or etag == _md5(path))


def _former(root: Path, path: Path, described: dict[str, Any]) -> Path | None:
    """Where the described version was copied aside before it was overwritten."""
    version, inside = described.get("version_id"), path.relative_to(root)
    if not version:
        return None
    account, bucket, *key = inside.parts
    kept = root.joinpath(_VERSIONS, account, bucket, version, *key)
    return kept if kept.exists() else None


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(path.name + _UNFINISHED)
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _described_anew(path: Path, described: dict[str, Any]) -> dict[str, Any]:
    """What the bytes are: an older version that became current again, or a write that counts."""
    etag = f'"{_md5(path)}"'
    versions = described.get("versions", [])
    for index, version in enumerate(versions[:-1]):
        if version.get("etag") == etag:
            return {**described, **version, "versions": versions[: index + 1]}
    return {**described, "etag": etag, "size": path.stat().st_size, "checksums": {}}


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
