"""Samples to heads: cross-fitted probabilities for calibration and thresholds, then a fit on everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import optimize, sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from models.features import FeatureReader, Features, fit_features
from models.heads import Head, sigmoid, softmax
from models.store import OWN, Review
from seeds.errors import SampleError
from seeds.samples import POLARITIES, Sample
from seeds.taxonomy import Taxonomy

__all__ = [
    "DEFAULT_THRESHOLD", "FitConfig", "Fitted", "Task", "calibration", "class_weights", "fit", "fit_linear", "gold_of", "group_folds",
    "label_thresholds", "own_task", "review_limits", "tasks_of",
]  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How the heads are fitted; the defaults did best on held-out folds of the training texts, real and invented."""

    vector_weight: float = 0.1  # of the vectors once each column has mean 0 and deviation 1
    word_weight: float = 3.5
    character_weight: float = 2.5
    most_words: int = 16000
    most_characters: int = 24000
    strength: float = 0.7  # inverse of the penalty (scikit-learn's C)
    balance: float = 1.0  # class weights: 0 none, 1 inverse to frequency
    folds: int = 5
    seed: int = 2018
    jobs: int = 2
    wanted_accuracy: float = 0.85  # of the texts that are not sent to review
    least_kept: float = 0.67  # of all texts: review must stay possible


@dataclass(frozen=True, slots=True)
class Task:
    """One question asked of each text; ``gold[i]`` is a row of 0 and 1, or NaN where nobody said."""

    name: str
    labels: tuple[str, ...]
    softmax: bool
    gold: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """Heads with all that was measured on held-out texts; ``held_out[task]`` has the shape (texts, labels)."""

    features: Features
    heads: tuple[Head, ...]
    thresholds: Mapping[str, Mapping[str, float]]
    review: Review
    held_out: Mapping[str, Floats]


def tasks_of(samples: Sequence[Sample], taxonomy: Taxonomy) -> list[Task]:
    """Return the tasks for which some sample has a label."""
    labels = {
        "primary_theme": taxonomy.theme_ids,
        "themes": taxonomy.theme_ids,
        "sub_themes": tuple(taxonomy.parent_of),
        "sentiment": POLARITIES,
        "adverse_event": ("true",),
    }
    tasks = [Task(name, known, name in ("primary_theme", "sentiment"), gold_of(samples, name, known)) for name, known in labels.items()]
    return [_with_cases(task) for task in tasks if not np.isnan(task.gold).all()]


def own_task(samples: Sequence[Sample]) -> Task:
    """Return the task of a label set of the user's own: one label a text, unless some text has several.

    Raises
    ------
    SampleError
        Fewer than two labels were given.
    """
    labels = tuple(sorted({label for s in samples for label in s.own or ()}))
    if len(labels) < 2:
        raise SampleError(f"{len(labels)} label found in the column, {', '.join(labels) or 'none'}; a classifier needs two or more.")
    has_one = all(len(s.own) == 1 for s in samples if s.own is not None)
    return Task(OWN, labels, has_one, _many_hot([s.own for s in samples], labels))


def _with_cases(task: Task) -> Task:
    """Leave out the labels that nobody gave: a head cannot learn them."""
    kept = [i for i in range(len(task.labels)) if np.nansum(task.gold[:, i]) >= 2]
    if task.softmax or len(kept) == len(task.labels):
        return task
    return Task(task.name, tuple(task.labels[i] for i in kept), task.softmax, task.gold[:, kept])


def gold_of(samples: Sequence[Sample], task: str, labels: Sequence[str]) -> Floats:
    """Return what a person said, shape (samples, labels): 1 for the labels given, 0 for the others, NaN where nobody said."""
    if task in ("primary_theme", "sentiment"):
        return _one_hot([getattr(s, task) for s in samples], labels)
    if task == "adverse_event":
        return _many_hot([_yes(s.adverse_event) for s in samples], labels)
    return _many_hot([getattr(s, task) for s in samples], labels)


def _yes(said: bool | None) -> tuple[str, ...] | None:
    return None if said is None else ("true",) * said


def _one_hot(values: Sequence[str | None], labels: Sequence[str]) -> Floats:
    return _many_hot([None if v is None else (v,) for v in values], labels)


def _many_hot(values: Sequence[Sequence[str] | None], labels: Sequence[str]) -> Floats:
    gold = np.full((len(values), len(labels)), np.nan)
    for row, given in enumerate(values):
        if given is not None:
            gold[row] = [float(label in given) for label in labels]
    return gold


