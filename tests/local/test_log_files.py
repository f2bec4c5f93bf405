"""Log files: bounded, followed across their end, and no failure of what is logged."""

from pathlib import Path

import pytest

from local import log_files


def test_file_begins_again_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "MOST_BYTES", 10)
    log = tmp_path / "output.log"

    for text in ("one", "two", "three", "four", "five"):
        log_files.append(log, [text])

    assert (tmp_path / "output.log.1").read_text() == "one\ntwo\nthree\n"
    assert log.read_text() == "four\nfive\n"


def test_lines_are_followed_when_another_file_takes_the_place_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "MOST_BYTES", 10)
    log = tmp_path / "functions.log"
    log_files.append(log, ["1", "2"])
    lines = log_files.follow(log)

    found = [next(lines), next(lines)]
    log_files.append(log, ["three", "four"])
    log_files.append(log, ["five"])
    found += [next(lines) for _ in range(3)]

    assert found == ["1\n", "2\n", "three\n", "four\n", "five\n"]


@pytest.mark.parametrize("text", ["\ud800", "plain"])
def test_nothing_fails_when_a_line_cannot_be_written(tmp_path: Path, text: str) -> None:
    log_files.append(tmp_path / "missing" / "output.log", [text])
    log_files.append(tmp_path / "output.log", [text, "next"])

    assert (tmp_path / "output.log").read_text().endswith("\nnext\n")
