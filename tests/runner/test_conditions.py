"""What the runner says under which conditions a job ran."""

import platform
import struct
from pathlib import Path
from typing import Any

import pytest
from evalyard_runner.backends.gguf_file import quant_of
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.conditions import conditions_of
from evalyard_runner.measure import Sample

from tests.runner.kit.loops import finished
from tests.runner.kit.model import FakeModel
from tests.runner.kit.ollama import FakeOllama


def sample(**known: Any) -> Sample:
    return Sample(text="Hi", latency_ms=1.0, **known)


def test_conditions_are_what_is_known_when_a_job_ran() -> None:
    runtime = {"runtime": "llama.cpp", "quant": "Q4_K_M", "threads": 4, "build": None}
    before = {"temperature_c": 31.5, "charging": True, "battery": None, "cpu_pct": 12.0}

    found = conditions_of(runtime, before, [sample(cached_tokens=0)], is_local=True, warm=False)

    assert found == {
        "runtime": "llama.cpp",
        "quant": "Q4_K_M",
        "threads": 4,
        "start_temperature_c": 31.5,
        "charging": True,
        "cached_tokens": 0,
        "warm": False,
        "os": platform.system().lower(),
        "os_version": platform.release(),
    }


def test_system_is_unknown_when_the_model_runs_elsewhere() -> None:
    found = conditions_of({}, {}, [sample()], is_local=False, warm=True)

    assert found == {"warm": True}


def test_text_is_left_out_when_no_run_could_have_it() -> None:
    found = conditions_of(
        {"build": "x" * 129, "quant": "", "context": [1]}, {}, [sample()], is_local=False, warm=True
    )

    assert found == {"warm": True}


def gguf(path: Path, *members: bytes) -> Path:
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(members)) + b"".join(members))
    return path


def uint32(key: bytes, value: int) -> bytes:
    return struct.pack("<Q", len(key)) + key + struct.pack("<II", 4, value)


@pytest.mark.parametrize(("number", "name"), [(15, "Q4_K_M"), (7, "Q8_0"), (0, "F32"), (999, None)])
def test_quantisation_is_known_when_the_header_says_it(
    tmp_path: Path, number: int, name: str | None
) -> None:
    path = gguf(tmp_path / "m.gguf", uint32(b"a", 1), uint32(b"general.file_type", number))

    assert quant_of(path) == name


def test_quantisation_is_unknown_when_the_header_does_not_say_it(tmp_path: Path) -> None:
    assert quant_of(gguf(tmp_path / "m.gguf", uint32(b"a", 1))) is None


def about(backend: OpenAiBackend | OllamaBackend) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        try:
            return await backend.about("m")
        finally:
            await backend.close()

    return finished(ask())


def test_server_without_props_says_no_more_than_its_kind() -> None:
    with FakeModel() as server:
        assert about(OpenAiBackend(server.url, {"m": "m"})) == {"backend": "openai"}


def test_llama_cpp_says_its_build_when_it_is_the_server() -> None:
    with FakeModel() as server:
        server.props = {"build_info": "b4567-abc", "default_generation_settings": {"n_ctx": 4096}}

        found = about(OpenAiBackend(server.url, {"m": "m"}))

    assert (found["runtime"], found["build"], found["context"]) == ("llama.cpp", "b4567-abc", 4096)


def test_ollama_says_its_version_and_the_models_quantisation() -> None:
    with FakeOllama() as server:
        found = about(OllamaBackend(server.url, {"m": "m"}))

    assert found == {
        "backend": "ollama", "runtime": "ollama", "runtime_version": "0.34.1", "quant": "Q8_0",
    }  # fmt: skip


def test_update_of_the_server_is_seen_by_the_next_job_and_not_asked_for_by_the_next_call() -> None:
    async def versions(server: FakeModel, backend: OpenAiBackend) -> list[Any]:
        found = []
        for build, within_s in (("old", 0.0), ("new", 0.0), ("newer", 3_600.0)):
            server.props = {"build_info": build}
            found.append((await backend.about("m", within_s))["build"])
        await backend.close()
        return found

    with FakeModel() as server:
        assert finished(versions(server, OpenAiBackend(server.url, {"m": "m"}))) == [
            "old", "new", "new",
        ]  # fmt: skip
