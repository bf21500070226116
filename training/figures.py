"""The figures of metrics.json: each part's scores with their intervals, curves, thresholds and calibration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from models.labels import Labels
from seeds.samples import Sample
from training.bootstrap import FEWEST_GROUPS, RESAMPLES, Measured, groups_of, measure
from training.curves import coverage, precision_recall, reliability, threshold_table
from training.metrics import (
    binary_figures,
    expected_calibration_error,
    multi_label_figures,
    set_figures,
    single_label_figures,
)
from training.parts import Kind, Part, find_parts

__all__ = ["metrics"]

Thresholds = Mapping[str, Mapping[str, float]]


def metrics(
    samples: Sequence[Sample], labels: Sequence[Labels], *, thresholds: Thresholds | None = None, seed: int = 2018
) -> dict[str, Any]:
    """Return the figures of each part that has gold labels; a part without is absent.

    ``thresholds`` are the model's own, marked in the tables. Intervals come from draws of whole groups of texts.
    """
    parts = find_parts(samples, labels)
    if not parts:
        return {}
    groups = groups_of(samples)
    review = [answer.needs_review for answer in labels]
    figures: dict[str, Any] = {}
    calibration: dict[str, Any] = {}
    for part, measured in zip(parts.values(), measure(list(parts.values()), groups, seed=seed), strict=True):
        figures[part.name] = {**_scores(part), **_details(part, (thresholds or {}).get(part.name, {}))}
        _add_intervals(figures[part.name], measured)
        if part.is_calibrated:
            sent = [review[place] for place in part.at]
            figures[part.name] |= {"without_review": _without_review(part, sent), "coverage": coverage(part.confidence, part.right, sent)}
            calibration[f"{part.name}_ece"] = expected_calibration_error(part.p, [gold for (gold,) in part.gold])
            calibration[f"{part.name}_bins"] = reliability(part.confidence, part.right)
    if "sentiment_by_lab" in parts:
        figures["sentiment_by_lab"] |= _by_lab(parts["sentiment_by_lab"], samples)
    if calibration:
        figures["calibration"] = calibration
    count = int(groups.max()) + 1
    figures["intervals"] = {"level": 0.95, "resamples": RESAMPLES, "groups": count, "fewest_groups": FEWEST_GROUPS}
    return figures


def _scores(part: Part) -> dict[str, Any]:
    if part.kind is Kind.ONE:
        scores = single_label_figures([g for (g,) in part.gold], [s for (s,) in part.said])
    elif part.kind is Kind.MANY:
        scores = {"n": len(part.at), **multi_label_figures(part.gold, part.said)}
    elif part.kind is Kind.FLAG:
        scores = {"n": len(part.at), **binary_figures([bool(g) for g in part.gold], [bool(s) for s in part.said])}
    else:
        scores = {"n": len(part.at), **set_figures(part.gold, part.said)}
    return scores


def _details(part: Part, thresholds: Mapping[str, float]) -> dict[str, Any]:
    if part.kind is Kind.ONE:
        return {"confusion": _confusion(part)}
    scored = [label for label in part.averaged if label in part.p[0]]
    if not scored:
        return {}
    curves, tables = {}, {}
    for label in scored:
        scores, gold = [p[label] for p in part.p], [label in g for g in part.gold]
        curves[label] = precision_recall(scores, gold)
        tables[label] = threshold_table(scores, gold, own=thresholds.get(label))
    return {"curves": curves, "thresholds": tables}


def _confusion(part: Part) -> dict[str, Any]:
    """Return how often each gold label (row) got each answer (column)."""
    pairs = Counter((gold, said) for (gold,), (said,) in zip(part.gold, part.said, strict=True))
    met = {label for pair in pairs for label in pair}
    labels = [label for label in part.labels if label in met]
    return {"labels": labels, "rows": [[pairs[gold, said] for said in labels] for gold in labels]}


def _add_intervals(figures: dict[str, Any], measured: Measured) -> None:
    """Put ``<figure>_ci`` beside each figure: [low, high], or null where the groups are too few to tell."""
    for name in ("accuracy", "macro_f1", "micro_f1", "precision", "recall", "f1"):
        if name in measured.whole and figures.get(name) is not None:
            figures[f"{name}_ci"] = _pair(measured, name)
    for label, scores in figures.get("per_label", {}).items():
        if f"per_label.{label}.f1" in measured.whole:
            scores["f1_ci"] = _pair(measured, f"per_label.{label}.f1")


def _pair(measured: Measured, name: str) -> list[float] | None:
    found = measured.interval(name)
    return None if found is None else list(found)


def _without_review(part: Part, sent: Sequence[bool]) -> dict[str, Any]:
    kept = [right for right, away in zip(part.right, sent, strict=True) if not away]
    return {"share": round(len(kept) / len(sent), 4), "accuracy": round(sum(kept) / len(kept), 4) if kept else None}


def _by_lab(part: Part, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return how many labs with a gold polarity were not found, and the figures of texts that name several."""
    several = part.only(frozenset(place for place in part.at if len(samples[place].sentiment_by_lab or {}) > 1))
    asked = sum(len(s.sentiment_by_lab or {}) for s in samples)
    found: dict[str, Any] = {"labs_not_found": asked - len(part.at)}
    if several.at:
        scores = single_label_figures([g for (g,) in several.gold], [s for (s,) in several.said])
        found["several_labs"] = {key: scores[key] for key in ("n", "accuracy", "macro_f1")}
    return found
