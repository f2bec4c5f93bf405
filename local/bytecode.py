"""Compiles what `sam build` made, so that a function that starts cold here need not.

The local AWS unpacks the layers for every process that it starts, so what Python compiles there
is never used twice. Unpacking does not keep file times: the compiled files must not check them.
"""

import compileall
from pathlib import Path
from py_compile import PycInvalidationMode


def compile_build(sam_folder: Path) -> None:
    """Compiles every layer and function that has not been since it was built.

    Also the dependencies that SAM keeps: the next build copies them from there, compiled.
    """
    for folder in (*_folders(sam_folder / "deps"), *_folders(sam_folder / "build")):
        if not any(folder.rglob("__pycache__")):
            _compile(folder)


def _folders(parent: Path) -> list[Path]:
    return [each for each in parent.iterdir() if each.is_dir()] if parent.is_dir() else []


def _compile(folder: Path) -> None:
    compileall.compile_dir(
        folder,
        quiet=2,
        workers=0,
        # Tracebacks then name the path inside the function, not that of the build.
        stripdir=str(folder),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
