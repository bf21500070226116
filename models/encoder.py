"""The encoder: texts to vectors with onnxruntime, one length of text at a time.

Source: intfloat/multilingual-e5-small (arXiv 2402.05672), vocabulary cut to French and English.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from seeds.errors import ModelError

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
        self._prefix = prefix
        self._tokenizer = _read_tokenizer(folder / "tokenizer.json")
        self._session = _read_graph(folder / "encoder.onnx", threads)
        outputs = self._session.get_outputs()
        if [output.name for output in outputs] != ["last", "middle"]:
            found = [output.name for output in outputs]
            raise ModelError(f"{folder / 'encoder.onnx'}: gives {found}, where ['last', 'middle'] is expected. Train the model again.")
        if not all(isinstance(output.shape[-1], int) for output in outputs):
            raise ModelError(f"{folder / 'encoder.onnx'}: the width of its outputs is not fixed. Train the model again.")
        self._width = sum(int(output.shape[-1]) for output in outputs)

    @property
    def width(self) -> int:
        """How long a vector is."""
        return self._width

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width)."""
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast([self._prefix + text for text in texts])]
        by_length: dict[int, list[int]] = {}
        for place, pieces in enumerate(ids):
            by_length.setdefault(len(pieces), []).append(place)
        for places in by_length.values():
            for first in range(0, len(places), _BATCH):
                batch = places[first : first + _BATCH]
                last, middle = self._states([ids[p] for p in batch])
                for at, place in enumerate(batch):
                    vectors[place] = np.concatenate([_pooled(last[at]), _pooled(middle[at])])
        return vectors

    def _states(self, batch: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        try:
            last, middle = self._session.run(None, {"ids": np.array(batch, dtype=np.int64)})
        except Exception as cause:  # onnxruntime's own errors have no common ancestor
            raise ModelError(f"the encoder cannot read a text ({_brief(cause)}); its graph and tokenizer may not belong together.") from cause
        return last, middle


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
    except BaseException as cause:  # a damaged file can make the library panic, which is no Exception
        if isinstance(cause, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise ModelError(f"{path}: not a readable tokenizer ({_brief(cause)}). Copy the model again, or train it again.") from cause
    return tokenizer


def _read_graph(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        # From bytes: a graph read from a path could name further files to load.
        return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as cause:
        raise ModelError(f"{path}: not a readable encoder ({_brief(cause)}). Copy the model again, or train it again.") from cause


def _brief(cause: BaseException) -> str:
    return " ".join(str(cause).split())[:160] or type(cause).__name__


def _pooled(states: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean over the tokens, of length 1; one text at a time, so that its neighbours change no bit."""
    mean: NDArray[np.float64] = states.mean(axis=0, dtype=np.float64)
    return mean / np.linalg.norm(mean)
