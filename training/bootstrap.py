"""How sure a figure is: bootstrap intervals that draw whole groups of texts.

Texts of one author, thread or lot resemble each other: drawing them one by one would make every interval too narrow. All
figures are functions of counts that add up over texts, so that a draw is one product of matrices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.clean import clean
from nlp.observe import joined
from seeds.samples import Sample
from training.parts import Kind, Part

__all__ = ["FEWEST_GROUPS", "RESAMPLES", "Measured", "groups_of", "measure"]

RESAMPLES = 1000
FEWEST_GROUPS = 10
"""With fewer groups no interval is given: it would be far too narrow."""
_BINS = 10
_DRAWN_AT_ONCE = 4_000_000  # cells of the matrix of draws

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def groups_of(samples: Sequence[Sample]) -> Integers:
    """Return the number of each sample's group: its split key, else its own text."""
    keys = [("key", s.split_key) if s.split_key else ("text", clean(joined(s.title, s.text)).text.casefold()) for s in samples]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Measured:
    """A part's figures by name: on all texts (those that have cases), and in each draw (NaN where a draw has none)."""

    whole: Mapping[str, float]
    drawn: Mapping[str, Floats]
    groups: int

    def interval(self, figure: str) -> tuple[float, float] | None:
        """Return the middle 95 % of the draws of a figure; None where the groups are too few to tell."""
        return self._middle(self.drawn[figure])

    def gap(self, other: "Measured", figure: str) -> tuple[float, float] | None:
        """Return the interval of the difference to ``other``, measured on the same draws."""
        return self._middle(self.drawn[figure] - other.drawn[figure])

    def _middle(self, values: Floats) -> tuple[float, float] | None:
        known = values[~np.isnan(values)]
        if self.groups < FEWEST_GROUPS or not len(known):
            return None
        low, high = np.percentile(known, [2.5, 97.5])
        return round(float(low), 4), round(float(high), 4)


def measure(parts: Sequence[Part], groups: Integers, *, seed: int, resamples: int = RESAMPLES) -> list[Measured]:
    """Return the figures of each part; all are measured on the same draws of ``groups``, the group of each sample."""
    counts = [np.hstack([_label_counts(part, len(groups)), _calibration_counts(part, len(groups))]) for part in parts]
    drawn = _resample(counts, groups, seed=seed, resamples=resamples)
    return [
        Measured(
            {name: float(v[0]) for name, v in _figures(part, rows.sum(axis=0, keepdims=True)).items() if not np.isnan(v[0])},
            _figures(part, totals),
            len(np.unique(groups[list(part.at)])),
        )
        for part, rows, totals in zip(parts, counts, drawn, strict=True)
    ]


def _resample(rows: Sequence[Floats], groups: Integers, *, seed: int, resamples: int) -> list[Floats]:
    """Return for each matrix of ``rows`` (texts, columns) its column sums in each draw, shape (resamples, columns)."""
    together = np.hstack(rows)
    count = int(groups.max(initial=-1)) + 1
    sums = np.zeros((count, together.shape[1]))
    np.add.at(sums, groups, together)
    chance = np.random.default_rng(seed)
    totals = []
    step = max(1, _DRAWN_AT_ONCE // max(count, 1))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = chance.integers(count, size=(size, count)) + np.arange(size)[:, None] * count
        weights = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        totals.append(weights.astype(np.float64) @ sums)
    edges = np.cumsum([matrix.shape[1] for matrix in rows])[:-1]
    return np.split(np.vstack(totals), edges, axis=1)


def _label_counts(part: Part, texts: int) -> Floats:
    """Return what each of ``texts`` adds to the hits, the answers and the gold of each label, shape (texts, 3 x labels)."""
    place = {label: number for number, label in enumerate(part.labels)}
    counts = np.zeros((texts, 3, len(place)))
    for at, gold, said in zip(part.at, part.gold, part.said, strict=True):
        for row, labels in enumerate((set(gold) & set(said), set(said), set(gold))):
            for label in labels:
                counts[at, row, place[label]] += 1
    return counts.reshape(texts, -1)


def _calibration_counts(part: Part, texts: int) -> Floats:
    """Return what each text adds to the number, the confidence and the right answers of each bin of confidence."""
    counts = np.zeros((texts, 3, _BINS))
    if part.is_calibrated:
        for at, confidence, right in zip(part.at, part.confidence, part.right, strict=True):
            counts[at, :, min(int(confidence * _BINS), _BINS - 1)] += (1, confidence, right)
    return counts.reshape(texts, -1)


def _figures(part: Part, totals: Floats) -> dict[str, Floats]:
    """Return the figures made from sums of counts, one value a draw."""
    labels = part.labels
    by_label, by_bin = totals[:, : -3 * _BINS], totals[:, -3 * _BINS :]
    hits, said, gold = np.moveaxis(by_label.reshape(len(totals), 3, len(labels)), 1, 0)
    if part.kind in (Kind.SET, Kind.FLAG):
        hits, said, gold = hits.sum(axis=1), said.sum(axis=1), gold.sum(axis=1)
        return {"precision": _ratio(hits, said), "recall": _ratio(hits, gold), "f1": _ratio(2 * hits, said + gold)}
    f1 = _ratio(2 * hits, said + gold)
    scored = [labels.index(label) for label in part.averaged]
    found = {f"per_label.{labels[column]}.f1": f1[:, column] for column in scored}
    if scored:
        present = ~np.isnan(f1[:, scored])
        found["macro_f1"] = _ratio(np.nansum(f1[:, scored], axis=1), present.sum(axis=1).astype(np.float64))
    if part.kind is Kind.MANY:
        return {**found, "micro_f1": _ratio(2 * hits.sum(axis=1), (said + gold).sum(axis=1))}
    found["accuracy"] = _ratio(hits.sum(axis=1), gold.sum(axis=1))
    if part.is_calibrated:
        number, confidence, right = np.moveaxis(by_bin.reshape(len(totals), 3, _BINS), 1, 0)
        found["ece"] = _ratio(np.abs(confidence - right).sum(axis=1), number.sum(axis=1))
    return found


def _ratio(above: Floats, below: Floats) -> Floats:
    shares: Floats = np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
    return shares
