"""What the seed corpus holds and what it teaches: ``python -m training.corpus_report [TEST...]``.

Counts by tag and label; accuracy on lots never seen against texts drawn at random (how much a style gives away); macro-F1
on test files when learning from 1,000, 2,000, 4,000 and all samples, with the frozen base encoder; and what all of them misread, by kind.
"""

import argparse
import csv
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GroupKFold, KFold

from models.features import FeatureReader, fit_features
from seeds.samples import SAMPLES, Sample, read_samples
from seeds.taxonomy import read_taxonomy
from training.base_encoder import read_base_encoder
from training.fit import FitConfig
from training.make_model import read_as
from training.metrics import single_label_figures
from training.sources import read_sources, training_observer
from training.vectors import frozen_encoder

__all__ = ["agreement", "counts", "learning_curve", "misread", "out_of_lot", "scores"]

Answers = Mapping[tuple[str, str], Sequence[str]]

_TASKS = ("primary_theme", "sentiment")
_SIZES = (1000, 2000, 4000)
_WORST = 6
_FEWEST = 20
SECOND_READING = SAMPLES.parent / "second_reading.csv"
"""What the writer (1) and a second reader (2) said of each sample, before a third decided where they differed."""


@dataclass(frozen=True, slots=True)
class Read:
    """Samples as the model reads them."""

    samples: Sequence[Sample]
    texts: Sequence[str]
    vectors: NDArray[np.float32]

    def only(self, rows: Sequence[int]) -> "Read":
        """Return some of the samples."""
        return Read([self.samples[i] for i in rows], [self.texts[i] for i in rows], self.vectors[list(rows)])


def counts(samples: Sequence[Sample]) -> str:
    """Return one screen of counts."""
    tags = Counter(tag for s in samples for tag in s.tags)
    opposed = sum(len(set((s.sentiment_by_lab or {}).values())) > 1 for s in samples)
    lines = [
        f"{len(samples)} samples in {len({s.group for s in samples})} lots, {len({lab for s in samples for lab in s.labs or ()})} labs, "
        f"years {min((s.date or '9')[:4] for s in samples)} to {max((s.date or '0')[:4] for s in samples)}",
        "voice: " + _listed(Counter(s.voice for s in samples)),
        "platform: " + _listed(Counter(s.platform for s in samples)),
        "tags: " + _listed(tags) + f"; several labs with unlike polarities {opposed}; adverse events {sum(bool(s.adverse_event) for s in samples)}",
    ]
    for theme in read_taxonomy().theme_ids:
        lines.append(f"{theme}: " + _listed(Counter(s.sentiment for s in samples if s.primary_theme == theme)))
    return "\n".join(lines)


