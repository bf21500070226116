"""A model against labelled samples: metrics.json, report.html and errors.csv.

Also ``python -m training.evaluate MODEL TEST... [-o FILE]``: one screen a test file, with words alone beside, and the
figures as JSON.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.classifier import Classifier, load_classifier
from models.labels import Labels
from models.store import DEFAULT_MODEL, seen_key
from nlp.observe import Observations, joined
from seeds.errors import PharmavoixError
from seeds.samples import Sample, read_samples
from seeds.taxonomy import read_taxonomy
from training.baselines import by_keywords, by_majority, learned_baselines
from training.compare import Comparison, compare
from training.counts import label_counts
from training.figures import metrics
from training.gates import check_gates, parse_gate
from training.mistakes import errors_csv, find_mistakes, label_shares, suspects, worst
from training.parts import find_parts
from training.report import Found, report_html
from training.slices import slices
from training.sources import REAL_TRAIN, read_sources
from training.wording import wording

__all__ = ["Evaluation", "evaluate", "evaluate_model", "metrics", "parse_gate"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found: the content of metrics.json, the comparison in plain sentences, the gates that were not met."""

    metrics: Mapping[str, Any]
    sentence: str | None
    gates_not_met: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unseen:
    """The texts that no model at hand learned from, as each model reads them."""

    samples: Sequence[Sample]
    observed: Sequence[Sequence[Observations]]
    left_out: int


