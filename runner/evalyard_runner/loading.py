"""Opens the backend that the settings ask for."""

from evalyard_runner.backends import Backend
from evalyard_runner.backends.gguf import GgufBackend, GgufModel
from evalyard_runner.backends.gguf_file import locate
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.settings import Settings


async def open_backend(settings: Settings) -> Backend:
    """With the model loaded, if loading is ours. Raises MisconfiguredError when it cannot be."""
    if settings.gguf:
        return await _gguf(settings, settings.gguf)
    if settings.ollama_url:
        return await _ollama(settings, settings.ollama_url)
    return await _openai(settings)


async def _gguf(settings: Settings, source: str) -> Backend:
    path = locate(source, settings.model_dir)
    backend = GgufBackend(
        GgufModel(
            path=path,
            names=tuple(settings.names) or (path.stem,),
            threads=settings.threads,
            context=settings.context,
            default_max_tokens=settings.max_tokens,
            parallel=settings.gateway_parallel,
        )
    )
    await backend.start()
    return backend


async def _openai(settings: Settings) -> Backend:
    backend = OpenAiBackend(
        settings.openai_url or "",
        settings.names,
        key=settings.openai_key,
        default_max_tokens=settings.max_tokens,
    )
    if not settings.names:
        await backend.use_listed_models()
    return backend


async def _ollama(settings: Settings, url: str) -> Backend:
    backend = OllamaBackend(url, settings.names, default_max_tokens=settings.max_tokens)
    if not settings.names:
        await backend.use_listed_models()
    return backend
