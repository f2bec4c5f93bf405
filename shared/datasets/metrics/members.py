"""The members of rows as JSON text, in SQL: top-level ones, and those at dotted paths.

A line that is no JSON object is a row without members; of equal keys the first counts.
"""

from pathlib import Path

from shared.errors import pointer_step

# A line that is broken is a row of nothing.
_LINES = "format='newline_delimited', ignore_errors=true"


class Members:
    """The members that are wanted of each row; each row is parsed once for all of them.

    `k<n>` are top-level members, `h<n>` lists of what is wanted inside of one.
    """

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._inside: dict[int, list[str]] = {}

    def text(self, path: str) -> str:
        """SQL: the JSON text of the member at a dotted path; NULL where it is missing or null."""
        whole = f"k{self._key(path)}"
        head, *steps = path.split(".")
        if not steps or not all((head, *steps)):
            return whole
        number, place = self._key(head), _path(steps)
        places = self._inside.setdefault(number, [])
        if place not in places:
            places.append(place)
        nested = f"nullif(h{number}[{places.index(place) + 1}], 'null')"
        return f"coalesce({whole}, {nested})"

    def select(self, rows: Path) -> str:
        """SQL: the members of every line of a file."""
        top = [f"j{number}::VARCHAR AS k{number}" for number in range(len(self._keys))]
        inside = [
            f"json_extract(j{number}, [{', '.join(places)}])::VARCHAR[] AS h{number}"
            for number, places in self._inside.items()
        ]
        return f"SELECT {', '.join([*top, *inside])} FROM ({_members(rows, self._keys)})"

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys.append(key)
        return self._keys.index(key)


def _members(rows: Path, keys: list[str]) -> str:
    """SQL: the members of each line of these keys as `j<n>`, JSON; NULL where there is none."""
    if len({key.casefold() for key in keys}) < len(keys):
        return _members_by_path(rows, keys)
    columns = ", ".join(f"{literal(key)}: 'JSON'" for key in keys)
    named = ", ".join(f"{_identifier(key)} AS j{number}" for number, key in enumerate(keys))
    return f"SELECT {named} FROM read_json('{rows}', {_LINES}, columns={{{columns}}})"


def _members_by_path(rows: Path, keys: list[str]) -> str:
    """The same where keys differ in case only, which columns cannot; slower with many keys."""
    places = ", ".join(_path([key]) for key in keys)
    named = ", ".join(
        f"nullif(v[{number + 1}], 'null') AS j{number}" for number in range(len(keys))
    )
    every = f"SELECT json_extract(json, [{places}]) AS v FROM {lines_of(rows)}"
    return f"SELECT {named} FROM ({every})"


def lines_of(rows: Path) -> str:
    """SQL: every line of a file as the column `json`."""
    return f"read_json_objects('{rows}', {_LINES})"


def _path(steps: list[str]) -> str:
    """A JSON path, or a pointer, as a SQL literal."""
    if any("*" in step for step in steps):
        # A path would take it for a wildcard.
        return literal("".join(f"/{pointer_step(step)}" for step in steps))
    # A pointer would take digits for a place in a list.
    escaped = (step.replace("\\", "\\\\").replace('"', '\\"') for step in steps)
    return literal("$" + "".join(f'."{step}"' for step in escaped))


def literal(text: str) -> str:
    """A text as SQL has it."""
    # No text of SQL holds a NUL; what stands for it, a noncharacter, is in no key either.
    return "'" + text.replace("\x00", "\uffff").replace("'", "''") + "'"


def _identifier(text: str) -> str:
    return '"' + text.replace("\x00", "\uffff").replace('"', '""') + '"'
