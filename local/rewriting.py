"""Rewrites modules of the built web layer that do, when they are imported, what no function needs.

Where only a part of a module is in the way, a stand-in would have to repeat the rest of it. Source,
tests and what writes the API's description use the originals.
docs/decisions/0095-what-is-compiled-at-a-cold-start.md
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path


def without_members(source: str) -> str:
    """TypedDicts without their members, of which Python compiles each from text."""
    module = ast.parse(source)
    for node in module.body:
        if isinstance(node, ast.ClassDef) and _names(node.bases) == ["TypedDict"]:
            node.body = [ast.Pass()]
    return ast.unparse(module)


def _names(bases: list[ast.expr]) -> list[str]:
    return [base.id for base in bases if isinstance(base, ast.Name)]


def with_late_patterns(source: str) -> str:
    """Regular expressions that are compiled when they are first used."""
    return source.replace("\nimport re\n", "\nfrom . import late_re as re\n")


def with_late_annotations(source: str) -> str:
    """Annotations that stay text, as those of every module do from Python 3.14 on.

    Those of FastAPI hold its documentation; only those of endpoints are ever read.
    """
    return source if source.startswith(_LATE) else _LATE + source


def without_aliases(source: str) -> str:
    """No other names of events: none of our services is among those that botocore renamed.

    Each event is compared with 65 of them, for each client.
    """
    return re.sub(r"^EVENT_ALIASES = {\n.*?^}$", "EVENT_ALIASES = {}", source, flags=re.S | re.M)


_LATE = "from __future__ import annotations\n"
REWRITTEN: dict[str, Callable[[str], str]] = {
    "botocore/utils.py": without_aliases,
    "fastapi/applications.py": with_late_annotations,
    "fastapi/param_functions.py": with_late_annotations,
    "fastapi/routing.py": with_late_annotations,
    "pydantic_core/core_schema.py": without_members,
    "urllib3/util/url.py": with_late_patterns,
}


def rewrite(packages: Path) -> list[Path]:
    """Rewrites what the folder has of them; the modules, which are to be compiled."""
    found = [packages / name for name in REWRITTEN if (packages / name).is_file()]
    for path in found:
        name = path.relative_to(packages).as_posix()
        path.write_text(REWRITTEN[name](path.read_text(encoding="utf-8")), encoding="utf-8")
    return found
