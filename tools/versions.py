"""The version: stated in pyproject.toml, copied to where packages and documents must carry it.

The runner, the web app and the deployed template leave this folder without pyproject.toml, so each
carries a copy. A release writes all of them; a test compares them.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

PYPROJECT = "pyproject.toml"
_NUMBER = r"\d+\.\d+\.\d+"


@dataclass(frozen=True)
class Copy:
    """Where a file states the version: what stands before it and after it, as patterns."""

    path: str
    before: str
    after: str = '"'

    def read(self, root: Path) -> str:
        """Raises ValueError unless the file states it exactly once."""
        found = re.findall(f"{self.before}({_NUMBER}){self.after}", self._text(root))
        if len(found) != 1:
            raise ValueError(f"{self.path} states the version {len(found)} times")
        return str(found[0])

    def write(self, root: Path, version: str) -> None:
        """Replaces the version that the file states."""
        pattern = f"({self.before}){_NUMBER}({self.after})"
        text = re.sub(pattern, rf"\g<1>{version}\g<2>", self._text(root))
        (root / self.path).write_text(text, encoding="utf-8")

    def _text(self, root: Path) -> str:
        return (root / self.path).read_text(encoding="utf-8")


COPIES = (
    Copy(PYPROJECT, r'(?<=name = "evalyard"\n)version = "'),
    Copy("runner/evalyard_runner/__init__.py", r'__version__ = "'),
    Copy("client/evalyard/__init__.py", r'__version__ = "'),
    Copy("dashboard/package.json", r'"name": "evalyard-dashboard",\s+"version": "'),
    Copy("dashboard/package-lock.json", r'\A\{\s+"name": "evalyard-dashboard",\s+"version": "'),
    Copy(
        "dashboard/package-lock.json",
        r'(?<=\{\n      )"name": "evalyard-dashboard",\s+"version": "',
    ),
    Copy("template.yaml", r"Evalyard: \{Version: ", ","),
    Copy("functions/health/openapi.json", r'"title": "Evalyard API",\s+"version": "'),
)


def read_version(root: Path) -> str:
    """What pyproject.toml says."""
    project = tomllib.loads((root / PYPROJECT).read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def write_version(root: Path, version: str) -> None:
    """Writes all of them."""
    for copy in COPIES:
        copy.write(root, version)
