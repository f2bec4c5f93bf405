"""Test files as pytest rewrites them, made once for all processes of a run and for later runs.

`make` has Python write no bytecode: that of functions would be deployed. pytest then keeps none of
its own either, and each worker rewrites every test file, which takes six seconds.
"""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite

Rewritten = tuple[bytes, Any]


def keep_rewritten(config: pytest.Config) -> None:
    """Have pytest keep what it rewrites. A worker of many begins with its share of the files."""
    state = config.stash.get(rewrite.assertstate_key, None)
    if state is None:
        return
    rewritten = rewrite._rewrite_test

    def rewrite_and_keep(file: Path, config: pytest.Config) -> Rewritten:
        source_hash, code = rewritten(file, config)
        kept = _kept(file)
        if rewrite.try_makedirs(kept.parent):
            rewrite._write_pyc(state, code, source_hash, kept)
        return source_hash, code

    rewrite._rewrite_test = rewrite_and_keep
    for file in _share(config):
        if not _is_kept(file):
            rewrite_and_keep(file, config)


def _kept(file: Path) -> Path:
    """Where pytest looks for it; by the hash of the source it sees whether it still fits."""
    return rewrite.get_cache_dir(file) / (file.stem + rewrite.PYC_TAIL)


def _is_kept(file: Path) -> bool:
    try:
        return _kept(file).read_bytes()[8:16] == importlib.util.source_hash(file.read_bytes())
    except OSError:
        return False


def _share(config: pytest.Config) -> list[Path]:
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return []
    here = config.invocation_params.dir
    ignored = [(here / one).resolve() for one in config.option.ignore or ()]
    files = sorted(
        file
        for place in config.args
        for file in (here / place).resolve().rglob("test_*.py")
        if not any(file.is_relative_to(one) for one in ignored)
    )
    return files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]
