"""Ways to learn heads from samples: along with a parent's, or afresh."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from models.encoder import Encodes
from models.features import FeatureReader
from models.heads import Head, sigmoid, softmax
from models.store import OWN, Review, StoredModel
from seeds.samples import Sample
from seeds.taxonomy import Taxonomy
from training.fit import (
    DEFAULT_THRESHOLD,
    FitConfig,
    Task,
    calibration,
    fit,
    gold_of,
    group_folds,
    label_thresholds,
    review_limits,
)  # fmt: skip
from training.learned import Learned
from training.pull import Inputs, PullConfig, fit_pulled, standardised

__all__ = ["learn_fresh", "learn_from_parent"]

Floats = NDArray[np.float64]

_ENOUGH = 200
"""Held-out samples from which the calibration is learned anew; with fewer the parent's stays."""

_ENOUGH_CASES = 30
"""Held-out cases of a label from which its threshold is learned anew."""

_FRESH_CHOICES = ((3.5, 2.5, 0.7), (2.0, 2.0, 0.2), (1.0, 1.0, 0.3), (1.0, 1.0, 0.1))
"""The weights of words and of pieces, and the penalty: from words that count much (many samples) to a strong penalty (few)."""


def learn_from_parent(
    samples: Sequence[Sample],
    texts: Sequence[str],
    encoder: Encodes,
    *,
    parent: StoredModel,
    taxonomy: Taxonomy,
    tasks: Sequence[Task],
    seeds: Sequence[Sample],
    seed_texts: Sequence[str],
    fitting: FitConfig,
    pull: PullConfig,
) -> Learned:
    """Pull the parent's heads towards what the samples say; a head for which no sample has a label stays as it is.

    ``seeds`` with their ``seed_texts`` are read again so that nothing is forgotten; they may be none.
    """
    bench = _Pulled(samples, texts, encoder, parent, seeds, seed_texts, fitting, pull)
    pulled = {task.name: bench.extended(task) for task in tasks if bench.knows(task)}
    fresh = [task for task in tasks if task.name not in pulled]
    folds = group_folds(samples, folds=fitting.folds, seed=fitting.seed)
    # Sub-themes are many and rare: their cross-fitting would cost more than all the rest and tell little.
    crossed = [task for task in pulled.values() if task.name != "sub_themes"]
    jobs = [(task, train) for train, _ in folds for task in crossed]
    answers = Parallel(n_jobs=fitting.jobs)(delayed(bench.head)(task, rows) for task, rows in [*jobs, *((task, None) for task in pulled.values())])
    heads = dict(zip(pulled, answers[len(jobs) :], strict=True))
    blind = [tuple(answers[i * len(crossed) : (i + 1) * len(crossed)]) for i in range(len(folds))]
    held_out: dict[str, Floats] = {}
    thresholds = {task: dict(limits) for task, limits in parent.thresholds.items()}
    review = parent.review
    for at, task in enumerate(crossed):
        raw = np.full(task.gold.shape, np.nan)
        for (_, test), of_fold in zip(folds, blind, strict=True):
            raw[test] = bench.raw(of_fold[at], test)
        if folds:
            heads[task.name], held_out[task.name] = _calibrated(heads[task.name], task, raw)
    for name, task in pulled.items():
        thresholds = _with_thresholds(thresholds, task, held_out.get(name))
    review = _with_review(review, [task for task in crossed if task.name in held_out], held_out, fitting)
    kept = tuple(task for task in parent.heads if task not in pulled and task not in {t.name for t in fresh} and bench.still_fits(task, taxonomy))
    if fresh:
        added = bench.fresh(fresh)
        heads |= {head.task: head for head in added.heads}
        thresholds |= {task: dict(limits) for task, limits in added.thresholds.items()}
        review = replace(review, **{t.name: getattr(added.review, t.name) for t in fresh if t.name in ("primary_theme", "sentiment")})
    everything = {task: head for task, head in parent.heads.items() if task in kept} | heads
    blind_whole = [tuple(({h.task: h for h in everything.values()} | {h.task: h for h in of_fold}).values()) for of_fold in blind]
    return Learned(
        features=parent.features,
        heads=tuple(everything.values()),
        thresholds={task: thresholds[task] for task in everything if not everything[task].softmax},
        review=review,
        held_out=held_out,
        held_out_samples=samples if held_out else (),
        folds=[] if fresh else [(whole, test.tolist()) for whole, (_, test) in zip(blind_whole, folds, strict=True)],
        settings=asdict(pull) | {"folds": len(folds), "seed": fitting.seed},
        rehearsed=seed_texts,
        kept=kept,
        is_child=True,
        notes=() if folds else ("all samples are of one group: none could be held out to measure on",),
    )


