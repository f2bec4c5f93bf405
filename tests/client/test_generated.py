"""What is generated for the SDK is up to date, and the package stands alone."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
from evalyard.core import jobs
from evalyard.models import Gate

from tools import build_client_models, build_client_sync

ROOT = Path(__file__).resolve().parents[2]


def test_the_models_are_those_of_the_document_when_it_is_written() -> None:
    document = json.loads((ROOT / "functions/health/openapi.json").read_text(encoding="utf-8"))

    assert build_client_models.TARGET.read_text("utf-8") == build_client_models.render(document)


def test_the_members_of_a_job_are_those_of_the_document() -> None:
    document = json.loads((ROOT / "functions/health/openapi.json").read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]

    assert set(schemas["JobBody"]["properties"]) == jobs.MEMBERS
    assert set(schemas["RequeueBody"]["properties"]) == jobs.CHANGES


def test_the_blocking_sdk_is_that_of_asyncio_when_it_is_written() -> None:
    files = {path.name: path.read_text("utf-8") for path in build_client_sync.TARGETS.glob("*.py")}

    assert files == build_client_sync.render()


def test_nothing_is_imported_yet_when_the_package_is() -> None:
    program = (
        "import sys, evalyard; print(sorted({'httpx', 'msgspec', 'click'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "client", capture_output=True, text=True
    )

    assert (done.stdout, done.returncode) == ("[]\n", 0)


def test_every_name_is_found_when_it_is_exported() -> None:
    import evalyard

    assert [name for name in evalyard.__all__ if not hasattr(evalyard, name)] == []


def test_an_answer_is_read_when_an_older_service_does_not_say_all() -> None:
    answer = b'{"verdict": "pass", "markdown": ""}'

    gate = msgspec.json.decode(answer, type=Gate)

    assert (gate.series, gate.not_alike, gate.baseline) == ([], [], None)
