"""`sam build` of the one template, finished: compiled for the runtime, without unused data.

A layer is read-only where functions run, so what arrives without bytecode is compiled at every
cold start. SAM compiles nothing; it also brings the descriptions of all of AWS's services along.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.aws import REGION
from local.bytecode import compile_build, compile_modules
from local.errors import LocalCloudError
from local.fingerprint import fingerprint
from local.home import ROOT
from local.pruning import prune_layers

BUILD = ROOT / ".aws-sam" / "build"
# Written when a build is complete: what it was made from, and with.
_MADE_FROM = BUILD / "made-from"
# A change of these makes another build of the same sources.
_TOOLS = (
    "local/build.py",
    "local/bytecode.py",
    "local/pruning.py",
    "local/rewriting.py",
    "local/stand_ins",
    "requirements/sam.txt",
)


@dataclass(frozen=True)
class Target:
    """What functions are built for. `interpreter` is a Python of the runtime's own version."""

    runtime: str
    architecture: str
    interpreter: Path

    @property
    def parameters(self) -> dict[str, str]:
        """As the template's parameters, which must be the same at build and deployment."""
        return {"PythonRuntime": self.runtime, "Architecture": self.architecture}


def this_machine() -> Target:
    """The Python that runs this, on this processor."""
    return Target(
        runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        architecture="arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        interpreter=Path(sys.executable),
    )


def build(target: Target, log: Path, config_env: str) -> None:
    """Builds into `.aws-sam/build`, if it is not there; the caller holds `build_lock`."""
    wanted = _made_from(target)
    if _found() == wanted:
        return
    _MADE_FROM.unlink(missing_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    # SAM leaves its temporary folders behind.
    with TemporaryDirectory(dir=BUILD.parent) as scratch:
        arguments = ["build", "--config-env", config_env]
        run_sam(log, arguments, target.parameters, {"TMPDIR": scratch, "PATH": _path(target)})
    put_package_beginnings(BUILD)
    changed = prune_layers(BUILD.parent)
    compile_build(BUILD.parent, target.interpreter)
    compile_modules(changed, target.interpreter)
    _MADE_FROM.write_text(wanted)


def put_package_beginnings(built: Path) -> None:
    """Puts the beginning of the package `functions` into each: SAM takes only its folder."""
    for folder in built.glob("*/functions"):
        shutil.copyfile(ROOT / "functions" / "__init__.py", folder / "__init__.py")


def is_built(target: Target) -> bool:
    """Whether what stands in `.aws-sam/build` is made from the present sources."""
    return _found() == _made_from(target)


def _found() -> str | None:
    return _MADE_FROM.read_text() if _MADE_FROM.exists() else None


def _made_from(target: Target) -> str:
    version = _version(target.interpreter)
    return fingerprint({**target.parameters, "interpreter": version}, more=_TOOLS)


def _version(interpreter: Path) -> str:
    if interpreter == Path(sys.executable):
        return sys.version
    asked = [str(interpreter), "-c", "import sys; print(sys.version, end='')"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


@contextmanager
def build_lock() -> Iterator[None]:
    """One build at a time: the folder is shared by all homes and SAM does not expect company."""
    folder = BUILD.parent
    folder.mkdir(exist_ok=True)
    with (folder / "local-build.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sam() -> Path:
    """The SAM CLI, in a virtual environment of its own."""
    return ROOT / ".venv-sam" / "bin" / "sam"


def run_sam(
    log: Path, arguments: list[str], parameters: Mapping[str, str], environment: dict[str, str]
) -> None:
    """Runs SAM without asking anything; raises LocalCloudError with its reason."""
    with log.open("wb") as output:
        ended = subprocess.run(
            sam_command(arguments, parameters),
            cwd=ROOT,
            env=_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise LocalCloudError(f"sam {arguments[0]} failed: {_reason(log)} (see {log})")


def sam_command(arguments: list[str], parameters: Mapping[str, str]) -> list[str]:
    """The command line of one call of SAM."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    config = ["--config-file", str(ROOT / "samconfig.toml")]
    return [str(sam()), *arguments, *config, "--parameter-overrides", *overrides]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}


def _path(target: Target) -> str:
    """SAM looks for the interpreter and the pip of a runtime on the PATH."""
    folders = (sam().parent, target.interpreter.parent, os.environ.get("PATH", os.defpath))
    return os.pathsep.join(map(str, folders))


def _reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [line.strip() for line in lines if "rror" in line or "FAILED" in line]
    return failed[-1] if failed else "no reason given"


def find_interpreter(runtime: str) -> Path:
    """A Python of the runtime's version, from the PATH or pyenv; raises LocalCloudError."""
    version = runtime.removeprefix("python")
    pyenv = Path.home() / ".pyenv" / "versions"
    on_path = shutil.which(runtime)
    candidates = [Path(on_path)] if on_path else []
    candidates += sorted(pyenv.glob(f"{version}*/bin/{runtime}"), reverse=True)
    for candidate in candidates:
        if _is_version(candidate, version):
            return candidate
    raise LocalCloudError(
        f"{runtime} is not on the PATH; install it, or deploy for another: "
        f"make deploy RUNTIME={this_machine().runtime}"
    )


def _is_version(candidate: Path, version: str) -> bool:
    """Whether it runs (a pyenv shim may not) and is of that version."""
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run(
        [str(candidate), "-c", asked], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() == version
