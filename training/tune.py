"""The encoder learned together with its heads, and what words alone say beside it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.features import FeatureReader, fit_features
from models.heads import Head
from seeds.samples import Sample
from training.base_encoder import BaseEncoder, encoder_card, write_encoder
from training.finetune import FineTuneConfig, Tuned, fine_tune
from training.fit import DEFAULT_THRESHOLD, FitConfig, Task, calibration, fit_linear, group_folds, label_thresholds, review_limits
from training.learned import Learned
from training.vectors import RememberedEncoder

__all__ = ["SHIPPED_WORDS", "WordsConfig", "tune", "tune_on"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """Heads on words and their pieces alone, added to those of a trained encoder: they see what it misses, and name the words to show a reader.

    The defaults did best for a user's own few thousand tweets.
    """

    share: float = 0.2  # of their logits, beside the encoder's calibrated ones
    word_weight: float = 1.0
    character_weight: float = 1.0
    strength: float = 2.0
    balance: float = 0.0


SHIPPED_WORDS = WordsConfig(share=0.55, word_weight=3.5, character_weight=2.5, strength=0.7, balance=1.0)
"""For the model made from seeds and real texts: chosen on 400 real texts held out and on the seed test part."""


def tune(
    samples: Sequence[Sample],
    texts: Sequence[str],
    seeds: Sequence[Sample],
    seed_texts: Sequence[str],
    *,
    tasks: Sequence[Task],
    base: BaseEncoder,
    place: Path,
    work: Path,
    config: FineTuneConfig,
    fitting: FitConfig,
    holds_out: bool,
    tell: Callable[[str], None],
) -> Learned:
    """Train the encoder with its heads on the samples and the seeds, and write its graph into ``place``.

    A tenth of the groups of the samples tells when to stop, and calibrates; with ``holds_out`` another tenth is kept to be
    measured on. ``tasks`` hold the labels of both; ``work`` holds the checkpoints.
    """
    folds = group_folds(samples, folds=10, seed=fitting.seed)
    valid = folds[0][1].tolist() if folds else []
    held = folds[1][1].tolist() if holds_out and len(folds) > 2 else []
    learned = tune_on(
        [*samples, *seeds], [*texts, *seed_texts], tasks=tasks, base=base, place=place, work=work, valid=valid, held=held,
        config=config, fitting=fitting, words=WordsConfig(), tell=tell,
    )  # fmt: skip
    return replace(
        learned,
        folds=[(None, held)] if held else [],
        rehearsed=seed_texts,
        notes=() if held or not holds_out else ("too few groups of samples: none could be held out to measure on",),
    )


def tune_on(
    samples: Sequence[Sample],
    texts: Sequence[str],
    *,
    tasks: Sequence[Task],
    base: BaseEncoder,
    place: Path,
    work: Path,
    valid: Sequence[int],
    held: Sequence[int] = (),
    seeds: Sequence[int] = (),
    weights: Floats | None = None,
    config: FineTuneConfig,
    fitting: FitConfig,
    words: WordsConfig,
    tell: Callable[[str], None],
) -> Learned:
    """Train on all rows but ``valid``, which tell when to stop and calibrate, and ``held``.

    With several ``seeds`` one run is made of each, and the mean of their weights is kept. ``weights`` say how much each
    sample counts in calibration, thresholds and limits, shape (samples,).
    """
    weights = np.ones(len(samples)) if weights is None else weights
    train = sorted(set(range(len(samples))) - {*valid, *held})
    runs = [
        fine_tune(
            texts, tasks, base, train=train, valid=valid, config=replace(config, seed=seed),
            work=work / f"seed-{seed}" if seeds else work, tell=tell,
        )
        for seed in seeds or [config.seed]
    ]  # fmt: skip
    tuned = _mean(runs)
    write_encoder(base, tuned.weights, place)
    width = int(base.config["hidden_size"])
    encoder = RememberedEncoder(place, width=2 * width, identity="", prefix=base.prefix, kept_in=None)
    vectors = encoder.encode([texts[row] for row in valid]).astype(np.float64)
    features = fit_features(
        [texts[row] for row in train], most_words=fitting.most_words, most_characters=fitting.most_characters,
        word_weight=words.word_weight, character_weight=words.character_weight,
    )  # fmt: skip
    lexical = FeatureReader(features).read(texts)
    of_words = replace(fitting, strength=words.strength, balance=words.balance)
    heads, thresholds, held_out = [], {}, {}
    for task in tasks:
        linear = fit_linear(task, lexical, np.array(train), of_words, np.ones(len(texts)))
        blind = Task(task.name, task.labels, task.softmax, task.gold[valid])
        head = _joined(blind, tuned.heads[task.name], linear, vectors[:, :width], lexical[valid], share=words.share, weights=weights[valid])
        held_out[task.name] = head.probabilities(vectors, lexical[valid])
        if not task.softmax:
            is_known = not np.isnan(blind.gold).all()
            thresholds[task.name] = label_thresholds(blind, held_out[task.name]) if is_known else dict.fromkeys(task.labels, DEFAULT_THRESHOLD)
        heads.append(head)
    known = [Task(t.name, t.labels, t.softmax, t.gold[valid]) for t in tasks if not np.isnan(t.gold[valid]).all()]
    return Learned(
        features=features,
        heads=tuple(heads),
        thresholds=thresholds,
        review=review_limits(known, held_out, weights[valid], fitting),
        held_out=held_out,
        held_out_samples=[samples[row] for row in valid],
        folds=(),
        settings=asdict(config) | {"words": asdict(words), "seeds": list(seeds)} | _told(runs),
        encoder=encoder,
        stated=encoder_card(base) | {"fine-tuned": True},
    )


def _joined(
    blind: Task,
    trained: tuple[Floats, Floats],
    linear: tuple[Floats, Floats],
    vectors: Floats,
    lexical: sparse.csr_matrix,
    *,
    share: float,
    weights: Floats,
) -> Head:
    """Return the trained head, its sureness mended, with a share of the words' head, calibrated together on the rows ``blind``."""
    vector_weights, intercept = trained
    is_known = not np.isnan(blind.gold).all()
    raw = vectors @ vector_weights.T + intercept
    sureness = calibration(blind, raw, weights)[0] if is_known else 1.0
    raw = raw / sureness + share * (lexical @ linear[0].T + linear[1])
    temperature, shift = calibration(blind, raw, weights) if is_known else (1.0, None)
    vector_weights = vector_weights / sureness
    return Head(
        task=blind.name, labels=blind.labels, softmax=blind.softmax, temperature=temperature, shift=shift,
        intercept=intercept / sureness + share * linear[1],
        vector_weights=np.hstack([vector_weights, np.zeros_like(vector_weights)]), lexical_weights=share * linear[0],
    )  # fmt: skip


def _mean(runs: Sequence[Tuned]) -> Tuned:
    """Return the mean of the weights: runs from one start that saw the texts in other orders lie near each other, and their mean errs less."""
    if len(runs) == 1:
        return runs[0]
    return replace(
        runs[0],
        weights={name: np.mean([run.weights[name] for run in runs], axis=0) for name in runs[0].weights},
        heads={
            task: (np.mean([run.heads[task][0] for run in runs], axis=0), np.mean([run.heads[task][1] for run in runs], axis=0))
            for task in runs[0].heads
        },
    )


def _told(runs: Sequence[Tuned]) -> dict[str, Any]:
    return {
        "history": [list(run.history) for run in runs] if len(runs) > 1 else list(runs[0].history),
        "resumed_at_step": runs[0].resumed_at,
        "seconds": round(sum(run.seconds for run in runs), 1),
    }
