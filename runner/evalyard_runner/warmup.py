"""Warm-ups that leave nothing behind which the measurement could find in a prompt cache; no I/O."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from evalyard_runner.options import Generation

_WORD: Final = re.compile(r"\S+")
_SHIFTED: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA1234567890",
)


def warmup_of(generation: Generation) -> Generation:
    """What to warm up with: as long, and other from its first word on.

    A cache knows a prompt by its beginning. A job that wants the cache (`cache_prompt`) warms up
    with its own prompt.
    """
    if wants_cache(generation):
        return generation
    system = generation.system
    return replace(
        generation,
        prompt=another(generation.prompt),
        system=None if system is None else another(system),
    )


def wants_cache(generation: Generation) -> bool:
    """Whether the job is to measure with the cache."""
    return generation.options.get("cache_prompt") is True


def another(text: str) -> str:
    """Another text of the same length, each time a new one: the same words in another order, so
    that it has about as many tokens; its letters backwards, or other letters, where it has one word
    only.
    """
    if not text.strip():
        return text
    ways: tuple[Callable[[str], str], ...] = (_shuffled, _backwards, _shifted, _marked)
    return next(other for way in ways if _first(other := way(text)) != _first(text))


def _first(text: str) -> str:
    return text.split(maxsplit=1)[0]


def _shuffled(text: str) -> str:
    """With another word at the beginning, if there is one."""
    words = _WORD.findall(text)
    shuffled = random.sample(words, len(words))
    at = next((at for at, word in enumerate(shuffled) if word != words[0]), 0)
    shuffled[0], shuffled[at] = shuffled[at], shuffled[0]
    following = iter(shuffled)
    return _WORD.sub(lambda _: next(following), text)


def _backwards(text: str) -> str:
    return text[::-1]


def _shifted(text: str) -> str:
    return text.translate(_SHIFTED)


def _marked(text: str) -> str:
    at = len(text) - len(text.lstrip())
    return text[:at] + ("-" if text[at] == "~" else "~") + text[at + 1 :]
