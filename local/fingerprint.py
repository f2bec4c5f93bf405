"""A digest of all that goes into a deployment: sources and parameters."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.home import ROOT

# What a deployment is made of. Anything else may change without one.
_SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "shared", "dashboard")
_SKIPPED = {"__pycache__", "node_modules"}


def fingerprint(parameters: Mapping[str, str], more: Sequence[str] = ()) -> str:
    """64 hexadecimal digits; the same for the same parameters, sources and further files."""
    digest = hashlib.sha256(repr(sorted(parameters.items())).encode())
    for name in (*_SOURCES, *more):
        for path in _files(ROOT / name):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(_below(path))


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        # Not walked at all: there are tens of thousands of files in some.
        folders[:] = set(folders) - _SKIPPED
        yield from (Path(parent, name) for name in names)
