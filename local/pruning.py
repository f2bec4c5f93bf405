"""Takes out of the built web layer what no function uses.

The wheels describe all of AWS (27 MB) and bring frameworks of which we use a part. What is there is
unpacked at every cold start, and what a client or an app is made of is read.
"""

import gzip
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore import xform_name

from local.home import ROOT
from local.rewriting import rewrite

# `SERVICES` of shared/aws/clients.py; a test holds the two together.
SERVICES = frozenset({"dynamodb", "s3", "sqs", "sts"})
# Botocore asks it by itself, where S3 says that a bucket is in another region.
_ALWAYS = {"HeadBucket"}
_POWERTOOLS = "aws_lambda_powertools"
# Below `python/`, as patterns. A function imports none of them (tests/local/test_packaging.py).
UNUSED = (
    "annotated_types/test_cases.py",
    "anyio/_backends/_trio.py",
    "anyio/functools.py",
    "anyio/itertools.py",
    "anyio/pytest_plugin.py",
    "anyio/to_interpreter.py",
    "anyio/to_process.py",
    f"{_POWERTOOLS}/event_handler",
    f"{_POWERTOOLS}/metrics/provider/datadog",
    f"{_POWERTOOLS}/middleware_factory",
    f"{_POWERTOOLS}/utilities/*/",
    "botocore/crt/auth.py",
    "botocore/docs/*",
    "botocore/stub.py",
    "dateutil/rrule.py",
    "dateutil/tz/win.py",
    "dateutil/zoneinfo",
    "fastapi/cli.py",
    "fastapi/middleware/gzip.py",
    "fastapi/security/api_key.py",
    "fastapi/security/http.py",
    "fastapi/security/open_id_connect_url.py",
    "fastapi/security/utils.py",
    "fastapi/telemetry/_runtime.py",
    "fastapi/templating.py",
    "fastapi_standalone_docs/static/redoc*",
    "fastapi_standalone_docs/static/*.map",
    "opentelemetry*",
    "pydantic/experimental/pipeline.py",
    "pydantic/mypy.py",
    "pydantic/v1",
    "starlette/middleware/gzip.py",
    "starlette/middleware/opentelemetry.py",
    "starlette/templating.py",
    "starlette/testclient.py",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/http2/connection.py",
    "fastapi/.agents",
    "fastapi_standalone_docs/static/fastapi",
    "websockets/asyncio/router.py",
    "websockets/asyncio/server.py",
    "websockets/cli.py",
    "websockets/legacy",
    "websockets/server.py",
    "websockets/speedups.c",
    "websockets/sync",
    "websockets/trio",
    "**/*.pyi",
    "*.dist-info/sboms",
    "*.dist-info/RECORD",
    "requirements.*",
)
# Of what these match, this stays.
_KEPT = {
    f"{_POWERTOOLS}/utilities/jmespath_utils",
    f"{_POWERTOOLS}/utilities/__pycache__",
    "botocore/docs/utils.py",
}
# What is imported all the same, but for nothing that a function does.
STAND_INS = {
    f"{_POWERTOOLS}/__init__.py": "aws_lambda_powertools.py",
    "botocore/docs/__init__.py": "nothing.py",
    "botocore/docs/docstring.py": "botocore_docstring.py",
    "fastapi/concurrency.py": "fastapi_concurrency.py",
    "fastapi/openapi/docs.py": "fastapi_openapi_docs.py",
    "fastapi/openapi/models.py": "fastapi_openapi_models.py",
    "fastapi/openapi/utils.py": "fastapi_openapi_utils.py",
    "fastapi/security/__init__.py": "nothing.py",
    "fastapi/security/oauth2.py": "fastapi_security_oauth2.py",
    "fastapi/sse.py": "fastapi_sse.py",
    "fastapi/telemetry/_api.py": "fastapi_telemetry_api.py",
    "fastapi/telemetry/_asgi.py": "fastapi_telemetry_asgi.py",
    "pydantic/plugin/_loader.py": "pydantic_plugin_loader.py",
    "pydantic/v1/__init__.py": "pydantic_v1.py",
    # Where `local/rewriting.py` leads to.
    "urllib3/util/late_re.py": "late_re.py",
}


