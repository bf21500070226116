"""What more labels would bring, and what they cost: ``python -m training.learning_curve SAMPLES [--old OLD]``.

The samples are split into ten folds by group; for each size, that many samples of the other nine retrain the model, and the
fold is tested: every text is tested once at every size. With ``--old`` the parent is made anew from the seeds and four fifths
of OLD, and each retrained model is tested on the last fifth too: what it forgot.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.classifier import Classifier
from models.labels import Labels
from models.store import DEFAULT_MODEL, StoredModel, load_model
from nlp.observe import Observer, joined
from seeds.samples import Sample
from seeds.taxonomy import Taxonomy, read_taxonomy
from training.compare import compare
from training.fit import FitConfig, fit, group_folds, tasks_of
from training.metrics import single_label_figures
from training.pull import PullConfig
from training.retrain import learn_from_parent
from training.samples import read_sample_files
from training.sources import read_sources, training_observer
from training.vectors import RememberedEncoder

__all__ = ["main"]

_TASKS = ("primary_theme", "sentiment")


class _Curve:
    """Retrains one parent on more and more samples."""

    def __init__(self, taxonomy: Taxonomy, kept_in: Path | None, pull: PullConfig, seed: int) -> None:
        self._taxonomy, self._pull, self._config = taxonomy, pull, FitConfig(seed=seed)
        self.parent = load_model(DEFAULT_MODEL)
        self._encoder = RememberedEncoder.of(self.parent, kept_in)
        self._observer = Observer()
        self._seeds = list(read_sources(taxonomy=taxonomy, real=None).invented)
        self._seed_texts = [o.cleaned.text for o in training_observer().observe_all([joined(s.title, s.text) for s in self._seeds])]

    def texts(self, samples: Sequence[Sample]) -> list[str]:
        return [o.cleaned.text for o in self._observer.observe_all([joined(s.title, s.text) for s in samples])]

    def make_parent(self, old: Sequence[Sample]) -> None:
        """Make the parent from the seeds and ``old``, as the shipped model is made."""
        samples, texts = [*old, *self._seeds], [*self.texts(old), *self._seed_texts]
        vectors = self._encoder.encode(texts).astype(np.float64)
        tasks = [task for task in tasks_of(samples, self._taxonomy) if task.name in _TASKS]
        fitted = fit(texts, vectors, samples, tasks=tasks, config=self._config, weights=np.ones(len(samples)))
        heads = {head.task: head for head in fitted.heads}
        self.parent = replace(self.parent, features=fitted.features, heads=heads, thresholds={}, review=fitted.review)

    def child(self, samples: Sequence[Sample]) -> StoredModel:
        """Return the parent retrained on ``samples``; itself where there is none."""
        if not samples:
            return self.parent
        tasks = [task for task in tasks_of(samples, self._taxonomy) if task.name in _TASKS]
        learned = learn_from_parent(
            samples, self.texts(samples), self._encoder, parent=self.parent, taxonomy=self._taxonomy, tasks=tasks, seeds=self._seeds,
            seed_texts=self._seed_texts, fitting=replace(self._config, folds=1, jobs=1), pull=self._pull,
        )  # fmt: skip
        return replace(self.parent, heads={head.task: head for head in learned.heads}, thresholds=learned.thresholds)

    def labels(self, model: StoredModel, samples: Sequence[Sample]) -> list[Labels]:
        observed = self._observer.observe_all([joined(s.title, s.text) for s in samples])
        return Classifier(model, observer=self._observer, encoder=self._encoder).label(observed)


def _figures(samples: Sequence[Sample], labels: Sequence[Labels]) -> str:
    parts = []
    for task in _TASKS:
        both = [(getattr(s, task), getattr(said, task)) for s, said in zip(samples, labels, strict=True) if getattr(s, task) is not None]
        figures = single_label_figures([gold for gold, _ in both], [said for _, said in both])
        parts.append(f"{task} macro-F1 {figures['macro_f1']:.3f}, accuracy {figures['accuracy']:.3f}")
    return "; ".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each size, and what was forgotten."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="+", type=Path)
    parser.add_argument("--old", type=Path, help="texts like those that the shipped model learned from beside the seeds")
    parser.add_argument("--sizes", default="0,50,100,200")
    parser.add_argument("--new-weight", type=float, default=PullConfig().new_weight)
    parser.add_argument("--cache", type=Path, help="where vectors are remembered")
    parser.add_argument("--seed", type=int, default=2018)
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    samples = read_sample_files(chosen.samples, taxonomy=taxonomy).samples
    curve = _Curve(taxonomy, chosen.cache, PullConfig(new_weight=chosen.new_weight), chosen.seed)
    held: list[Sample] = []
    if chosen.old:
        old = read_sample_files([chosen.old], taxonomy=taxonomy).samples
        train, test = group_folds(old, folds=5, seed=chosen.seed)[0]
        held = [old[i] for i in test]
        curve.make_parent([old[i] for i in train])
        print(f"parent made of the seeds and {len(train)} old samples; on {len(held)} others: {_figures(held, curve.labels(curve.parent, held))}")
    folds = group_folds(samples, folds=10, seed=chosen.seed)
    chance = np.random.default_rng(chosen.seed)
    orders = [train[chance.permutation(len(train))] for train, _ in folds]
    tested = [samples[i] for _, test in folds for i in test]
    for size in map(int, chosen.sizes.split(",")):
        said: list[Labels] = []
        losses, forgotten = 0, []
        for order, (_, test) in zip(orders, folds, strict=True):
            child = curve.child([samples[i] for i in order[:size]])
            said += curve.labels(child, [samples[i] for i in test])
            if held and size:
                found = compare(held, curve.labels(child, held), curve.labels(curve.parent, held), seed=chosen.seed)
                losses += bool({f"{task}.macro_f1" for task in _TASKS} & set(found.losses))
                forgotten.append([found.differences[f"{task}.macro_f1"].difference for task in _TASKS])
        print(f"{size} samples: {_figures(tested, said)} ({len(tested)} texts)", flush=True)
        if forgotten:
            change = ", ".join(f"{task} {d:+.4f}" for task, d in zip(_TASKS, np.mean(forgotten, axis=0), strict=True))
            noise = f"worse beyond noise in {losses} of {len(folds)} runs"
            print(f"  on {len(held)} old texts never seen, mean change of macro-F1: {change}; {noise}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
