"""How figures move with a limit: precision against recall, thresholds, reliability, coverage against accuracy."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["coverage", "precision_recall", "reliability", "threshold_table", "wilson"]

_POINTS = 20  # of a curve, at most
_THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
_LIMITS = (0.0, *(round(0.3 + 0.05 * step, 2) for step in range(14)))
_FEWEST = 10  # texts, for an accuracy to be given

Floats = NDArray[np.float64]


def wilson(right: float, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Examples
    --------
    >>> wilson(8, 10)
    (0.4902, 0.9433)
    """
    z = 1.959964
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def precision_recall(scores: Sequence[float], gold: Sequence[bool]) -> dict[str, Any]:
    """Return the average precision and the curve's points, from the highest threshold down; texts with one score move together."""
    score, positive = np.asarray(scores, dtype=float), np.asarray(gold, dtype=bool)
    order = np.argsort(-score, kind="stable")
    score, hits = score[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(score) != 0, True))
    recall, precision = hits[last] / positive.sum(), hits[last] / (last + 1)
    average = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    kept = np.unique(np.searchsorted(recall, np.linspace(recall[0], 1.0, _POINTS)))
    points = [
        {"recall": _rounded(recall[i]), "precision": _rounded(precision[i]), "threshold": _rounded(score[last[i]])} for i in kept
    ]
    return {"average_precision": _rounded(average), "points": points}


def threshold_table(scores: Sequence[float], gold: Sequence[bool], *, own: float | None) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and the share flagged at each threshold; ``own``, the model's, is among them and marked."""
    score, positive = np.asarray(scores, dtype=float), np.asarray(gold, dtype=bool)
    table = []
    for threshold in sorted({*_THRESHOLDS, *(() if own is None else (own,))}):
        flagged = score >= threshold
        hits, said, cases = int((flagged & positive).sum()), int(flagged.sum()), int(positive.sum())
        table.append({
            "threshold": threshold,
            "precision": _rounded(hits / said) if said else None,
            "recall": _rounded(hits / cases) if cases else None,
            "f1": _rounded(2 * hits / (said + cases)) if said + cases else None,
            "flagged": _rounded(said / len(score)),
            "own": threshold == own,
        })  # fmt: skip
    return table


def reliability(confidence: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> list[dict[str, Any]]:
    """Return for each bin that holds texts how many, how sure the model was and how often it was right."""
    sure, good = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    at = np.minimum((sure * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        inside = at == number
        count = int(inside.sum())
        if count:
            low, high = wilson(good[inside].sum(), count)
            accuracy = _rounded(good[inside].mean())
            found.append({
                "from": number / bins, "to": (number + 1) / bins, "count": count, "confidence": _rounded(sure[inside].mean()),
                "accuracy": accuracy, "low": low, "high": high,
            })  # fmt: skip
    return found


def coverage(confidence: Sequence[float], right: Sequence[bool], review: Sequence[bool]) -> dict[str, Any]:
    """Return what is kept, and how often it is right, when less sure texts go to review; ``own`` is the model's own choice.

    Limits under which fewer than ten texts are kept are left out: an accuracy of so few says nothing.
    """
    sure, good = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    points, before = [], None
    for limit in _LIMITS:
        kept = sure >= limit
        if kept.sum() >= _FEWEST and kept.sum() != before:
            before = kept.sum()
            points.append({"limit": limit, "kept": _rounded(kept.mean()), "accuracy": _rounded(good[kept].mean())})
    kept = ~np.asarray(review, dtype=bool)
    own = {"kept": _rounded(kept.mean()), "accuracy": _rounded(good[kept].mean()) if kept.any() else None}
    return {"points": points, "own": own}


def _rounded(value: float) -> float:
    return round(float(value), 4)
