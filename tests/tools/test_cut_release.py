"""A release: what it writes, and what it refuses before it writes anything."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from tools.cut_release import ReleaseRefused, cut_release, dated
from tools.versions import COPIES, read_version

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 28)
CHANGELOG = """# Changelog

## Unreleased

### Added
- A thing.

## 0.0.9 - 2026-01-01

### Fixed
- Another.
"""


def git(root: Path, *arguments: str) -> str:
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = ["git", "-C", str(root), *author, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that states the version, committed, with one entry in Unreleased."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    for path in {copy.path for copy in COPIES}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "Begin")
    return tmp_path


def test_every_copy_is_the_version_when_pyproject_states_it() -> None:
    version = read_version(ROOT)

    assert [copy.path for copy in COPIES if copy.read(ROOT) != version] == []


def test_release_is_committed_and_tagged_when_cut(repository: Path) -> None:
    tag = cut_release(repository, "7.8.9", TODAY)

    assert tag == "v7.8.9"
    assert git(repository, "cat-file", "-t", "v7.8.9") == "tag"
    assert git(repository, "rev-parse", "v7.8.9^{commit}") == git(repository, "rev-parse", "HEAD")
    assert git(repository, "status", "--porcelain") == ""
    assert {copy.read(repository) for copy in COPIES} == {"7.8.9"}


def test_files_keep_all_else_when_the_version_is_written(repository: Path) -> None:
    before = {copy.path: (repository / copy.path).read_text() for copy in COPIES}
    stated = read_version(repository)

    cut_release(repository, "7.8.9", TODAY)

    changed = git(repository, "diff", "--numstat", "HEAD~1", "--", *before).splitlines()
    assert len(changed) == len(before)
    for path, text in before.items():
        written = (repository / path).read_text()
        assert written != text
        assert written.replace("7.8.9", stated) == text


def test_section_gets_the_date_when_released() -> None:
    written = dated(CHANGELOG, "0.1.0", TODAY)

    assert written.startswith(
        "# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-11-28\n\n### Added\n- A thing.\n"
    )
    assert written.endswith(CHANGELOG.partition("- A thing.\n")[2])


def test_release_is_refused_when_the_tree_has_changes(repository: Path) -> None:
    (repository / "new.txt").write_text("not committed")

    _assert_refused(repository, "7.8.9", "the working tree has changes")


def test_release_is_refused_when_its_tag_exists(repository: Path) -> None:
    git(repository, "tag", "v7.8.9")

    _assert_refused(repository, "7.8.9", "the tag v7.8.9 exists already")


def test_release_is_refused_when_unreleased_is_empty(repository: Path) -> None:
    cut_release(repository, "7.8.9", TODAY)

    _assert_refused(repository, "7.9.0", "the section Unreleased of CHANGELOG.md is empty")


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.02.3", "1.2.3-rc1", "*"])
def test_release_is_refused_when_its_name_is_no_version(repository: Path, version: str) -> None:
    _assert_refused(repository, version, "name the release")


def test_release_is_refused_when_it_is_lower_than_the_present(repository: Path) -> None:
    _assert_refused(repository, "0.0.1", "0.0.1 is lower than the present version")


def test_nothing_is_left_when_git_refuses_the_commit(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)

    _assert_refused(repository, "7.8.9", "not today")


def _assert_refused(repository: Path, version: str, reason: str) -> None:
    """The reason is given, and neither files nor commits nor tags are other than before."""
    before = _state(repository)

    with pytest.raises(ReleaseRefused, match=reason):
        cut_release(repository, version, TODAY)

    assert _state(repository) == before


def _state(repository: Path) -> tuple[str, ...]:
    asked = (["status", "--porcelain"], ["rev-parse", "HEAD"], ["tag", "--list"])
    return tuple(git(repository, *arguments) for arguments in asked)
