"""The base encoder's weights, kept as 4-bit codes and unpacked when needed.

A matrix NAME is stored as ``NAME.codes`` (uint8, 16 bytes for 32 weights in a row: the low halves
are weights 0 to 15, the high halves 16 to 31) and ``NAME.scales`` (fp16, one for each 32);
weight = (half - 8) x scale. Vectors, positions and token types are plain fp16.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

__all__ = ["BLOCK", "ENCODER_DIR", "halves", "unpack", "unpack_matrix"]

BLOCK = 32
"""Weights that share one scale."""

ENCODER_DIR = Path(__file__).parent / "encoder"


def halves(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the 4-bit codes one by one, shape (rows, columns), from packed (rows, columns / 2)."""
    rows = codes.shape[0]
    blocks = codes.reshape(rows, -1, BLOCK // 2)
    return np.concatenate([blocks & 0x0F, blocks >> 4], axis=2).reshape(rows, -1)


def unpack_matrix(codes: NDArray[np.uint8], scales: NDArray[np.float16]) -> NDArray[np.float16]:
    """Return the fp16 matrix (rows, columns) that ``codes`` and ``scales`` stand for."""
    rows = codes.shape[0]
    centred = halves(codes).astype(np.float32).reshape(rows, -1, BLOCK) - 8.0
    return (centred * scales.astype(np.float32)[:, :, None]).reshape(rows, -1).astype(np.float16)


def unpack(path: Path = ENCODER_DIR / "packed.safetensors") -> Mapping[str, NDArray[np.float16]]:
    """Return every tensor of the encoder in fp16, by its name in transformers."""
    stored = load_file(path)
    tensors: dict[str, NDArray[np.float16]] = {}
    for name, tensor in stored.items():
        if name.endswith(".codes"):
            matrix = name.removesuffix(".codes")
            tensors[matrix] = unpack_matrix(tensor, stored[f"{matrix}.scales"])
        elif not name.endswith(".scales"):
            tensors[name] = tensor
    return tensors
