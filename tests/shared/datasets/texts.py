"""JSON texts as an enemy writes them: odd spaces, escapes, brackets in strings, keys twice."""

from hypothesis import strategies as st

SPACES = st.sampled_from([b"", b"", b"", b" ", b"\n", b"\r\n", b"\t"])
STRINGS = st.sampled_from(
    [
        b'"a"', b'"b"', b'"\\u0061"', b'"a:"', b'":"', b'"{"', b'"}"', b'"},{"', b'"["', b'" :"',
        b'""', b'"\\""', b'"\\\\"', b'"\xc3\xa9"', b'"\\u00e9"', b'"_meta_x"', b'"\\u005fmeta_x"',
        b'"ts"', b'"\\ud83d\\ude00"', b'"}\\n{"',
    ]
)  # fmt: skip
NUMBERS = st.sampled_from([b"0", b"-1", b"1.10", b"1e5", b"-0.0", b"9223372036854775808", b"1E400"])
SCALARS = STRINGS | NUMBERS | st.sampled_from([b"true", b"null", b"tru", b""])


def _joined(opening: bytes, closing: bytes):
    def join(parts):
        spaced = [before + part + after for before, part, after in parts]
        return opening + b",".join(spaced) + closing

    return join


def _array(values):
    entries = st.lists(st.tuples(SPACES, values, SPACES), max_size=3)
    return entries.map(_joined(b"[", b"]"))


def _object(values, keys=STRINGS):
    member = st.tuples(keys, SPACES, SPACES, values).map(
        lambda parts: parts[0] + parts[1] + b":" + parts[2] + parts[3]
    )
    entries = st.lists(st.tuples(SPACES, member, SPACES), max_size=4)
    return entries.map(_joined(b"{", b"}"))


def json_texts():
    """Any JSON, mostly well-formed."""
    return st.recursive(SCALARS, lambda inner: _array(inner) | _object(inner), max_leaves=12)


def rows():
    """JSON objects, mostly well-formed."""
    return _object(json_texts())


TIMES = st.sampled_from(
    [
        b'"2025-12-03T18:00:00Z"', b'"2025-12-03T18:00:00.1234567Z"', b'"2025-12-03"',
        b'"2025-12-03T18:00:00+02:00"', b'"2025-12-03 18:00"', b'"20251203T180000Z"',
        b'"1764784800"', b'"20250101800"', b'" 2025-12-03T18:00:00Z"', b'"1969-12-31T23:59:59Z"',
        b'"9999-01-01"', b"1764784800", b"1764784800.125", b"1764784800125", b"0", b"-1", b"null",
        b'"123e-5678"', b'"2025-W49-3"', b"true", b"1764784800000000000", b"1e11",
        b'"20251203180000"', b'"2025-12-05T12:00:00Z"', b'"2025-12-06"', b"26.22",
    ]
)  # fmt: skip
VALUES = {
    b'"ts"': TIMES,
    b'"device"': st.sampled_from([b'"d"', b'"e"', b"null", b"7", b'"' + b"x" * 300 + b'"', b'":"']),
    b'"prompt_tokens"': st.sampled_from([b"5", b"0", b"null", b"5.0", b"5.5", b"-1", b"1e400"])
    | st.just(str(2**53 + 1).encode()),
    b'"latency_ms"': st.sampled_from([b"900", b"900.25", b"0", b"null", b"-0.0", b"-1", b'"9"'])
    | st.just(b"1" + b"0" * 400),
    b'"completion_tokens"': st.sampled_from([b"1", b"40", b"null"]),
    b'"ttft_ms"': st.sampled_from([b"1", b"0.5", b"1e3"]),
    b'"tok_s"': st.sampled_from([b"1.5", b"null"]),
    b'"ok"': st.sampled_from([b"true", b"false", b"null", b"1"]),
    b'"gpu.w"': st.sampled_from([b"45.5", b"-3", b"null", b"9007199254740993", b"true"]),
    b'"fan"': st.sampled_from([b"true", b"false", b"null", b"1"]),
    b'"note"': SCALARS,
}


@st.composite
def batches(draw):
    """Rows that are mostly of one shape, as most batches are; sometimes one of them is odd."""
    keys = draw(st.lists(st.sampled_from(list(VALUES)), unique=True, min_size=1, max_size=6))
    if draw(st.integers(0, 3)) and b'"ts"' not in keys:
        keys.append(b'"ts"')
    values = {key: draw(st.lists(VALUES[key], min_size=1, max_size=2)) for key in keys}
    gap = draw(SPACES)
    texts = []
    for _ in range(draw(st.integers(1, 4))):
        members = [
            key
            + draw(st.sampled_from([b":", b":", b": ", b" :"]))
            + draw(st.sampled_from(values[key]))
            for key in keys
            if draw(st.integers(0, 15))
        ]
        texts.append(b"{" + (b"," + gap).join(members) + b"}")
    if not draw(st.integers(0, 7)):
        texts.insert(draw(st.integers(0, len(texts))), draw(rows()))
    return texts


# What a decoder refuses, though it is plain where it ends.
ODD_STRINGS = st.sampled_from(
    [
        b'"\\ud83d"', b'"\\ude00"', b'"\\ud83d\\ud83d"', b'"x\\ud83d\\n"', b'"\\uD83D\\u0061"',
        b'"\\x"', b'"\\u12"', b'"\x01"', b'"\t"', b'"\x00"', b'"]\\ud83d"', b'"},{\\ud83d"',
        b'"\\\\\\ud83d"', b'"\\"\\ud83d"',
    ]
)  # fmt: skip
ODD_WORDS = st.sampled_from(
    [
        b"tru", b"True", b"None", b"01", b"+1", b"1.", b".5", b"-", b"1e", b"1_0", b"0x1", b"undef",
        b"1e400", b"-1E400", b"9" * 400, b"9" * 5_000, b"1." + b"0" * 5_000,
    ]
)  # fmt: skip
DEEP = st.sampled_from([63, 64, 65, 99, 100, 200, 1_500]).map(
    lambda depth: b'{"a":' + b"[" * depth + b'"]}"' + b"]" * depth + b"}"
)
TIMED = st.sampled_from(
    [
        b'{"ts":1764784800,"latency_ms":5}', b'{"ts":"soon"}', b'{"ts":"' + b"9" * 5_000 + b'"}',
        b'{"ts":null}', b'{"ts":1764784800,"latency_ms":' + b"9" * 400 + b"}",
        b'{"model":"m","completion_tokens":5,"extra":{"\\u0061":1}}', b'{"ts":1764784800,"ok":"x"}',
    ]
)  # fmt: skip


def separable():
    """Rows on one line, good and bad ones, whose brackets, commas and quotes are in order."""
    scalars = STRINGS | NUMBERS | ODD_STRINGS | ODD_WORDS | st.sampled_from([b"true", b"null"])
    keys = STRINGS | ODD_STRINGS
    values = st.recursive(scalars, lambda inner: _array(inner) | _object(inner, keys), max_leaves=6)
    rows = (_object(values, keys) | values).filter(_on_one_line)
    return st.lists(rows | rows | TIMED | TIMED | DEEP, min_size=1, max_size=5)


def _on_one_line(row):
    return bool(row.strip()) and b"\n" not in row and b"\r" not in row
