"""A digest of all that goes into a deployment: sources and parameters."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from local.home import ROOT

# What a deployment is made of. Anything else may change without one.
_SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "shared", "dashboard")
_SKIPPED = {"__pycache__", "node_modules"}


def fingerprint(parameters: Mapping[str, str]) -> str:
    """64 hexadecimal digits; the same for the same sources and parameters."""
    digest = hashlib.sha256(repr(sorted(parameters.items())).encode())
    for name in _SOURCES:
        for path in _files(ROOT / name):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        each for each in path.rglob("*") if each.is_file() and not _SKIPPED & set(each.parts)
    )