def fit(
    texts: Sequence[str],
    vectors: Floats,
    samples: Sequence[Sample],
    *,
    tasks: Sequence[Task],
    config: FitConfig,
    weights: Floats,
    features: Features | None = None,
) -> Fitted:
    """Fit a head for each task.

    Parameters
    ----------
    texts
        What the model reads of each sample: cleaned, labs by their stand-ins.
    vectors
        The encoder's vectors of ``texts``, shape (texts, width).
    weights
        How much each sample counts, shape (texts,).
    """
    features = features or fit_features(
        texts,
        most_words=config.most_words,
        most_characters=config.most_characters,
        word_weight=config.word_weight,
        character_weight=config.character_weight,
    )
    lexical = FeatureReader(features).read(texts)
    mean, deviation = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-9)
    scale = config.vector_weight / deviation
    inputs = sparse.csr_matrix(sparse.hstack([sparse.csr_matrix((vectors - mean) * scale), lexical]))
    folds = group_folds(samples, folds=config.folds, seed=config.seed)
    heads: list[Head] = []
    held_out: dict[str, Floats] = {}
    for task in tasks:
        raw = _held_out_logits(task, inputs, folds, config, weights)
        temperature, shift = calibration(task, raw, weights)
        calibrated = raw / temperature if shift is None else raw / temperature + shift
        held_out[task.name] = softmax(calibrated) if task.softmax else sigmoid(calibrated)
        coefficients, intercept = fit_linear(task, inputs, np.arange(len(texts)), config, weights)
        width = vectors.shape[1]
        # The scaling goes into the weights, so that a head reads vectors as the encoder gives them.
        vector_weights = coefficients[:, :width] * scale
        heads.append(
            Head(
                task=task.name,
                labels=task.labels,
                softmax=task.softmax,
                vector_weights=vector_weights,
                lexical_weights=coefficients[:, width:],
                intercept=intercept - vector_weights @ mean,
                temperature=temperature,
                shift=shift,
            )
        )
    thresholds = {task.name: label_thresholds(task, held_out[task.name]) for task in tasks if not task.softmax}
    review = review_limits(tasks, held_out, weights, config)
    return Fitted(features, tuple(heads), thresholds, review, held_out)


def _held_out_logits(
    task: Task, inputs: sparse.csr_matrix, folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], config: FitConfig, weights: Floats
) -> Floats:
    raw = np.zeros(task.gold.shape)
    answers = Parallel(n_jobs=config.jobs)(delayed(fit_linear)(task, inputs, train, config, weights) for train, _ in folds)
    for (_, test), (coefficients, intercept) in zip(folds, answers, strict=True):
        raw[test] = inputs[test] @ coefficients.T + intercept
    return raw


def fit_linear(task: Task, inputs: sparse.csr_matrix, rows: NDArray[np.int64], config: FitConfig, weights: Floats) -> tuple[Floats, Floats]:
    """Return coefficients (labels, features) and intercepts (labels,) learned on ``rows``."""
    rows = rows[~np.isnan(task.gold[rows]).any(axis=1)]
    x, gold, weight = inputs[rows], task.gold[rows], weights[rows]
    if task.softmax:
        return _fit_softmax(x, gold, weight, config)
    coefficients = np.zeros((len(task.labels), inputs.shape[1]))
    intercept = np.zeros(len(task.labels))
    for label in range(len(task.labels)):
        y = gold[:, label]
        if y.min() == y.max():  # a fold without a case: never predicted there
            intercept[label] = -20.0 if y[0] == 0 else 20.0
            continue
        model = LogisticRegression(C=config.strength, solver="liblinear", dual=True, max_iter=4000, random_state=config.seed, tol=1e-3)
        model.fit(x, y, sample_weight=weight * _balance(y, weight, config.balance))
        coefficients[label], intercept[label] = model.coef_[0], model.intercept_[0]
    return coefficients, intercept


