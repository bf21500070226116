"""A label learned on all folds but one and tested on that one, through `train`: ``python -m training.cross_validate SAMPLES --label NAME``.

Prints macro-F1, time and peak memory of each fold and of all; what is kept of a run is in the folder given with ``-o``.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.classifier import Classifier
from models.store import DEFAULT_MODEL, load_model
from nlp.observe import Observer, joined
from seeds.taxonomy import read_taxonomy
from training.fit import gold_of, group_folds
from training.metrics import single_label_figures
from training.samples import read_sample_files
from training.train import METHODS, TrainConfig, train

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate one of our single-choice labels; folds that are done already are not done again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True, help="a folder for models and answers")
    parser.add_argument("--label", choices=("primary_theme", "sentiment"), default="sentiment")
    parser.add_argument("--method", choices=METHODS, default="heads")
    parser.add_argument("--with-seeds", action="store_true")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2018)
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    samples = [s for s in read_sample_files(chosen.samples, taxonomy=taxonomy).samples if getattr(s, chosen.label) is not None]
    parent = load_model(DEFAULT_MODEL)
    names = parent.heads[chosen.label].labels
    config = TrainConfig(method=chosen.method, with_seeds=chosen.with_seeds, label=chosen.label, seed=chosen.seed)
    config = replace(config, fit=replace(config.fit, seed=chosen.seed), fine_tune=replace(config.fine_tune, seed=chosen.seed))
    chosen.out.mkdir(parents=True, exist_ok=True)
    gold, said = [], []
    for fold, (learn, test) in enumerate(group_folds(samples, folds=chosen.folds, seed=chosen.seed)):
        tested = [samples[i] for i in test]
        answers = chosen.out / f"fold-{fold}.json"
        if not answers.is_file():
            start = time.perf_counter()
            trained = train(
                [samples[i] for i in learn], parent=parent, taxonomy=taxonomy, out=chosen.out / f"model-{fold}", config=config, test=tested,
                kept_in=chosen.out, tell=lambda message: print(message, file=sys.stderr, flush=True),
            )  # fmt: skip
            seconds = time.perf_counter() - start
            observer = Observer()
            labels = Classifier(trained.model, observer=observer).label([observer.observe(joined(s.title, s.text)) for s in tested])
            words = [getattr(label, chosen.label) for label in labels]
            answers.write_text(json.dumps({"said": words, "seconds": round(seconds, 1), "peak_mb": _peak()}), encoding="utf-8")
        found = json.loads(answers.read_text(encoding="utf-8"))
        mine = [names[at] for at in gold_of(tested, chosen.label, names).argmax(axis=1)]
        figures = single_label_figures(mine, found["said"])
        print(f"fold {fold}: macro-F1 {figures['macro_f1']:.4f} on {len(mine)}, {found['seconds']:.0f} s, peak {found['peak_mb']:.0f} MB", flush=True)
        gold += mine
        said += found["said"]
    figures = single_label_figures(gold, said)
    print(f"all folds: macro-F1 {figures['macro_f1']:.4f}, accuracy {figures['accuracy']:.4f}, {len(gold)} texts")
    return 0


def _peak() -> float:
    return float(np.round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))


if __name__ == "__main__":
    sys.exit(main())
