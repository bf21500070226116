"""What a training run ends with, before it is a model on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encodes
from models.features import Features
from models.heads import Head
from models.store import Review
from seeds.samples import Sample
from training.fit import gold_of
from training.metrics import single_label_figures

__all__ = ["Learned"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """Heads with what was measured on the way.

    ``held_out[task]`` are probabilities of ``held_out_samples`` by heads that did not learn from them, shape (samples,
    labels). ``folds`` hold such heads with the rows of the samples that they have not seen; None stands for the final ones.
    """

    features: Features
    heads: tuple[Head, ...]
    thresholds: Mapping[str, Mapping[str, float]]
    review: Review
    held_out: Mapping[str, Floats]
    held_out_samples: Sequence[Sample]
    folds: Sequence[tuple[tuple[Head, ...] | None, Sequence[int]]]
    settings: Mapping[str, Any]
    rehearsed: Sequence[str] = ()  # the texts of seeds that were read again
    kept: tuple[str, ...] = ()  # tasks whose heads are the parent's, untouched
    is_child: bool = False  # made from its parent's heads
    notes: tuple[str, ...] = ()
    encoder: Encodes | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)  # of the encoder, for model.json

    def only(self, task: str) -> "Learned":
        """Return what was learned of one task."""
        heads = tuple(head for head in self.heads if head.task == task)
        folds = [(blind and tuple(head for head in blind if head.task == task), rows) for blind, rows in self.folds]
        held_out = {name: p for name, p in self.held_out.items() if name == task}
        return replace(self, heads=heads, folds=folds, held_out=held_out, kept=())

    def figures(self) -> dict[str, Any]:
        """Return accuracy and macro-F1 on the held-out samples, by task with one label a text."""
        figures: dict[str, Any] = {}
        for head in self.heads:
            if not head.softmax or head.task not in self.held_out or not self.held_out_samples:
                continue
            gold = gold_of(self.held_out_samples, head.task, head.labels)
            rows = np.flatnonzero(~np.isnan(gold).any(axis=1))
            if len(rows):
                names = np.array(head.labels)
                found = single_label_figures(names[gold[rows].argmax(axis=1)].tolist(), names[self.held_out[head.task][rows].argmax(axis=1)].tolist())
                figures[head.task] = {key: found[key] for key in ("n", "accuracy", "macro_f1")}
        return figures
