"""The environment, read and checked."""

from pathlib import Path

import pytest

from local.errors import LocalCloudError
from local.settings import read_settings


def test_defaults_hold_when_the_environment_is_empty() -> None:
    settings = read_settings({})

    assert settings.port == 8000
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.home == Path.cwd() / ".evalyard"
    assert settings.callback_allow_private is False
    assert settings.model.name == "gemma-3-270m"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80.5"])
def test_port_is_refused_when_it_is_none(port: str) -> None:
    with pytest.raises(LocalCloudError, match="EVALYARD_PORT"):
        read_settings({"EVALYARD_PORT": port})


def test_private_callbacks_are_allowed_only_when_the_flag_says_so() -> None:
    flags = {
        text: read_settings({"EVALYARD_CALLBACK_ALLOW_PRIVATE": text}).callback_allow_private
        for text in ("1", "true", "0", "")
    }

    assert flags == {"1": True, "true": True, "0": False, "": False}


def test_flag_is_refused_when_it_is_neither_yes_nor_no() -> None:
    with pytest.raises(LocalCloudError, match="EVALYARD_CALLBACK_ALLOW_PRIVATE"):
        read_settings({"EVALYARD_CALLBACK_ALLOW_PRIVATE": "maybe"})


def test_no_runner_is_wanted_when_the_model_is_none() -> None:
    assert read_settings({"EVALYARD_MODEL": "none"}).model.flags is None


def test_model_is_a_server_when_it_is_a_url() -> None:
    model = read_settings({"EVALYARD_MODEL": "http://127.0.0.1:11434/v1"}).model

    assert model.flags == ("--openai-url", "http://127.0.0.1:11434/v1")


@pytest.mark.parametrize("url", ["ftp://host/model", "http://", "file:///model.gguf"])
def test_model_is_refused_when_its_url_is_not_http(url: str) -> None:
    with pytest.raises(LocalCloudError, match="EVALYARD_MODEL"):
        read_settings({"EVALYARD_MODEL": url})


def test_model_is_a_file_when_it_begins_as_gguf(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00")

    model = read_settings({"EVALYARD_MODEL": str(path)}).model

    assert model.flags == ("--gguf", str(path), "--model", "tiny")


def test_model_is_refused_when_the_file_is_no_gguf(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")

    with pytest.raises(LocalCloudError, match="not a GGUF file"):
        read_settings({"EVALYARD_MODEL": str(path)})


def test_model_is_refused_when_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="cannot be read"):
        read_settings({"EVALYARD_MODEL": str(tmp_path / "absent.gguf")})
