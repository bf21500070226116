"""A model against labelled samples: ``python -m training.evaluate MODEL TEST... [-o FILE]``.

Prints one screen a test file, with the baselines beside, and writes the figures as JSON.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.classifier import Classifier, load_classifier
from models.labels import Labels
from models.store import DEFAULT_MODEL, seen_key
from nlp.clean import clean
from nlp.observe import joined
from seeds.samples import Sample, read_samples
from seeds.taxonomy import read_taxonomy
from training.baselines import majority, words_alone
from training.metrics import binary_figures, expected_calibration_error, multi_label_figures, set_figures, single_label_figures
from training.sources import REAL_TRAIN, read_sources

__all__ = ["evaluate", "metrics"]


def evaluate(classifier: Classifier, samples: Sequence[Sample]) -> dict[str, Any]:
    """Label ``samples`` and return the figures; texts that the model learned from are left out and counted."""
    observed = [classifier.observe(joined(s.title, s.text)) for s in samples]
    kept = [i for i, o in enumerate(observed) if seen_key(o.cleaned.text.casefold()) not in classifier.model.seen]
    labels = classifier.label([observed[i] for i in kept])
    figures = metrics([samples[i] for i in kept], labels)
    return {"model": classifier.model.id, "n": len(kept), "learned_from": len(samples) - len(kept), **figures}


def metrics(samples: Sequence[Sample], labels: Sequence[Labels]) -> dict[str, Any]:
    """Return the figures of each part that has gold labels; a part without is absent."""
    figures: dict[str, Any] = {}
    pairs = list(zip(samples, labels, strict=True))
    for part, probabilities in (("primary_theme", "p_theme"), ("sentiment", "p_sentiment")):
        having = [(s, said) for s, said in pairs if getattr(s, part) is not None and getattr(said, part) is not None]
        if having:
            gold = [getattr(s, part) for s, _ in having]
            figures[part] = single_label_figures(gold, [getattr(said, part) for _, said in having])
            error = expected_calibration_error([getattr(said, probabilities) for _, said in having], gold)
            figures.setdefault("calibration", {})[f"{part}_ece"] = error
            kept = [(s, said) for s, said in having if not said.needs_review]
            figures[part]["without_review"] = {
                "share": round(len(kept) / len(having), 4),
                "accuracy": round(sum(getattr(s, part) == getattr(said, part) for s, said in kept) / len(kept), 4) if kept else None,
            }
    having = [(s, said) for s, said in pairs if s.themes is not None and said.themes]
    if having:
        figures["themes"] = multi_label_figures([s.themes or () for s, _ in having], [said.themes for _, said in having])
    having = [(s, said) for s, said in pairs if s.sub_themes is not None and said.themes]
    if having:
        figures["sub_themes"] = multi_label_figures([s.sub_themes or () for s, _ in having], [said.sub_themes for _, said in having])
    having = [(s, said) for s, said in pairs if s.labs is not None]
    if having:
        figures["labs"] = set_figures([s.labs or () for s, _ in having], [said.labs for _, said in having])
    having = [(s, said) for s, said in pairs if s.adverse_event is not None and said.adverse_event is not None]
    if having:
        figures["adverse_event"] = binary_figures([bool(s.adverse_event) for s, _ in having], [bool(said.adverse_event) for _, said in having])
    by_lab = [(s.sentiment_by_lab[lab], said.sentiment_by_lab[lab]) for s, said in pairs if s.sentiment_by_lab and len(s.sentiment_by_lab) > 1
              for lab in s.sentiment_by_lab if lab in said.sentiment_by_lab]  # fmt: skip
    if by_lab:
        figures["sentiment_by_lab"] = single_label_figures([g for g, _ in by_lab], [s for _, s in by_lab])
    return figures


def baselines(train: Sequence[Sample], samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the figures of the commonest label and of words alone, both learned from ``train``."""
    figures: dict[str, Any] = {"majority": {}, "words": {}}
    read = [clean(joined(s.title, s.text)).text for s in samples]
    for part in ("primary_theme", "sentiment", "adverse_event"):
        known = [s for s in train if getattr(s, part) is not None]
        asked = [i for i, s in enumerate(samples) if getattr(s, part) is not None]
        if not known or not asked:
            continue
        texts, gold = [read[i] for i in asked], [str(getattr(samples[i], part)) for i in asked]
        learned = [str(getattr(s, part)) for s in known]
        said = {"majority": majority(learned, texts), "words": words_alone([clean(joined(s.title, s.text)).text for s in known], learned, texts)}
        for name, labels in said.items():
            if part == "adverse_event":
                figures[name][part] = binary_figures([g == "True" for g in gold], [label == "True" for label in labels])
            else:
                figures[name][part] = {k: v for k, v in single_label_figures(gold, labels).items() if k in ("accuracy", "macro_f1")}
    return figures


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
    if "sentiment_by_lab" in figures:
        f = figures["sentiment_by_lab"]
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
        figures["baselines"] = {} if chosen.without_baselines else baselines([*sources.real, *sources.invented], samples)
        everything[str(test.name)] = figures
        print(_screen(test.name, figures), flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps(everything, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
