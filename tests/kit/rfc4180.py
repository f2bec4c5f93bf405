"""A strict reader of CSV that, unlike the csv module, tells `""` from nothing."""

import re

_CELL = re.compile(r'"((?:[^"]|"")*)"|([^",\r\n]*)')


def read_csv(text: str) -> list[list[str | None]]:
    """Lines of cells; an empty cell without quotes is None. Fails at what RFC 4180 forbids."""
    lines, line, place = [], [], 0
    while place < len(text):
        found = _CELL.match(text, place)
        assert found is not None
        quoted, bare = found.groups()
        line.append(quoted.replace('""', '"') if quoted is not None else bare or None)
        place = found.end()
        if text.startswith("\r\n", place):
            lines.append(line)
            line, place = [], place + 2
        else:
            assert text.startswith(",", place), text[place - 20 : place + 20]
            place += 1
    assert not line, "the last line does not end"
    return lines