def _listed(counter: Counter[Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def agreement(reading: Path = SECOND_READING) -> list[str]:
    """Return a line a label: how often a second reader, who saw the texts and the guide alone, gave the same as the writer (Cohen's kappa)."""
    with reading.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    lines = []
    for label in ("primary_theme", "sentiment", "adverse_event"):
        first, second = [record[f"{label}_1"] for record in records], [record[f"{label}_2"] for record in records]
        same = float(np.mean([a == b for a, b in zip(first, second, strict=True)]))
        lines.append(f"second reading of {len(records)}, {label}: {same:.3f} alike, kappa {cohen_kappa_score(first, second):.3f}")
    return lines


def out_of_lot(read: Read, *, config: FitConfig) -> dict[str, tuple[float, float]]:
    """Return for each task the accuracy on lots left out, and on texts left out at random (five parts each)."""
    groups = [s.group for s in read.samples]
    found = {}
    for task in _TASKS:
        gold = np.array([getattr(s, task) for s in read.samples])
        by_lot = GroupKFold(config.folds, shuffle=True, random_state=config.seed).split(gold, groups=groups)
        at_random = KFold(config.folds, shuffle=True, random_state=config.seed).split(gold)
        unseen, drawn = (
            float(np.mean([np.mean(_predicted(read.only(a), [read.only(b)], task, config)[0] == gold[b]) for a, b in folds]))
            for folds in (by_lot, at_random)
        )
        found[task] = (unseen, drawn)
    return found


def learning_curve(read: Read, tests: Mapping[str, Read], *, config: FitConfig) -> Iterator[tuple[int, Answers]]:
    """Yield how many samples were learned from, drawn at random, and the answers on each test, by its name and the task."""
    rows = list(range(len(read.samples)))
    random.Random(config.seed).shuffle(rows)
    for size in [*(s for s in _SIZES if s < len(rows)), len(rows)]:
        some = read.only(rows[:size])
        answers: dict[tuple[str, str], list[str]] = {}
        for task in _TASKS:
            for name, said in zip(tests, _predicted(some, list(tests.values()), task, config), strict=True):
                answers[name, task] = said.tolist()
        yield size, answers


def scores(tests: Mapping[str, Read], answers: Answers) -> str:
    """Return the macro-F1 of answers on each test, in a line."""
    figures = []
    for (name, task), said in answers.items():
        score = single_label_figures([getattr(s, task) for s in tests[name].samples], said)
        figures.append(f"{name} {task} {score['macro_f1']:.3f}")
    return ", ".join(sorted(figures))


def misread(tests: Mapping[str, Read], answers: Answers) -> Iterator[str]:
    """Yield lines on what each test's texts are misread as, and how often each kind of text is read rightly: what the corpus lacks."""
    for (name, task), said in answers.items():
        gold = [str(getattr(s, task)) for s in tests[name].samples]
        cases, missed = Counter(gold), Counter((g, p) for g, p in zip(gold, said, strict=True) if g != p)
        worst = ", ".join(f"{g} as {p} {count} of {cases[g]}" for (g, p), count in missed.most_common(_WORST))
        yield f"{name} {task} misread: {worst}"
        kinds = _kinds(tests[name].samples).items()
        shares = [f"{kind} {np.mean([gold[i] == said[i] for i in rows]):.2f} ({len(rows)})" for kind, rows in kinds]
        yield f"{name} {task} right by kind: {', '.join(shares)}"


def _kinds(samples: Sequence[Sample]) -> dict[str, list[int]]:
    """Return the rows of each voice, platform, source and tag that is common enough to say something."""
    rows: dict[str, list[int]] = {}
    for row, sample in enumerate(samples):
        for kind in dict.fromkeys((sample.voice, sample.platform, sample.source, *sample.tags)):
            if kind:
                rows.setdefault(kind, []).append(row)
    return {kind: found for kind, found in sorted(rows.items()) if len(found) >= _FEWEST}


def _predicted(train: Read, tests: Sequence[Read], task: str, config: FitConfig) -> list[NDArray[np.str_]]:
    features = fit_features(
        train.texts,
        most_words=config.most_words,
        most_characters=config.most_characters,
        word_weight=config.word_weight,
        character_weight=config.character_weight,
    )
    reader = FeatureReader(features)
    model = LogisticRegression(C=config.strength, class_weight="balanced", max_iter=600, tol=1e-3)
    mean, scale = train.vectors.mean(axis=0), config.vector_weight / train.vectors.std(axis=0)

    def inputs(read: Read) -> sparse.csr_matrix:
        return sparse.csr_matrix(sparse.hstack([sparse.csr_matrix((read.vectors - mean) * scale), reader.read(read.texts)]))

    model.fit(inputs(train), [getattr(s, task) for s in train.samples])
    return [np.asarray(model.predict(inputs(test))) for test in tests]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", type=Path, help="sample files to test on")
    parser.add_argument("--only-counts", action="store_true")
    parser.add_argument("--cache", type=Path, help="where vectors are remembered")
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    sources = read_sources(taxonomy=taxonomy, real=None)
    everything = [*sources.invented, *sources.test]
    print("\n".join([counts(everything), *agreement()]))
    if chosen.only_counts:
        return 0
    observer, config = training_observer(), FitConfig()
    with tempfile.TemporaryDirectory() as place:
        # The base encoder as it is: the shipped one may have learned from these very samples.
        encoder = frozen_encoder(read_base_encoder(), Path(place), kept_in=chosen.cache)

        def read(samples: Sequence[Sample]) -> Read:
            texts = read_as(samples, observer)
            return Read(samples, texts, encoder.encode(texts))

        invented = read(sources.invented)
        tests = {path.stem: read(list(read_samples([path], taxonomy=taxonomy))) for path in chosen.tests}
        tests["seed test part"] = read(sources.test)
    for task, (unseen, drawn) in out_of_lot(invented, config=config).items():
        print(f"{task}: accuracy {unseen:.3f} on lots never seen, {drawn:.3f} on texts drawn at random")
    answers: Answers = {}
    for size, answers in learning_curve(invented, tests, config=config):
        print(f"{size} samples: {scores(tests, answers)}")
    print("\n".join(misread(tests, answers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
