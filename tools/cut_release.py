"""`make release VERSION=1.2.3`: dates the changelog's section, writes the version, commits, tags.

It pushes nothing. It refuses a working tree with changes, a version that is no step forward, a tag
that exists, and an empty section Unreleased; then nothing has been changed.
"""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from tools.versions import COPIES, read_version, write_version

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = "CHANGELOG.md"
_UNRELEASED = "## Unreleased\n"


class ReleaseRefused(Exception):
    """The message says why."""


def cut_release(root: Path, version: str, today: date) -> str:
    """Commits and tags the release in the repository at `root`; the tag's name."""
    tag = f"v{version}"
    _check_step(version, read_version(root))
    if _git(root, "tag", "--list", tag):
        raise ReleaseRefused(f"the tag {tag} exists already")
    if _git(root, "status", "--porcelain"):
        raise ReleaseRefused("the working tree has changes: commit or remove them first")
    changelog = dated((root / CHANGELOG).read_text(encoding="utf-8"), version, today)
    (root / CHANGELOG).write_text(changelog, encoding="utf-8")
    write_version(root, version)
    _commit(root, version)
    _git(root, "tag", "--annotate", tag, "--message", f"Evalyard {version}")
    return tag


def dated(changelog: str, version: str, today: date) -> str:
    """The changelog whose Unreleased section is empty and followed by the version's own."""
    before, heading, rest = changelog.partition(_UNRELEASED)
    if not heading:
        raise ReleaseRefused(f"{CHANGELOG} has no section Unreleased")
    entries = rest.partition("\n## ")[0]
    if not re.search(r"^- ", entries, re.MULTILINE):
        raise ReleaseRefused(f"the section Unreleased of {CHANGELOG} is empty")
    return f"{before}{_UNRELEASED}\n## {version} - {today.isoformat()}\n{rest}"


def _check_step(version: str, stated: str) -> None:
    """The first release may be the version that the files state already."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise ReleaseRefused("name the release: make release VERSION=1.2.3")
    if _numbers(version) < _numbers(stated):
        raise ReleaseRefused(f"{version} is lower than the present version, {stated}")


def _commit(root: Path, version: str) -> None:
    """Commits what was written; puts everything back when git refuses, as a hook of it may."""
    paths = sorted({CHANGELOG, *(copy.path for copy in COPIES)})
    try:
        _git(root, "commit", "--quiet", "--message", f"Release {version}", "--", *paths)
    except ReleaseRefused:
        _git(root, "checkout", "--quiet", "HEAD", "--", *paths)
        raise


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseRefused(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def main(version: str) -> int:
    """0 done · 1 refused, with the reason."""
    try:
        tag = cut_release(ROOT, version, datetime.now(UTC).date())
    except ReleaseRefused as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print(f"tagged {tag}; publish it with: git push --follow-tags")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
