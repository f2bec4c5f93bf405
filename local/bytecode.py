"""Compiles what `sam build` made, so that a function that starts cold need not.

Where functions run, layers are read-only: what Python compiles there at a cold start is never used
twice. Packing and unpacking do not keep file times, so the compiled files must not check them.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def compile_build(sam_folder: Path, interpreter: Path) -> None:
    """Compiles every module of layers and functions that has not been since it was built.

    `interpreter` is a Python of the version that will run the code. Also compiles the dependencies
    that SAM keeps: the next build copies them from there, compiled.
    """
    tag = _cache_tag(interpreter)
    for folder in (*_folders(sam_folder / "deps"), *_folders(sam_folder / "build")):
        modules = list(folder.rglob("*.py"))
        missing = [path for path in modules if not _compiled(path, tag).is_file()]
        if missing:
            _compile(folder, interpreter, *(missing if len(missing) < len(modules) else ()))


def _cache_tag(interpreter: Path) -> str:
    """What the names of an interpreter's compiled files carry, such as `cpython-313`."""
    command = [str(interpreter), "-c", "import sys; print(sys.implementation.cache_tag)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _compiled(module: Path, tag: str) -> Path:
    return module.parent / "__pycache__" / f"{module.stem}.{tag}.pyc"


def _folders(parent: Path) -> list[Path]:
    return [each for each in parent.iterdir() if each.is_dir()] if parent.is_dir() else []


def compile_modules(modules: Sequence[Path], interpreter: Path) -> None:
    """Compiles single modules of a layer."""
    for folder in {path for each in modules for path in each.parents if path.name == "python"}:
        own = [path for path in modules if path.is_relative_to(folder)]
        _compile(folder.parent, interpreter, *own)


def _compile(folder: Path, interpreter: Path, *modules: Path) -> None:
    # Tracebacks then name the path inside the function, not that of the build. A file that does not
    # compile (a template of a package, say) would not be imported either.
    options = ["-qq", "-j", "0", "-s", str(folder), "--invalidation-mode", "unchecked-hash"]
    command = [str(interpreter), "-m", "compileall", *options, *map(str, modules or (folder,))]
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
