"""Heads that learn from new samples without forgetting what their parent knew.

The shipped model learned from texts that its user does not have, and their vectors are not kept either: a vector can be turned
back into much of its text. Two things stand for them. The weights are pulled towards the parent's (a Gaussian prior around
them). And the texts at hand that the parent learned from, the invented posts of seeds/, are read again with the parent's own
answers as their labels (learning without forgetting, Li and Hoiem 2016): where the parent's answers stay, nothing is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from models.heads import Head, sigmoid, softmax
from training.fit import Task, class_weights

__all__ = ["Inputs", "PullConfig", "fit_pulled", "standardised"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PullConfig:
    """How strongly the parent holds; what it forgets is measured by `training.learning_curve`."""

    beside_anchors: float = 10.0  # of the weights, where the seeds are read again
    alone: float = 30.0  # where they are not
    bias_factor: float = 25.0  # a bias answers for every text, a weight for those that show its feature
    fresh: float = 1.4  # towards nothing, for a label that the parent does not know
    new_weight: float = 3.0  # of a new sample, beside an anchor
    most_steps: int = 150


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the heads read: vectors, standardised, shape (texts, width), and lexical features (texts, features)."""

    vectors: Floats
    lexical: sparse.csr_matrix

    def rows(self, rows: Sequence[int] | NDArray[np.int64]) -> "Inputs":
        """Return some of the texts."""
        return Inputs(self.vectors[rows], self.lexical[rows])

    def with_more(self, others: "Inputs") -> "Inputs":
        """Return these texts, then the others."""
        return Inputs(np.vstack([self.vectors, others.vectors]), sparse.csr_matrix(sparse.vstack([self.lexical, others.lexical])))

    def logits(self, weights: Floats, intercept: Floats) -> Floats:
        """Return the logits, shape (texts, labels)."""
        width = self.vectors.shape[1]
        return np.asarray(self.vectors @ weights[:, :width].T + self.lexical @ weights[:, width:].T + intercept)

    def gradient(self, slopes: Floats) -> Floats:
        """Return the gradient of the weights, shape (labels, width + features), from that of the logits."""
        return np.hstack([slopes.T @ self.vectors, (self.lexical.T @ slopes).T])


def fit_pulled(
    task: Task,
    new: Inputs,
    *,
    anchors: Inputs | None,
    anchor_gold: Floats | None,
    start: tuple[Floats, Floats],
    unknown: NDArray[np.bool_],
    config: PullConfig,
) -> tuple[Floats, Floats]:
    """Return weights (labels, features) and intercepts learned from ``new`` with the gold of ``task``.

    Parameters
    ----------
    anchors
        Texts that the parent learned from; it answers for them itself.
    anchor_gold
        What a person said of them, shape (anchors, labels): it decides only how much each counts.
    start
        The parent's weights and intercepts, on the same scale as the inputs; the pull is towards them.
    unknown
        Which labels the parent has never heard of, shape (labels,): they start from nothing, and it has no answer for them.
    """
    weights, intercept = start
    targets, weight = np.nan_to_num(task.gold), _weights(task, None)
    inputs, pull = new, config.alone
    if anchors is not None and anchor_gold is not None:
        raw = anchors.logits(weights, intercept)
        answers = softmax(raw) if task.softmax else sigmoid(raw)
        both = _weights(task, np.where(unknown, np.nan, anchor_gold))
        weight = np.vstack([both[: len(task.gold)] * config.new_weight, both[len(task.gold) :]])
        targets, inputs, pull = np.vstack([targets, answers]), new.with_more(anchors), config.beside_anchors
    shape = weights.shape
    pulls = np.where(unknown, config.fresh, pull)
    held = np.concatenate([np.repeat(pulls, shape[1]), np.where(unknown, 0.01, pull * config.bias_factor)])
    centre = np.concatenate([weights.ravel(), intercept])

    def loss(flat: Floats) -> tuple[float, Floats]:
        logits = inputs.logits(flat[: weights.size].reshape(shape), flat[weights.size :])
        if task.softmax:
            top = logits.max(axis=1, keepdims=True)
            log_sum = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
            each, answers = weight[:, :1] * (log_sum - (logits * targets).sum(axis=1, keepdims=True)), np.exp(logits - log_sum)
        else:
            each, answers = weight * (np.logaddexp(0.0, logits) - logits * targets), sigmoid(logits)
        slopes = weight * (answers - targets)
        moved = flat - centre
        gradient = np.concatenate([inputs.gradient(slopes).ravel(), slopes.sum(axis=0)]) + held * moved
        return float(each.sum() + 0.5 * (held * moved**2).sum()), gradient

    found = optimize.minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": config.most_steps, "maxcor": 10, "ftol": 1e-6})
    return found.x[: weights.size].reshape(shape), found.x[weights.size :]


def _weights(task: Task, anchor_gold: Floats | None) -> Floats:
    """Return how much each answer counts, shape (texts, labels): nothing where nobody said, rare labels more."""
    gold = task.gold if anchor_gold is None else np.vstack([task.gold, anchor_gold])
    known = ~np.isnan(gold)
    if not task.softmax:
        columns = [class_weights(np.nan_to_num(gold[:, at]), known[:, at], smoothing=5.0) for at in range(gold.shape[1])]
        return np.stack(columns, axis=1)
    each = class_weights(np.nan_to_num(gold).argmax(axis=1), np.asarray(known.all(axis=1)), smoothing=5.0, classes=gold.shape[1])
    return np.repeat(each[:, None], gold.shape[1], axis=1)


def standardised(head: Head, mean: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Return a head's weights and intercepts as they read inputs ``(vector - mean) * scale``."""
    return np.hstack([head.vector_weights / scale, head.lexical_weights]), head.intercept + head.vector_weights @ mean
