"""The files of the web app as its build left them, each with its packed copies."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from shared.errors import NotFound

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# By preference: the smaller one first.
_PACKED = {"br": ".br", "gzip": ".gz"}
# As the build writes them: without attributes.
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class PageFile:
    """What to answer with; `encoding` is None for plain bytes."""

    body: bytes
    media_type: str
    encoding: str | None


@dataclass(frozen=True)
class Site:
    """One build in a folder: `index.html` and hashed files under `assets/`."""

    folder: Path

    def index(self, accepted: Iterable[str]) -> PageFile:
        """The page. Raises NotFound (`dashboard_not_built`)."""
        path = self.folder / "index.html"
        if not path.is_file():
            raise NotFound(
                "the dashboard was not built; `make dashboard` does", code="dashboard_not_built"
            )
        return _read(path, accepted)

    def asset(self, name: str, accepted: Iterable[str]) -> PageFile:
        """One of the page's files, by its hashed name. Raises NotFound."""
        if name not in self._assets:
            raise NotFound("there is no such file", code="route_not_found")
        return _read(self._assets[name], accepted)

    @cached_property
    def script_digests(self) -> tuple[str, ...]:
        """Of the scripts that stand in the page itself, as a Content-Security-Policy names them."""
        page = self.folder / "index.html"
        scripts = _INLINE.findall(page.read_bytes()) if page.is_file() else []
        return tuple(f"sha256-{b64encode(sha256(each).digest()).decode()}" for each in scripts)

    @cached_property
    def _assets(self) -> dict[str, Path]:
        # Only names that are there are served, so that no name leads elsewhere.
        found = sorted((self.folder / "assets").glob("*"))
        return {path.name: path for path in found if path.suffix in _TYPES}


def _read(path: Path, accepted: Iterable[str]) -> PageFile:
    taken = set(accepted)
    for encoding, suffix in _PACKED.items():
        packed = path.with_name(path.name + suffix)
        if encoding in taken and packed.is_file():
            return PageFile(packed.read_bytes(), _TYPES[path.suffix], encoding)
    return PageFile(path.read_bytes(), _TYPES[path.suffix], None)