class _Pulled:
    """The texts as the parent's heads read them, on the scale they are learned on."""

    def __init__(
        self,
        samples: Sequence[Sample],
        texts: Sequence[str],
        encoder: Encodes,
        parent: StoredModel,
        seeds: Sequence[Sample],
        seed_texts: Sequence[str],
        config: FitConfig,
        pull: PullConfig,
    ) -> None:
        self._samples, self._seeds, self._texts, self._seed_texts = samples, seeds, texts, seed_texts
        self._parent, self._config, self._pull = parent, config, pull
        vectors = encoder.encode([*texts, *seed_texts]).astype(np.float64)
        self._vectors = vectors
        self.mean = vectors.mean(axis=0)
        # A floor, so that with a handful of texts no direction is blown up.
        deviation = vectors.std(axis=0)
        self.scale = config.vector_weight / np.maximum(deviation, 0.2 * deviation.mean() + 1e-9)
        everything = Inputs((vectors - self.mean) * self.scale, FeatureReader(parent.features).read([*texts, *seed_texts]))
        self._new = everything.rows(np.arange(len(texts)))
        self._anchors = everything.rows(np.arange(len(texts), len(vectors))) if seeds else None

    def knows(self, task: Task) -> bool:
        """Tell whether the parent has a head whose labels are these, or some of these where any number may hold."""
        head = self._parent.heads.get(task.name)
        if head is None or head.softmax is not task.softmax:
            return False
        return head.labels == task.labels if task.softmax else True

    def still_fits(self, name: str, taxonomy: Taxonomy) -> bool:
        """Tell whether the parent's head gives labels of this taxonomy only."""
        known = {"primary_theme": set(taxonomy.theme_ids), "themes": set(taxonomy.theme_ids), "sub_themes": set(taxonomy.parent_of)}
        return name != OWN and set(self._parent.heads[name].labels) <= known.get(name, set(self._parent.heads[name].labels))

    def extended(self, task: Task) -> Task:
        """Return the task with the parent's labels first, then those that only the samples have."""
        labels = self._parent.heads[task.name].labels
        labels = (*labels, *(label for label in task.labels if label not in labels))
        return Task(task.name, labels, task.softmax, gold_of(self._samples, task.name, labels))

    def head(self, task: Task, rows: NDArray[np.int64] | None) -> Head:
        """Return the head learned from some of the samples (None: all)."""
        parent = self._parent.heads[task.name]
        weights, intercept = standardised(parent, self.mean, self.scale)
        added = len(task.labels) - len(parent.labels)
        start = np.vstack([weights, np.zeros((added, weights.shape[1]))]), np.concatenate([intercept, np.full(added, -2.0)])
        unknown = np.arange(len(task.labels)) >= len(parent.labels)
        rows = np.arange(len(self._samples)) if rows is None else rows
        gold = gold_of(self._seeds, task.name, task.labels) if self._seeds else None
        some = Task(task.name, task.labels, task.softmax, task.gold[rows])
        weights, intercept = fit_pulled(
            some, self._new.rows(rows), anchors=self._anchors, anchor_gold=gold, start=start, unknown=unknown, config=self._pull
        )
        width = len(self.mean)
        vector_weights = weights[:, :width] * self.scale
        shift = None if parent.shift is None else np.concatenate([parent.shift, np.zeros(added)])
        return replace(
            parent, labels=task.labels, vector_weights=vector_weights, lexical_weights=weights[:, width:],
            intercept=intercept - vector_weights @ self.mean, shift=shift,
        )  # fmt: skip

    def raw(self, head: Head, rows: NDArray[np.int64]) -> Floats:
        """Return a head's logits of some samples, before calibration."""
        weights, intercept = standardised(head, self.mean, self.scale)
        return self._new.rows(rows).logits(weights, intercept)

    def fresh(self, tasks: Sequence[Task]) -> Learned:
        """Learn heads that the parent has not, from the samples and from the seeds that carry such labels."""
        everything = [*self._samples, *self._seeds]
        whole = [Task(t.name, t.labels, t.softmax, gold_of(everything, t.name, t.labels)) for t in tasks]
        fitted = fit([*self._texts, *self._seed_texts], self._vectors, everything, tasks=whole, config=self._config,
                     weights=np.ones(len(everything)), features=self._parent.features)  # fmt: skip
        return Learned(fitted.features, fitted.heads, fitted.thresholds, fitted.review, {}, (), (), {})


