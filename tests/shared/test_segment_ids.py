"""Ids of batches and runs are built and read back in one place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import ulid
from shared.segment_ids import (
    BATCH_ID_FORM,
    batch_id_in,
    batch_id_of,
    is_named_by_batch,
    run_id_of,
    segment_id_of,
)

SEGMENTS = st.integers(0, 2**47).map(lambda at_ms: ulid(at_ms * 1_000))


@given(SEGMENTS, st.integers(0, 10**9))
def test_run_and_batch_lead_back_to_the_segment_when_the_server_named_them(segment_id, ordinal):
    batch_id, run_id = batch_id_of(segment_id), run_id_of(segment_id, ordinal)

    assert (batch_id, run_id) == (f"bat_{segment_id}", f"run_{segment_id}_{ordinal}")
    assert segment_id_of(batch_id) == segment_id
    assert batch_id_in(run_id) == batch_id
    assert is_named_by_batch(run_id, batch_id)
    assert re.fullmatch(BATCH_ID_FORM, batch_id)


@pytest.mark.parametrize("run_id", ["", "run", "run_", "run_S", "run_S_", "job_S_0", "rec_a_0"])
def test_no_batch_is_read_when_another_named_the_run(run_id):
    assert batch_id_in(run_id) is None
    assert not is_named_by_batch(run_id, "bat_T")


def test_run_is_not_of_the_batch_when_it_has_none():
    assert not is_named_by_batch("run_S_0", None)