def evaluate_model(
    classifier: Classifier,
    samples: Sequence[Sample],
    *,
    out: Path,
    against: Classifier | None = None,
    gates: Sequence[str] = (),
    lang: str = "fr",
    train: Sequence[Sample] | None = None,
    label: str | None = None,
    seed: int = 2018,
    tell: Callable[[str], None] | None = None,
) -> Evaluation:
    """Evaluate a model and write metrics.json, report.html and errors.csv into the folder ``out``, all three or none.

    Parameters
    ----------
    classifier, samples
        The model, and the labelled texts; those that it (or ``against``) learned from are left out and counted.
    against
        Another model, for the same texts, to compare with.
    gates
        Minima such as ``sentiment.macro_f1=0.7``.
    train
        What the model learned from, for a model whose card does not count its labels.
    label
        What the user's own label set is called.
    tell
        Is told what is under way.
    """
    wanted = [parse_gate(gate) for gate in gates]
    say, tell = wording(lang), tell or (lambda message: None)
    if out.exists() and not out.is_dir():
        raise PharmavoixError(f"{out}: a file, where a folder is expected. Choose another name for the report.")
    unseen = _unseen(samples, [classifier] if against is None else [classifier, against])
    tell(f"labelling {len(unseen.samples)} texts with {classifier.model.id}")
    labels = classifier.label(unseen.observed[0])
    counts = _label_counts(classifier, train)
    figures = _figures(classifier, unseen, labels, counts, seed=seed)
    parts = find_parts(unseen.samples, labels)
    mistakes = find_mistakes(unseen.samples, labels, parts)
    doubted = suspects(mistakes)
    figures["suspects"] = [
        {"id": m.sample.id, "at": m.sample.at, "field": m.field, "gold": m.gold[0], "predicted": m.said[0], "probability": m.probability}
        for m in doubted
    ]
    figures["label_shares"] = label_shares(parts, counts)
    sentence = None
    if against is not None:
        tell(f"labelling {len(unseen.samples)} texts with {against.model.id}")
        comparison = compare(unseen.samples, labels, against.label(unseen.observed[1]), seed=seed)
        sentence = comparison.sentence(lang)
        figures["against"] = _against(against.model.id, comparison, sentence)
    checked = check_gates(figures, wanted)
    tell("looking for the words that decided")
    explained = {(m.place, m.field): m for m in worst(mistakes, unseen.observed[0], classifier)}
    doubted = [explained.get((m.place, m.field), m) for m in doubted]
    page = report_html(figures, Found(tuple(explained.values()), doubted, checked), say=say, label=label)
    table = errors_csv([explained.get((m.place, m.field), m) for m in mistakes], label=label)
    content = (json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")
    _write_all(out, {"metrics.json": content, "errors.csv": table, "report.html": page.encode("utf-8", "replace")})
    return Evaluation(figures, sentence, tuple(str(gate) for gate in checked if not gate.is_met))


def _unseen(samples: Sequence[Sample], classifiers: Sequence[Classifier]) -> _Unseen:
    observed = [[c.observe(joined(s.title, s.text)) for s in samples] for c in classifiers]
    kept = [
        i for i in range(len(samples))
        if not any(seen_key(seen[i].cleaned.text.casefold()) in c.model.seen for c, seen in zip(classifiers, observed, strict=True))
    ]  # fmt: skip
    if not kept:
        raise PharmavoixError(
            f"none of the {len(samples)} texts can be used: {' or '.join(c.model.id for c in classifiers)} learned from all of them. "
            "Give a test file of texts that no model has seen."
            if samples
            else "no sample to evaluate on: the test files hold none. Give labelled texts; in a corrected table fill the column 'annotator'."
        )
    return _Unseen([samples[i] for i in kept], [[seen[i] for i in kept] for seen in observed], len(samples) - len(kept))


def _label_counts(classifier: Classifier, train: Sequence[Sample] | None) -> Mapping[str, Mapping[str, int]]:
    """Return how often each label stands in the model's training texts, by part, as far as it is known."""
    return classifier.model.card.get("label_counts") or label_counts(train or ())


def _figures(
    classifier: Classifier, unseen: _Unseen, labels: Sequence[Labels], counts: Mapping[str, Mapping[str, int]], *, seed: int
) -> dict[str, Any]:
    parts = find_parts(unseen.samples, labels)
    if not parts:
        raise PharmavoixError(
            f"the {len(unseen.samples)} texts hold no label that {classifier.model.id} gives. "
            f"Give a test file with one of {', '.join(sorted(classifier.model.heads))}, or evaluate another model."
        )
    return {
        "model": classifier.model.id,
        "n": len(unseen.samples),
        "learned_from": unseen.left_out,
        **metrics(unseen.samples, labels, thresholds=classifier.model.thresholds, seed=seed),
        "baselines": {
            "majority": by_majority(parts, counts),
            "keywords": by_keywords(parts, [joined(s.title, s.text) for s in unseen.samples]),
        },
        "slices": slices(unseen.samples, parts),
    }


def _against(model: str, comparison: Comparison, sentence: str) -> dict[str, Any]:
    differences = {name: {**asdict(found), "verdict": found.verdict} for name, found in comparison.differences.items()}
    return {"model": model, "differences": differences, "losses": list(comparison.losses), "sentence": sentence}


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write every file under a temporary name, then give each its own."""
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            parts[name].write_bytes(content)
        for name, part in parts.items():
            part.replace(folder / name)
    except OSError as cause:
        raise PharmavoixError(f"{folder}: the report cannot be written there ({cause.strerror}). Choose another folder.") from cause
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def evaluate(classifier: Classifier, samples: Sequence[Sample]) -> dict[str, Any]:
    """Label ``samples`` and return the figures; texts that the model learned from are left out and counted."""
    unseen = _unseen(samples, [classifier])
    labels = classifier.label(unseen.observed[0])
    figures = metrics(unseen.samples, labels, thresholds=classifier.model.thresholds)
    return {"model": classifier.model.id, "n": len(labels), "learned_from": unseen.left_out, **figures}


def _screen(name: str, figures: dict[str, Any]) -> str:
    lines = [f"{name}: {figures['n']} texts" + (f", {figures['learned_from']} left out (learned from)" if figures["learned_from"] else "")]
    for part in ("primary_theme", "sentiment"):
        if part in figures:
            f, b = figures[part], figures["baselines"]
            beside = ", ".join(f"{k} {b[k][part]['macro_f1']}" for k in b if part in b[k])
            review = f["without_review"]
            lines.append(
                f"  {part}: macro-F1 {f['macro_f1']} over {len(f['labels_averaged'])} labels ({beside}); accuracy {f['accuracy']}; "
                f"ECE {figures['calibration'][part + '_ece']}; without review {review['share']} of texts at {review['accuracy']}"
            )
    for part in ("themes", "sub_themes"):
        if part in figures:
            lines.append(f"  {part}: macro-F1 {figures[part]['macro_f1']}, micro-F1 {figures[part]['micro_f1']}")
    for part in ("labs", "adverse_event"):
        if part in figures:
            f = figures[part]
            words = figures["baselines"].get("words", {}).get(part)
            beside = f" (words: precision {words['precision']}, recall {words['recall']})" if words else ""
            lines.append(f"  {part}: precision {f['precision']}, recall {f['recall']}, F1 {f['f1']}, {f['count']} cases{beside}")
    if "several_labs" in figures.get("sentiment_by_lab", {}):
        f = figures["sentiment_by_lab"]["several_labs"]
        lines.append(f"  sentiment_by_lab (copied from the text): macro-F1 {f['macro_f1']}, {f['n']} cases in texts with several labs")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate a model on each test file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a model folder, or default")
    parser.add_argument("tests", nargs="+", type=Path, help="sample files (JSON Lines), or 'seeds' for the frozen seed test part")
    parser.add_argument("-o", "--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--without-real", action="store_true", help="let the baselines learn from the seeds alone")
    parser.add_argument("--without-baselines", action="store_true")
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    classifier = load_classifier(DEFAULT_MODEL if chosen.model == "default" else Path(chosen.model), taxonomy=taxonomy)
    sources = read_sources(taxonomy=taxonomy, real=None if chosen.without_real else REAL_TRAIN)
    everything = {}
    for test in chosen.tests:
        samples = sources.test if str(test) == "seeds" else list(read_samples([test], taxonomy=taxonomy))
        figures = evaluate(classifier, samples)
        figures["baselines"] = {} if chosen.without_baselines else learned_baselines([*sources.real, *sources.invented], samples)
        everything[str(test.name)] = figures
        print(_screen(test.name, figures), flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps(everything, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
