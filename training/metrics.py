"""Figures of a classification against gold labels: F1 where there are enough cases, calibration, sets of labs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_CASES", "binary_figures", "expected_calibration_error", "multi_label_figures", "set_figures", "single_label_figures"]

FEWEST_CASES = 10
"""A label with fewer gold cases is counted, not scored."""


def single_label_figures(gold: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    """Return accuracy, macro-F1 over the labels with enough cases, and each label's precision, recall and F1.

    Examples
    --------
    >>> single_label_figures(["a"] * 10 + ["b"], ["a"] * 11)["labels_averaged"]
    ['a']
    """
    counts, given = Counter(gold), Counter(said)
    hits = Counter(g for g, s in zip(gold, said, strict=True) if g == s)
    per_label = {label: _scores(hits[label], given[label], counts[label]) for label in sorted(counts)}
    averaged = [label for label, count in sorted(counts.items()) if count >= FEWEST_CASES]
    return {
        "n": len(gold),
        "accuracy": _rounded(sum(g == s for g, s in zip(gold, said, strict=True)) / len(gold)),
        "macro_f1": _mean([per_label[label]["f1"] for label in averaged]),
        "labels_averaged": averaged,
        "per_label": {label: s if label in averaged else {"count": counts[label], "note": "too few"} for label, s in per_label.items()},
    }


def multi_label_figures(gold: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return macro- and micro-F1 of sets of labels, and each label's figures."""
    counts = Counter(label for labels in gold for label in set(labels))
    given = Counter(label for labels in said for label in set(labels))
    hits = Counter(label for g, s in zip(gold, said, strict=True) for label in set(g) & set(s))
    per_label = {label: _scores(hits[label], given[label], counts[label]) for label in sorted(counts)}
    averaged = [label for label in sorted(counts) if counts[label] >= FEWEST_CASES]
    micro = _scores(sum(hits.values()), sum(given.values()), sum(counts.values()))
    return {
        "macro_f1": _mean([per_label[label]["f1"] for label in averaged]),
        "micro_f1": micro["f1"],
        "labels_averaged": averaged,
        "per_label": {label: s if label in averaged else {"count": counts[label], "note": "too few"} for label, s in per_label.items()},
    }


def set_figures(gold: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return precision, recall and F1 of all the members of the sets together."""
    hits = sum(len(set(g) & set(s)) for g, s in zip(gold, said, strict=True))
    return _scores(hits, sum(len(set(s)) for s in said), sum(len(set(g)) for g in gold))


def binary_figures(gold: Sequence[bool], said: Sequence[bool]) -> dict[str, float]:
    """Return precision, recall and F1 of the positives."""
    return _scores(sum(g and s for g, s in zip(gold, said, strict=True)), sum(said), sum(gold))


def expected_calibration_error(probabilities: Sequence[Mapping[str, float]], gold: Sequence[str], *, bins: int = 10) -> float:
    """Return the mean gap between the winner's probability and how often it is right (Guo et al., 2017), in ``bins`` equal bins."""
    winners = [max(p, key=p.__getitem__) for p in probabilities]
    confidence = np.array([p[w] for p, w in zip(probabilities, winners, strict=True)])
    right = np.array([w == g for w, g in zip(winners, gold, strict=True)], dtype=float)
    return _rounded(_gap(confidence, right, bins))


def _gap(confidence: NDArray[np.float64], right: NDArray[np.float64], bins: int) -> float:
    at = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = at == b
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return total


def _scores(hits: int, said: int, gold: int) -> dict[str, float]:
    precision = hits / said if said else 0.0
    recall = hits / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"precision": _rounded(precision), "recall": _rounded(recall), "f1": _rounded(f1), "count": gold}


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(sum(values) / len(values)) if values else None


def _rounded(value: float) -> float:
    return round(float(value), 4)
