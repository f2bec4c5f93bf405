"""GGUF headers, written here byte by byte."""

import struct
import sys
from pathlib import Path
from types import ModuleType

import pytest
from evalyard_runner.backends.gguf_file import has_chat_template, locate
from evalyard_runner.errors import MisconfiguredError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def header(*pairs: tuple[str, int, bytes]) -> bytes:
    """Key, value type and value bytes of each entry."""
    entries = b"".join(text(key) + struct.pack("<I", kind) + value for key, kind, value in pairs)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + entries


def strings(*values: str) -> bytes:
    return struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))


ORDINARY = (
    ("general.architecture", 8, text("gemma3")),
    ("context_length", 4, struct.pack("<I", 32768)),
    ("tokens", 9, strings("a", "bc", "")),
    ("scores", 9, struct.pack("<IQ3f", 6, 3, 0, 1, 2)),
)


def test_model_knows_roles_when_its_header_has_a_chat_template(tmp_path: Path) -> None:
    path = tmp_path / "chat.gguf"
    path.write_bytes(header(*ORDINARY, ("tokenizer.chat_template", 8, text("{{ … }}"))))

    assert has_chat_template(path)


def test_model_is_a_base_model_when_its_header_has_no_template(tmp_path: Path) -> None:
    path = tmp_path / "base.gguf"
    path.write_bytes(header(*ORDINARY))

    assert not has_chat_template(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(header(*ORDINARY)) - 1))
def test_file_is_refused_when_its_header_is_cut(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(header(*ORDINARY)[:length])

    with pytest.raises(MisconfiguredError, match="not a readable GGUF"):
        has_chat_template(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=64))
def test_file_is_refused_when_it_is_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"PK" + content)

    with pytest.raises(MisconfiguredError, match="not a readable GGUF"):
        has_chat_template(path)


def test_path_is_refused_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="no model file"):
        locate(str(tmp_path / "missing.gguf"), tmp_path)


def test_package_is_refused_when_it_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="not installed"):
        locate("package:no_such_model_package", tmp_path)


class ModelPackage(ModuleType):
    """Like the real ones: an existing file must be whole, or is replaced on demand."""

    MODEL_NAME = "tiny.gguf"

    def assemble(self, target: Path, overwrite: bool = False) -> Path:
        if target.exists() and not overwrite and target.read_text() != "whole":
            raise FileExistsError(target)
        target.write_text("whole")
        return target


def test_file_is_written_anew_when_an_earlier_start_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model_package", ModelPackage("model_package"))
    (tmp_path / "tiny.gguf").write_text("hal")

    path = locate("package:model_package", tmp_path)

    assert path.read_text() == "whole"