def _calibrated(head: Head, task: Task, raw: Floats) -> tuple[Head, Floats]:
    """Return the head calibrated on held-out logits where they are enough, and the held-out probabilities."""
    if (~np.isnan(task.gold).any(axis=1)).sum() >= _ENOUGH:
        temperature, shift = calibration(task, raw, np.ones(len(raw)))
        head = replace(head, temperature=temperature, shift=shift)
    logits = raw / head.temperature + (0.0 if head.shift is None else head.shift)
    return head, softmax(logits) if head.softmax else sigmoid(logits)


def _with_thresholds(thresholds: Mapping[str, Mapping[str, float]], task: Task, held_out: Floats | None) -> dict[str, dict[str, float]]:
    """Return the thresholds with those of a task that its held-out cases are enough for, and one for each new label."""
    found = {name: dict(limits) for name, limits in thresholds.items()}
    if task.softmax:
        return found
    limits = dict.fromkeys(task.labels, DEFAULT_THRESHOLD) | found.get(task.name, {})
    if held_out is not None:
        learned = label_thresholds(task, held_out)
        cases = np.nansum(task.gold, axis=0)
        limits |= {label: learned[label] for label, count in zip(task.labels, cases, strict=True) if count >= _ENOUGH_CASES}
    return found | {task.name: limits}


def _with_review(review: Review, tasks: Sequence[Task], held_out: Mapping[str, Floats], config: FitConfig) -> Review:
    """Return the limits with those of the choices that held-out samples are enough for, set together: a text is kept or not as a whole."""
    known = [task for task in tasks if task.softmax and (~np.isnan(task.gold).any(axis=1)).sum() >= _ENOUGH]
    if sum(not any(np.isnan(task.gold[row]).any() for task in known) for row in range(len(known[0].gold) if known else 0)) < _ENOUGH:
        return review
    limits = review_limits(known, held_out, np.ones(len(known[0].gold)), config)
    return replace(review, **{task.name: getattr(limits, task.name) for task in known})


def learn_fresh(
    samples: Sequence[Sample], texts: Sequence[str], encoder: Encodes, *, tasks: Sequence[Task], config: FitConfig, shown: int | None = None
) -> Learned:
    """Learn heads from nothing, with the weight of words and the penalty that do best on held-out groups.

    ``shown`` is how many of the samples, the first ones, are the user's: figures and suspects are theirs alone.
    """
    vectors = encoder.encode(texts).astype(np.float64)
    folds = max(2, min(config.folds, len(group_folds(samples, folds=config.folds, seed=config.seed))))
    best: tuple[float, FitConfig] | None = None
    fitted = None
    for word_weight, character_weight, strength in _FRESH_CHOICES:
        tried = replace(config, folds=folds, word_weight=word_weight, character_weight=character_weight, strength=strength)
        answer = fit(texts, vectors, samples, tasks=tasks, config=tried, weights=np.ones(len(samples)))
        loss = float(np.mean([_log_loss(task, answer.held_out[task.name]) for task in tasks]))
        if best is None or loss < best[0]:
            best, fitted = (loss, tried), answer
    assert best is not None and fitted is not None
    shown = len(samples) if shown is None else shown
    return Learned(
        features=fitted.features,
        heads=fitted.heads,
        thresholds=fitted.thresholds,
        review=fitted.review,
        held_out={task: p[:shown] for task, p in fitted.held_out.items()},
        held_out_samples=samples[:shown],
        folds=(),
        settings=asdict(best[1]),
        rehearsed=texts[shown:],
    )


def _log_loss(task: Task, held_out: Floats) -> float:
    rows = ~np.isnan(task.gold).any(axis=1)
    gold, p = task.gold[rows], np.clip(held_out[rows], 1e-9, 1 - 1e-9)
    if task.softmax:
        return float(-np.log((p * gold).sum(axis=1)).mean())
    return float(-(gold * np.log(p) + (1 - gold) * np.log(1 - p)).sum(axis=1).mean())
