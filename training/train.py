"""Labelled samples and a parent become a new model, compared with its parent before anybody uses it."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from models.classifier import Classifier
from models.encoder import Encodes
from models.labels import Labels
from models.store import TAXONOMY_FILE, StoredModel, load_model, save_model, seen_key
from nlp.observe import Observations, Observer, joined
from seeds.errors import ModelError, SampleError
from seeds.samples import Sample
from seeds.taxonomy import Taxonomy
from training.base_encoder import encoder_card, read_base_encoder
from training.compare import Comparison, compare
from training.counts import label_counts
from training.finetune import FineTuneConfig
from training.fit import FitConfig, Task, own_task, tasks_of
from training.learned import Learned
from training.pull import PullConfig
from training.retrain import learn_fresh, learn_from_parent
from training.sources import read_sources, training_observer
from training.suspects import Suspect, rank_suspects
from training.tune import tune
from training.vectors import RememberedEncoder, frozen_encoder

__all__ = ["FIELDS", "METHODS", "TrainConfig", "Trained", "train"]

METHODS = ("heads", "fine-tune")
FIELDS = ("primary_theme", "themes", "sub_themes", "sentiment", "adverse_event")
"""Our label sets; one of them may be learned alone."""

HEADLINES = ("primary_theme.macro_f1", "themes.macro_f1", "sentiment.macro_f1", "adverse_event.f1", "own.macro_f1")
"""The figures whose loss beyond noise makes a new model worse than its parent: one a part, since each more would raise a false alarm."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained; the defaults are those of the command line."""

    method: str = "heads"
    with_seeds: bool = True
    label: str | None = None  # one label set alone: a column of the user's own, or one of `FIELDS`
    encoder: str | None = None
    seed: int = 2018
    fit: FitConfig = field(default_factory=FitConfig)
    pull: PullConfig = field(default_factory=PullConfig)
    fine_tune: FineTuneConfig = field(default_factory=FineTuneConfig)


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model, and how it stands against its parent on texts that neither learned from."""

    model: StoredModel
    comparisons: Mapping[str, Comparison]  # "samples" and "seeds"
    suspects: Sequence[Suspect]
    left_out: Mapping[str, int]  # samples that could not be learned from, by reason
    notes: Sequence[str]

    @property
    def losses(self) -> list[tuple[str, str]]:
        """Where the new model is worse beyond noise: (texts, figure)."""
        return [(name, figure) for name, found in self.comparisons.items() for figure in found.losses if figure in HEADLINES]


def train(
    samples: Sequence[Sample],
    *,
    parent: StoredModel,
    taxonomy: Taxonomy,
    out: Path,
    config: TrainConfig,
    own_taxonomy: Path | None = None,
    test: Sequence[Sample] | None = None,
    kept_in: Path | None = None,
    made_of: Mapping[str, Any] | None = None,
    tell: Callable[[str], None] = lambda message: None,
) -> Trained:
    """Train a model on ``samples`` and write it to the folder ``out``, whole or not at all.

    Parameters
    ----------
    parent
        The model to start from; its heads are pulled along, its other heads are kept as they are.
    own_taxonomy
        The file of a taxonomy of the user's own, kept with the model.
    test
        Samples to compare the two models on; None holds out each group of ``samples`` in turn.
    kept_in
        The folder where vectors are remembered; None remembers nothing.

    Raises
    ------
    SampleError
        Nothing to learn from.
    """
    if config.method not in METHODS:
        raise ModelError(f"--method {config.method!r}: choose {' or '.join(METHODS)}.")
    _check_place(out, parent)
    bench = _Bench(parent, taxonomy, config, kept_in, tell)
    kept, left_out = bench.usable(samples, test)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as building:
        place = Path(building) / "model"
        place.mkdir()
        if own_taxonomy is not None:
            shutil.copyfile(own_taxonomy, place / TAXONOMY_FILE)
        learned = bench.learn(kept, test, place, out)
        model = bench.save(place, learned, kept, left_out, made_of or {})
        comparisons, said = bench.compare(model, learned, kept, test)
        labels = {head.task: head.labels for head in learned.heads if head.task in learned.held_out}
        suspects = rank_suspects(learned.held_out_samples, learned.held_out, labels) if learned.held_out_samples else []
        model = _restate(place, model, comparisons, said)
        _put(place, out)
        if config.method == "fine-tune":
            shutil.rmtree(out.with_name(f".{out.name}.fine-tune"), ignore_errors=True)
    return Trained(load_model(out, taxonomy=taxonomy), comparisons, suspects, left_out, learned.notes)


class _Bench:
    """What a training run needs at hand: texts as the models read them, vectors, the seeds."""

    def __init__(self, parent: StoredModel, taxonomy: Taxonomy, config: TrainConfig, kept_in: Path | None, tell: Callable[[str], None]) -> None:
        self.parent, self.taxonomy, self.config, self.kept_in, self.tell = parent, taxonomy, config, kept_in, tell
        self._observer = Observer()
        try:
            sources = read_sources(taxonomy=taxonomy, real=None)
        except SampleError:
            tell("the seeds are left out: their labels are not those of this taxonomy")
            self._seeds, self._test_part = [], []
        else:
            self._seeds, self._test_part = list(sources.invented), list(sources.test)

    def observe(self, samples: Sequence[Sample]) -> list[Observations]:
        return [self._observer.observe(joined(s.title, s.text)) for s in samples]

    def usable(self, samples: Sequence[Sample], test: Sequence[Sample] | None) -> tuple[list[Sample], dict[str, int]]:
        """Leave out the samples that a test would know: those of the frozen seed test part and of ``test``."""
        frozen = {self._key(o) for o in self.observe(self._test_part)}
        tested = {self._key(o) for o in self.observe(test or ())}
        kept, left_out = [], Counter[str]()
        for sample, observed in zip(samples, self.observe(samples), strict=True):
            if self._key(observed) in tested:
                left_out["also in the test file"] += 1
            elif self._key(observed) in frozen:
                left_out["in the frozen seed test part"] += 1
            else:
                kept.append(sample)
        if not kept:
            raise SampleError("no sample is left to learn from. Give other samples than those of the test.")
        return kept, dict(left_out)

    def tasks(self, samples: Sequence[Sample]) -> list[Task]:
        """Return what can be learned from samples: everything they have labels for, or the one label set that was asked for."""
        if self.is_own:
            return [own_task(samples)]
        found = tasks_of(samples, self.taxonomy)
        return [task for task in found if self.config.label in (None, task.name)]

    @property
    def is_own(self) -> bool:
        """Whether the one label set that was asked for is the user's own."""
        return self.config.label is not None and self.config.label not in FIELDS

    @staticmethod
    def _key(observed: Observations) -> str:
        return seen_key(observed.cleaned.text.casefold())

    def learn(self, samples: Sequence[Sample], test: Sequence[Sample] | None, place: Path, out: Path) -> Learned:
        config = self.config
        tasks = self.tasks(samples)
        if not tasks:
            raise SampleError(f"no label to learn from. Samples need one of {', '.join([config.label] if config.label else FIELDS)}.")
        texts = [o.cleaned.text for o in self.observe(samples)]
        seeds, seed_texts = self._rehearsed()
        if config.method == "fine-tune":
            base = read_base_encoder(config.encoder)
            return tune(
                samples, texts, seeds, seed_texts, tasks=self.tasks([*samples, *seeds]), base=base, place=place,
                work=out.with_name(f".{out.name}.fine-tune"), config=config.fine_tune, fitting=config.fit, holds_out=test is None, tell=self.tell,
            )  # fmt: skip
        if config.encoder is not None:
            return self._fresh(samples, texts, seeds, seed_texts, place)
        for name in ("encoder.onnx", "tokenizer.json"):
            shutil.copyfile(self.parent.folder / name, place / name)
        encoder = self._remembered()
        if self.is_own or (config.label and not config.with_seeds):
            learned = learn_fresh(samples, texts, encoder, tasks=tasks, config=config.fit)
        else:
            learned = learn_from_parent(
                samples, texts, encoder, parent=self.parent, taxonomy=self.taxonomy, tasks=tasks, seeds=seeds, seed_texts=seed_texts,
                fitting=config.fit, pull=config.pull,
            )  # fmt: skip
            if config.label:
                learned = learned.only(config.label)
        return replace(learned, encoder=encoder, stated=self.parent.card["encoder"])

    def _rehearsed(self) -> tuple[Sequence[Sample], Sequence[str]]:
        """Return the seeds that are read again, and their texts; none for a label set of the user's own."""
        if not self.config.with_seeds or self.is_own:
            return (), ()
        observer = training_observer()
        return self._seeds, [observer.observe(joined(s.title, s.text)).cleaned.text for s in self._seeds]

    def _fresh(self, samples: Sequence[Sample], texts: Sequence[str], seeds: Sequence[Sample], seed_texts: Sequence[str], place: Path) -> Learned:
        """Learn heads on another encoder, which no head of the parent can read."""
        base = read_base_encoder(self.config.encoder)
        encoder = frozen_encoder(base, place, kept_in=self.kept_in, tell=self._told)
        everything, read = [*samples, *seeds], [*texts, *seed_texts]
        learned = learn_fresh(everything, read, encoder, tasks=self.tasks(everything), config=self.config.fit, shown=len(samples))
        return replace(learned, encoder=encoder, stated=encoder_card(base))

    def _remembered(self) -> RememberedEncoder:
        return RememberedEncoder.of(self.parent, self.kept_in, self._told)

    def _told(self, done: int, total: int) -> None:
        self.tell(f"{done} of {total} texts encoded")

    def save(self, place: Path, learned: Learned, samples: Sequence[Sample], left_out: Mapping[str, int], made_of: Mapping[str, Any]) -> StoredModel:
        config, parent = self.config, self.parent
        is_child = learned.is_child
        keys = {self._key(o) for o in self.observe(samples)}
        made = datetime.now(UTC)
        # What was learned from by whom: the same samples, parent and settings give the same id on the same day.
        print_of = hashlib.sha256(json.dumps([sorted(keys), parent.id, config.method, config.label, config.encoder, config.with_seeds]).encode())
        print_of.update(json.dumps([_label_line(s) for s in samples]).encode())
        card = {
            "id": f"{config.label or 'pharmavoix'}-{made:%Y%m%d}-{print_of.hexdigest()[:8]}".replace("/", "_").replace("\\", "_"),
            "made": made.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "taxonomy": self.taxonomy.hash,
            "themes": self.taxonomy.theme_ids,
            "encoder": learned.stated,
            "parent": parent.id if is_child else None,
            "kept_heads": sorted(learned.kept),
            "made_of": {
                "samples": len(samples),
                "by source": dict(Counter(s.source or "not stated" for s in samples)),
                "annotators": len({s.annotator for s in samples if s.annotator}),
                "invented samples (seeds/), read again" if is_child else "invented samples (seeds/)": len(learned.rehearsed),
                "left out": dict(left_out),
                "kept for testing": len(self._test_part),
                **made_of,
            },
            "method": config.method,
            "config": learned.settings,
            "label_counts": label_counts(samples, parent.card.get("label_counts") if is_child else None),
            "held_out": learned.figures(),
            "notes": list(learned.notes),
            "versions": {name: version(name) for name in ("numpy", "scikit-learn", "scipy", "onnxruntime", "tokenizers", "safetensors")},
        }
        if self.is_own:
            card["own_label"] = config.label
        save_model(
            place, card=card, features=learned.features, heads=learned.heads, thresholds=learned.thresholds, review=learned.review,
            seen=[*keys, *(seen_key(text.casefold()) for text in learned.rehearsed), *(parent.seen if is_child else ())],
        )  # fmt: skip
        return load_model(place, taxonomy=self.taxonomy)

    def compare(
        self, model: StoredModel, learned: Learned, samples: Sequence[Sample], test: Sequence[Sample] | None
    ) -> tuple[dict[str, Comparison], dict[str, Any]]:
        """Set the new model beside its parent, on the samples held out (or ``test``) and on the frozen seed test part."""
        if model.own_label != self.parent.own_label or (self.config.label and not learned.is_child):
            return {}, {"note": "one label set, learned from these samples alone: there is no parent to compare with"}
        old = self._classifier(self.parent, self._remembered())
        new = self._classifier(model, learned.encoder)
        found: dict[str, Comparison] = {}
        if test is not None:
            kept = [s for s, o in zip(test, self.observe(test), strict=True) if self._key(o) not in self.parent.seen]
            found["samples"] = self._compared(kept, new, old)
        elif learned.folds:
            found["samples"] = self._cross_compared(samples, model, learned, old)
        if self._test_part and not self.is_own:
            found["seeds"] = self._compared(self._test_part, new, old)
        return {name: c for name, c in found.items() if c.differences}, {}

    def _compared(self, samples: Sequence[Sample], new: Classifier, old: Classifier) -> Comparison:
        observed = self.observe(samples)
        return compare(samples, new.label(observed), old.label(observed), seed=self.config.seed)

    def _cross_compared(self, samples: Sequence[Sample], model: StoredModel, learned: Learned, old: Classifier) -> Comparison:
        """Compare on each group by heads that did not learn from it; what the parent has seen says nothing and is left out."""
        observed = self.observe(samples)
        rows: list[int] = []
        said: list[Labels] = []
        for heads, held_out in learned.folds:
            unseen = [i for i in held_out if self._key(observed[i]) not in self.parent.seen]
            blind = model if heads is None else replace(model, heads={head.task: head for head in heads})
            rows += unseen
            said += self._classifier(blind, learned.encoder).label([observed[i] for i in unseen])
        return compare([samples[i] for i in rows], said, old.label([observed[i] for i in rows]), seed=self.config.seed)

    def _classifier(self, model: StoredModel, encoder: Encodes | None) -> Classifier:
        return Classifier(model, observer=self._observer, encoder=encoder)


def _label_line(sample: Sample) -> list[Any]:
    return [sample.primary_theme, sample.themes, sample.sub_themes, sample.sentiment, sample.adverse_event, sample.own]


def _restate(place: Path, model: StoredModel, comparisons: Mapping[str, Comparison], said: Mapping[str, Any]) -> StoredModel:
    """Write the comparison with the parent into model.json."""
    card = dict(model.card)
    card["against_parent"] = {
        name: {
            figure: {"new": d.new, "old": d.old, "difference": d.difference, "low": d.low, "high": d.high, "n": d.n}
            for figure, d in found.differences.items()
        }
        for name, found in comparisons.items()
    } | dict(said)
    (place / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return replace(model, card=card)


def _check_place(out: Path, parent: StoredModel) -> None:
    if out.exists() and out.resolve() == parent.folder.resolve():
        raise ModelError(f"{out}: the model to start from. Choose another place for the new one.")
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / "model.json").is_file())):
        raise ModelError(f"{out}: exists and is no model. Choose another place, or remove it.")


def _put(place: Path, out: Path) -> None:
    """Move the finished folder to its place; an older model there goes only once the new one is whole."""
    if out.exists():
        out.rename(place.with_name("old"))  # removed with the folder that the model was built in
    place.rename(out)
