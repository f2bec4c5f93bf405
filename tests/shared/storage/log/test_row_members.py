"""A stored line says at its end which batch it belongs to."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.datasets.rows import meta_members, stored_line, validate_rows
from shared.row_bodies import SentRow
from shared.segment_ids import batch_id_of
from shared.storage.log import batch_of_line
from shared.storage.log.row_members import line_ending

ROWS = st.dictionaries(
    st.text(max_size=8) | st.just("_meta_batch_id"),
    st.none() | st.integers() | st.text(max_size=8) | st.just('","_meta_batch_id":"bat_X"}'),
    max_size=4,
)


@given(ROWS, st.text("0123456789ABC", min_size=26, max_size=26))
def test_batch_is_read_off_a_stored_line_whatever_its_row_says(row, segment_id):
    batch_id = batch_id_of(segment_id)
    (accepted,), _ = validate_rows([SentRow(json.dumps(row).encode(), 1)])

    line = stored_line(accepted, meta_members("ada", "d", "2025-12-03", batch_id))

    assert (line + b"\n").endswith(line_ending(batch_id))
    assert batch_of_line(line) == batch_id
    assert list(json.loads(line))[-1] == "_meta_batch_id"


def test_no_batch_is_read_when_a_line_names_none():
    assert batch_of_line(b'{"a":1}\n') == ""
