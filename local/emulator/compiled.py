"""What MiniStack works out again at each call, worked out once: policies, and patterns of paths.

Of what it computes for a call, parsing the caller's policies (twice) is a seventh, and compiling
the paths of all routes (twice, too) is as much where a function is called by its URL.
"""

import re
from functools import lru_cache
from typing import Any

# Those of roles and routes, and the sessions of as many devices.
_TEXTS = 1_000
_PARAMETER = re.compile(r"\{([^}]+)\}")


def parse_policies_once(evaluator: Any) -> None:
    """Takes the place of what MiniStack's evaluator parses with."""
    parse = evaluator.parse_policy_document
    statements = lru_cache(_TEXTS)(lambda text: tuple(parse(text)))

    def parse_policy_document(document: str | dict[str, Any]) -> list[Any]:
        return list(statements(document)) if isinstance(document, str) else list(parse(document))

    evaluator.parse_policy_document = parse_policy_document


def compile_paths_once(gateway: Any) -> None:
    """Takes the place of what MiniStack's HTTP APIs compare paths with."""

    def extract_path_params(route: str, path: str) -> dict[str, str] | None:
        pattern, names = _compiled(route)
        found = pattern.fullmatch(path)
        return None if found is None else dict(zip(names, found.groups(), strict=True))

    gateway._extract_path_params = extract_path_params


@lru_cache(_TEXTS)
def _compiled(route: str) -> tuple[re.Pattern[str], list[str]]:
    """A pattern for `/a/{b}/{c+}` and the names in it; `+` is for more than one segment."""
    # Literal text and names by turns.
    parts = _PARAMETER.split(route)
    names = parts[1::2]
    for place, name in enumerate(names):
        parts[2 * place + 1] = "(.+)" if name.endswith("+") else "([^/]+)"
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts)), [name.removesuffix("+") for name in names]
