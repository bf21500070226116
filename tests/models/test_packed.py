from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.packed import BLOCK, unpack, unpack_matrix

FULL = Path(__file__).parents[3] / "shared" / "base-encoder" / "model.safetensors"


def test_low_halves_come_first_and_eight_is_zero() -> None:
    codes = np.full((1, BLOCK // 2), 0x98, dtype=np.uint8)  # low half 8 (zero), high half 9 (one step)
    matrix = unpack_matrix(codes, np.array([[0.5]], dtype=np.float16))
    assert matrix.tolist() == [[0.0] * 16 + [0.5] * 16]


def test_scales_hold_for_their_own_block_only() -> None:
    codes = np.full((1, BLOCK), 0x99, dtype=np.uint8)
    matrix = unpack_matrix(codes, np.array([[1.0, -2.0]], dtype=np.float16))
    assert matrix.tolist() == [[1.0] * 32 + [-2.0] * 32]


@pytest.mark.skipif(not FULL.is_file(), reason="the unpacked encoder is not at hand")
def test_the_packed_encoder_equals_the_full_one_bit_for_bit() -> None:
    full, ours = load_file(FULL), unpack()
    assert full.keys() == ours.keys()
    assert all(np.array_equal(full[name], ours[name]) for name in full)
