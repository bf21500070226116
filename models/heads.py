"""Linear heads: one row of weights a label, on the vector and on the lexical features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Head", "sigmoid", "softmax"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """The weights of one task.

    ``softmax`` tells whether one label holds (probabilities sum to 1) or any number of them. Logits are divided by
    ``temperature`` and shifted by ``shift`` (one a label): both were fitted on held-out texts.
    """

    task: str
    labels: tuple[str, ...]
    softmax: bool
    vector_weights: Floats  # (labels, width)
    lexical_weights: Floats  # (labels, lexical features)
    intercept: Floats  # (labels,)
    temperature: float = 1.0
    shift: Floats | None = None  # (labels,)

    def logits(self, vectors: Floats, lexical: sparse.csr_matrix) -> Floats:
        """Return the calibrated logits, shape (texts, labels)."""
        raw = np.stack([self.vector_weights @ vector for vector in vectors]) if len(vectors) else np.zeros((0, len(self.labels)))
        raw = raw + lexical @ self.lexical_weights.T + self.intercept
        scaled: Floats = np.asarray(raw) / self.temperature
        return scaled if self.shift is None else scaled + self.shift

    def probabilities(self, vectors: Floats, lexical: sparse.csr_matrix) -> Floats:
        """Return the probabilities, shape (texts, labels)."""
        logits = self.logits(vectors, lexical)
        return softmax(logits) if self.softmax else sigmoid(logits)


def softmax(logits: Floats) -> Floats:
    """Return exp(logits) over its sum along the last axis."""
    powers: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + exp(-logits))."""
    shares: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))
    return shares
