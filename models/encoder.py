"""The encoder: texts to vectors with onnxruntime, one length of text at a time.

Source: intfloat/multilingual-e5-small (arXiv 2402.05672), vocabulary cut to French and English.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.graph import read_graph
from models.tokenizer import caught, read_tokenizer
from seeds.errors import ModelError, brief

__all__ = ["BASE_PREFIX", "MAX_TOKENS", "Encoder", "Encodes"]

MAX_TOKENS = 256
"""What is read of a text, in word pieces: about 190 French words; the rest is left aside."""

BASE_PREFIX = "query: "
"""What the base encoder was trained to find before a text."""

_BATCH = 32


class Encodes(Protocol):
    """Gives each text a vector: the encoder itself, or one that remembers."""

    @property
    def width(self) -> int:
        """How long a vector is."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width)."""


class Encoder:
    """Gives each text a vector, the same alone and in any batch.

    A vector is two of length 1 side by side: the mean over the tokens after the last layer, then after the middle one.
    """

    def __init__(self, folder: Path, *, threads: int = 0, prefix: str = BASE_PREFIX) -> None:
        """Load ``encoder.onnx`` and ``tokenizer.json`` of ``folder``; ``threads`` 0 takes every core."""
        self._folder, self._prefix = folder, prefix
        self._tokenizer = read_tokenizer(folder / "tokenizer.json", most=MAX_TOKENS)
        self._session = read_graph(folder / "encoder.onnx", threads)
        outputs = self._session.get_outputs()
        if [output.name for output in outputs] != ["last", "middle"]:
            found = brief([output.name for output in outputs])
            raise ModelError(f"{folder / 'encoder.onnx'}: gives {found}, where ['last', 'middle'] is expected. Train the model again.")
        if not all(len(output.shape or ()) == 3 and isinstance(output.shape[2], int) for output in outputs):
            raise ModelError(f"{folder / 'encoder.onnx'}: the width of its outputs is not fixed. Train the model again.")
        self._widths = [int(output.shape[2]) for output in outputs]

    @property
    def width(self) -> int:
        """How long a vector is."""
        return sum(self._widths)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width); 0 throughout for a text in which the tokenizer finds nothing."""
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        ids = self._pieces(texts)
        by_length: dict[int, list[int]] = {}
        for place, pieces in enumerate(ids):
            by_length.setdefault(len(pieces), []).append(place)
        by_length.pop(0, None)
        for places in by_length.values():
            for first in range(0, len(places), _BATCH):
                batch = places[first : first + _BATCH]
                last, middle = self._states([ids[p] for p in batch])
                with np.errstate(all="ignore"):  # told below
                    for at, place in enumerate(batch):
                        vectors[place] = np.concatenate([_pooled(last[at]), _pooled(middle[at])])
        if not np.isfinite(vectors).all():
            raise self._unfit("its vectors are no finite numbers")
        return vectors

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            return [encoding.ids for encoding in self._tokenizer.encode_batch_fast([self._prefix + text for text in texts])]
        except BaseException as cause:
            raise self._unfit(brief(caught(cause))) from cause

    def _states(self, batch: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        try:
            last, middle = self._session.run(None, {"ids": np.array(batch, dtype=np.int64)})
        except Exception as cause:  # onnxruntime's own errors have no common ancestor
            raise self._unfit(brief(cause)) from cause
        shapes = [(len(batch), len(batch[0]), width) for width in self._widths]
        if [np.shape(last), np.shape(middle)] != shapes:
            raise self._unfit(f"its states have the shapes {np.shape(last)} and {np.shape(middle)}, where {shapes} is expected")
        return last, middle

    def _unfit(self, why: str) -> ModelError:
        return ModelError(f"{self._folder}: its encoder cannot read a text ({why}). Copy the model again, or train it again.")


def _pooled(states: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean over the tokens, of length 1; one text at a time, so that its neighbours change no bit."""
    mean: NDArray[np.float64] = states.mean(axis=0, dtype=np.float64)
    return mean / np.linalg.norm(mean)