def prune_layers(sam_folder: Path) -> list[Path]:
    """Prunes each web layer that was built; the modules that changed, which are to be compiled."""
    changed: list[Path] = []
    for packages in sam_folder.glob("build/*/python"):
        if (packages / "botocore").is_dir():
            _remove_unused(packages)
            prune_descriptions(packages / "botocore" / "data")
            changed += [*put_stand_ins(packages), *rewrite(packages)]
    for module in changed:
        _forget_compiled(module)
    return changed


def _remove_unused(packages: Path) -> None:
    for pattern in UNUSED:
        for found in list(packages.glob(pattern)):
            if str(found.relative_to(packages)) in _KEPT:
                continue
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()
                if found.suffix == ".py":
                    _forget_compiled(found)


def put_stand_ins(packages: Path) -> list[Path]:
    """Puts our stand-ins in the places of what they stand for."""
    put = []
    for name, source in STAND_INS.items():
        place = packages / name
        if place.parent.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(ROOT / "local" / "stand_ins" / source, place)
            put.append(place)
    return put


def _forget_compiled(module: Path) -> None:
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"):
        compiled.unlink()


def prune_descriptions(data: Path) -> None:
    """Leaves of botocore's data the services that are used, and of these what is called."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for pattern in ("examples-1.*", "paginators-1.*", "waiters-2.*"):
        for described in list(data.rglob(pattern)):
            described.unlink()
    called = words_of_our_aws()
    for path in list(data.rglob("service-2.json*")):
        description = _read(path)
        path.unlink()
        _write(path.with_name("service-2.json"), only_called(description, called))
    # What is packed is unpacked again for every client.
    for packed in list(data.rglob("*.json.gz")):
        _write(packed.with_suffix(""), _read(packed))
        packed.unlink()
    _prune_endpoints(data / "endpoints.json")


def words_of_our_aws() -> frozenset[str]:
    """All words of `shared/aws`: the calls that are made are named there, nowhere else."""
    sources = (ROOT / "shared" / "aws").glob("*.py")
    return frozenset(re.findall(r"\w+", "\n".join(map(Path.read_text, sources))))


def only_called(description: dict[str, Any], called: Iterable[str]) -> dict[str, Any]:
    """A service's description with the operations of these names, and the shapes they need."""
    names = frozenset(called)
    operations = {
        name: operation
        for name, operation in description["operations"].items()
        if name in _ALWAYS or xform_name(name) in names
    }
    shapes: dict[str, Any] = {}
    wanted = [shape for operation in operations.values() for shape in _shapes_in(operation)]
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = description["shapes"][name]
            wanted += _shapes_in(shapes[name])
    return {
        **description,
        "operations": _undocumented(operations),
        "shapes": _undocumented(shapes),
    }


def _shapes_in(value: Any) -> list[str]:
    """The names of shapes that a part of a description refers to."""
    if isinstance(value, list):
        return [name for each in value for name in _shapes_in(each)]
    if not isinstance(value, dict):
        return []
    own = [value["shape"]] if isinstance(value.get("shape"), str) else []
    return own + [name for each in value.values() for name in _shapes_in(each)]


def _undocumented(value: Any) -> Any:
    """The same without what is written for people."""
    if isinstance(value, list):
        return [_undocumented(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _undocumented(each)
        for name, each in value.items()
        if name != "documentation" or not isinstance(each, str)
    }


def _prune_endpoints(path: Path) -> None:
    if not path.is_file():
        return
    endpoints = _read(path)
    for partition in endpoints.get("partitions", []):
        services = partition["services"]
        partition["services"] = {name: services[name] for name in SERVICES if name in services}
    _write(path, endpoints)


def _read(path: Path) -> Any:
    content = path.read_bytes()
    return json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")
