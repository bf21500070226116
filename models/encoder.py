"""The encoder: texts to vectors with onnxruntime, one length of text at a time.

Source: intfloat/multilingual-e5-small (arXiv 2402.05672), vocabulary cut to French and English.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from seeds.errors import ModelError

__all__ = ["MAX_TOKENS", "Encoder"]

MAX_TOKENS = 256
"""What is read of a text, in word pieces: about 190 French words; the rest is left aside."""

_PREFIX = "query: "  # what the encoder was trained with
_BATCH = 32


class Encoder:
    """Gives each text a vector, the same alone and in any batch.

    A vector is two of length 1 side by side: the mean over the tokens after the last layer, then after the middle one.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load ``encoder.onnx`` and ``tokenizer.json`` of ``folder``; ``threads`` 0 takes every core."""
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        outputs = [output.name for output in self._session.get_outputs()]
        if outputs != ["last", "middle"]:
            raise ModelError(f"{folder / 'encoder.onnx'}: gives {outputs}, where ['last', 'middle'] is expected. Train the model again.")
        self.width: int = sum(output.shape[-1] for output in self._session.get_outputs())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width)."""
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast([_PREFIX + text for text in texts])]
        by_length: dict[int, list[int]] = {}
        for place, pieces in enumerate(ids):
            by_length.setdefault(len(pieces), []).append(place)
        for places in by_length.values():
            for first in range(0, len(places), _BATCH):
                batch = places[first : first + _BATCH]
                last, middle = self._session.run(None, {"ids": np.array([ids[p] for p in batch], dtype=np.int64)})
                for at, place in enumerate(batch):
                    vectors[place] = np.concatenate([_pooled(last[at]), _pooled(middle[at])])
        return vectors


def _pooled(states: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean over the tokens, of length 1; one text at a time, so that its neighbours change no bit."""
    mean: NDArray[np.float64] = states.mean(axis=0, dtype=np.float64)
    return mean / np.linalg.norm(mean)
