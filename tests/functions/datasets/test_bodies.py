"""The envelope of an append is read at once only where member by member says the same."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.datasets.bodies import _from_envelope
from shared.json_parts import object_parts

MEMBERS = (
    '"dataset":"d"',
    '"dataset" : "größe"',
    '"dataset":"a[b"',
    '"dataset":"a]b{},"',
    '"data\\u0073et":"d"',
    '"dataset":"d\\n"',
    '"dataset":null',
    '"dataset":["d"]',
    '"rows":[]',
    '"rows": [{"a":1}, {"a":"]"}]',
    '"rows":[{"a":[1]}]',
    '"rows":{"a":[]}',
    '"rows":"[]"',
    '"more":1',
    '"more":{}',
)
PLAIN = ['"dataset":"d"', '"rows":[{"a":1}]']


@given(
    members=st.lists(st.sampled_from(MEMBERS), max_size=4),
    space=st.sampled_from(["", " ", "\r\n"]),
    around=st.sampled_from([("", ""), (" ", "\n"), ("", "]"), ("[", "]"), ("", "x")]),
)
@example(PLAIN, "", ("", ""))
@example([*PLAIN, PLAIN[0]], "", ("", ""))
@example([*PLAIN, PLAIN[1]], "", ("", ""))
@example([*PLAIN, '"dataset":1'], "", ("", ""))
def test_an_envelope_is_read_at_once_only_where_its_members_are(
    members: list[str], space: str, around: tuple[str, str]
) -> None:
    body = f"{around[0]}{{{space}{f'{space},{space}'.join(members)}{space}}}{around[1]}".encode()

    sent = _from_envelope(body)

    if sent is not None:
        parts = object_parts(body)
        assert list(parts) in (["dataset", "rows"], ["rows", "dataset"])
        assert sent.dataset == msgspec.json.decode(parts["dataset"])
        assert sent.rows.body[sent.rows.start : sent.rows.end] == parts["rows"]


@pytest.mark.parametrize("members", [PLAIN, PLAIN[::-1], ['"dataset" : "größe"', PLAIN[1]]])
def test_an_envelope_is_read_at_once_when_it_is_plain(members: list[str]) -> None:
    assert _from_envelope(f"{{{','.join(members)}}}".encode()) is not None
