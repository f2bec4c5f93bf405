"""Bodies made small: what comes back, what stays readable for ever, what is refused."""

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.packing import COMMON, packed, unpacked

ASKED = b'{"prompt":"Why is the sky blue?","system":null,"options":{"seed":7}}'
# As the first version that packs stored it.
STORED = base64.b64decode("ePmi2aI0Q2qrh2dUQgafgN3Y7EqFpJzSVHs87Xzo4Jx5bS0AKtoXfg==")

DIGEST = "b785a659c443073f4ce6236dae0612e2703c22c931e1a5aa614a461f0a7a9371"


@given(st.one_of(st.binary(max_size=3_000), st.text(max_size=1_000).map(str.encode)))
def test_a_body_comes_back_as_it_was(body: bytes) -> None:
    assert unpacked(packed(body)) == body


def test_what_was_stored_stays_readable() -> None:
    assert unpacked(STORED) == ASKED
    assert hashlib.sha256(COMMON).hexdigest() == DIGEST


def test_names_that_all_share_cost_next_to_nothing() -> None:
    assert len(packed(ASKED)) < len(ASKED) * 0.75
    assert len(packed(COMMON)) < 100


@pytest.mark.parametrize("cut", [1, 5, len(STORED) // 2, len(STORED) - 1])
def test_it_is_refused_when_a_body_is_cut_off(cut: int) -> None:
    with pytest.raises(zlib.error):
        unpacked(STORED[:cut])


def test_it_is_refused_when_another_dictionary_was_used() -> None:
    packer = zlib.compressobj(zdict=b"another")

    with pytest.raises(zlib.error):
        unpacked(packer.compress(ASKED) + packer.flush())