def _fit_softmax(x: sparse.csr_matrix, gold: Floats, weight: Floats, config: FitConfig) -> tuple[Floats, Floats]:
    y = gold.argmax(axis=1)
    coefficients = np.zeros((gold.shape[1], x.shape[1]))
    intercept = np.full(gold.shape[1], -20.0)
    model = LogisticRegression(C=config.strength, max_iter=600, tol=1e-3)
    model.fit(x, y, sample_weight=weight * _balance(y, weight, config.balance))
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        coefficients[model.classes_] = np.vstack([-model.coef_ / 2, model.coef_ / 2])
        intercept[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
    else:
        coefficients[model.classes_], intercept[model.classes_] = model.coef_, model.intercept_
    return coefficients, intercept


def _balance(y: NDArray[np.generic], weight: Floats, power: float) -> Floats:
    """Return class weights inverse to frequency to the ``power``, mean 1."""
    values, at = np.unique(y, return_inverse=True)
    shares = np.array([weight[at == i].sum() for i in range(len(values))]) / weight.sum()
    factors = (1 / (len(values) * shares)) ** power
    balanced = factors[at]
    return np.asarray(balanced / np.average(balanced, weights=weight))


def class_weights(y: NDArray[np.generic], known: NDArray[np.bool_], *, smoothing: float, classes: int = 2) -> Floats:
    """Return weights inverse to a class's frequency (each counted ``smoothing`` times more), mean 1 over the known rows; 0 elsewhere."""
    at = np.asarray(y, dtype=int)
    counts = np.bincount(at[known], minlength=classes) + smoothing
    weights = np.where(known, (counts.sum() / (classes * counts))[at], 0.0)
    return weights / max(1e-9, weights[known].mean()) if known.any() else weights


def calibration(task: Task, raw: Floats, weights: Floats) -> tuple[float, Floats | None]:
    """Return the temperature and the shifts that make held-out probabilities true (least log loss)."""
    rows = ~np.isnan(task.gold).any(axis=1)
    logits, gold, weight = raw[rows], task.gold[rows], weights[rows]

    if task.softmax:
        # No shift: it would bring back the shares of the training texts, which no export has.
        def cross_entropy(log_temperature: float) -> float:
            p = softmax(logits / np.exp(log_temperature))
            return float(np.average(-np.log((p * gold).sum(axis=1) + 1e-12), weights=weight))

        found = optimize.minimize_scalar(cross_entropy, bounds=(-2.0, 2.0), method="bounded")
        return float(np.exp(found.x)), None

    def loss(parameters: Floats) -> float:
        p = sigmoid(logits / np.exp(parameters[0]) + parameters[1:])
        each = -(gold * np.log(p + 1e-12) + (1 - gold) * np.log(1 - p + 1e-12)).sum(axis=1)
        # A weak pull to no shift: rare labels have too few cases to move far.
        return float(np.average(each, weights=weight) + 1e-3 * (parameters[1:] ** 2).sum())

    best = optimize.minimize(loss, np.zeros(1 + gold.shape[1]), method="L-BFGS-B")
    return float(np.exp(best.x[0])), np.asarray(best.x[1:])


# A threshold learned from fewer held-out cases than this would be chance.
_FEWEST_CASES = 8
DEFAULT_THRESHOLD = 0.4
"""From which a label is given whose cases are too few to learn a threshold from."""


def label_thresholds(task: Task, held_out: Floats) -> dict[str, float]:
    """Return for each label the probability from which it is given.

    Themes and sub-themes: the best F1 on held-out texts. Adverse events: the best F2, where a missed case weighs more
    than a false alarm.
    """
    beta = 2.0 if task.name == "adverse_event" else 1.0
    rows = ~np.isnan(task.gold).any(axis=1)
    chosen = {}
    for at, label in enumerate(task.labels):
        gold, p = task.gold[rows, at], held_out[rows, at]
        grid = np.arange(0.1, 0.71, 0.01)
        scores = [_f_score(gold, p >= limit, beta) for limit in grid]
        enough = gold.sum() >= _FEWEST_CASES
        chosen[label] = round(float(grid[int(np.argmax(scores))]), 2) if enough else DEFAULT_THRESHOLD
    return chosen


def _f_score(gold: Floats, said: NDArray[np.bool_], beta: float) -> float:
    hit = float((gold * said).sum())
    return (1 + beta**2) * hit / max(1e-9, beta**2 * float(gold.sum()) + float(said.sum()))


_GIVEN_UP = 0.015
"""Accuracy of one choice that is given up for the sake of the next."""


def review_limits(tasks: Sequence[Task], held_out: Mapping[str, Floats], weights: Floats, config: FitConfig) -> Review:
    """Return the limits on all choices at once: at most a third is sent away, and what is kept is right as often as wanted.

    Of the limits that keep enough, those are taken that come nearest to the wanted accuracy, the theme's first, and of these
    the ones that keep the most.
    """
    limits = dict.fromkeys(("primary_theme", "sentiment", OWN), 0.0)
    asked = [task for task in tasks if task.name in limits and task.softmax]
    rows = [row for row in range(len(weights)) if not any(np.isnan(task.gold[row]).any() for task in asked)]
    if not asked or not rows:
        return Review(*limits.values())
    sure = np.stack([held_out[task.name][rows].max(axis=1) for task in asked])
    right = np.stack([held_out[task.name][rows].argmax(axis=1) == task.gold[rows].argmax(axis=1) for task in asked])
    weight = weights[rows]
    tried = []
    for levels in product(np.arange(0.0, 0.9, 0.02), repeat=len(asked)):
        kept = (sure >= np.array(levels)[:, None]).all(axis=0)
        share = float(np.average(kept, weights=weight))
        if share >= config.least_kept:  # without limits everything is kept: there is always one
            lacking = np.maximum(0.0, config.wanted_accuracy - np.average(right[:, kept], axis=1, weights=weight[kept]))
            tried.append((share, levels, lacking))
    for at in range(len(asked)):
        least = min(lacking[at] for _, _, lacking in tried)
        tried = [one for one in tried if one[2][at] <= least + _GIVEN_UP]
    chosen = max(tried, key=lambda one: one[0])[1]
    limits |= {task.name: round(float(limit), 2) for task, limit in zip(asked, chosen, strict=True)}
    return Review(limits["primary_theme"], limits["sentiment"], limits[OWN])


def group_folds(samples: Sequence[Sample], *, folds: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return (train, test) rows by fold; a group, thread, author or text is never on both sides. Fewer than two of them: none."""
    keys = np.array([s.split_key or s.text for s in samples])
    folds = min(folds, len(set(keys.tolist())))
    if folds < 2:
        return []
    return list(GroupKFold(folds, shuffle=True, random_state=seed).split(keys, groups=keys))
