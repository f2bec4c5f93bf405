"""The lines of a model runtime that belong to one job."""

from evalyard_runner.backends.runtime_log import RuntimeLog


def test_only_later_lines_are_shown_when_a_mark_was_set() -> None:
    log = RuntimeLog()
    log.write("before\n")
    mark = log.mark()
    log.write("during\n")

    assert log.since(mark) == "during"
    assert log.since(log.mark()) == ""


def test_newest_lines_are_kept_when_there_are_too_many() -> None:
    log = RuntimeLog(kept_characters=5_000)
    for number in range(20):
        log.write(f"line {number} {'x' * 2000}")

    dropped, *kept = log.since(0).splitlines()
    assert dropped == "(16 earlier lines were not kept)"
    assert [line.split()[1] for line in kept] == ["16", "17", "18", "19"]
    assert len(kept[-1]) == 1000


def test_first_error_is_found_when_llama_cpp_marked_one() -> None:
    log = RuntimeLog()
    for line in ("0.01 I all well", "0.02 E no memory", "0.03 E so giving up"):
        log.write(line)

    assert log.first_error() == "no memory"
    assert RuntimeLog().first_error() == ""
