"""The shipped model, made from the repository and ../shared/train with fixed seeds and no network: ``make model``."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.encoder import Encoder
from models.packed import ENCODER_DIR, unpack
from models.store import DEFAULT_MODEL, save_model, seen_key
from nlp.observe import Observer, joined
from seeds.samples import Sample
from seeds.taxonomy import Taxonomy, read_taxonomy
from training.counts import label_counts
from training.fit import FitConfig, Fitted, fit, tasks_of
from training.onnx_export import export
from training.sources import REAL_TRAIN, Sources, read_sources, training_observer

__all__ = ["make_model", "read_as"]

ENCODER_FORM = "rows8"
_HEADS = 12  # of attention, in the base encoder


def read_as(samples: Sequence[Sample], observer: Observer) -> list[str]:
    """Return what the model reads of each sample: title and text cleaned, labs by their stand-ins."""
    return [observer.observe(joined(s.title, s.text)).cleaned.text for s in samples]


def make_model(folder: Path, *, taxonomy: Taxonomy, sources: Sources, config: FitConfig, real_left_out: str | None) -> Fitted:
    """Fit the heads on ``sources`` and write the whole model into ``folder``."""
    samples = [*sources.real, *sources.invented]
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".model-") as building:
        place = Path(building)
        export(unpack(), place / "encoder.onnx", heads=_HEADS, form=ENCODER_FORM)
        shutil.copyfile(ENCODER_DIR / "tokenizer.json", place / "tokenizer.json")
        texts = read_as(samples, training_observer())
        vectors = Encoder(place).encode(texts).astype(np.float64)
        fitted = fit(texts, vectors, samples, tasks=tasks_of(samples, taxonomy), config=config, weights=np.ones(len(samples)))
        card = _card(sources, config, taxonomy, fitted, samples, real_left_out)
        save_model(
            place,
            card=card,
            features=fitted.features,
            heads=fitted.heads,
            thresholds=fitted.thresholds,
            review=fitted.review,
            seen=[seen_key(text.casefold()) for text in texts],
        )
        folder.mkdir(exist_ok=True)
        for file in sorted(place.iterdir()):
            file.replace(folder / file.name)
    return fitted


def _card(
    sources: Sources, config: FitConfig, taxonomy: Taxonomy, fitted: Fitted, samples: Sequence[Sample], real_left_out: str | None
) -> dict[str, Any]:
    made = datetime.now(UTC)
    return {
        "id": f"pharmavoix-{made:%Y%m%d}-{_fingerprint(samples)}",
        "made": made.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "taxonomy": taxonomy.hash,
        "themes": taxonomy.theme_ids,
        "encoder": {"name": "intfloat/multilingual-e5-small", "vocabulary": "French and English pieces", "form": ENCODER_FORM},
        "made_of": {
            "invented samples (seeds/)": len(sources.invented),
            "real texts": dict(Counter(s.source for s in sources.real)),
            "left out": real_left_out,
            "kept for testing": len(sources.test),
        },
        "label_counts": label_counts(samples),
        "config": {name: getattr(config, name) for name in FitConfig.__dataclass_fields__},
        "held_out": _held_out_figures(samples, fitted),
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "scipy", "onnxruntime", "tokenizers", "safetensors")},
    }


def _fingerprint(samples: Sequence[Sample]) -> str:
    """Return eight hex digits of what was learned from: the same samples and labels give the same."""
    lines = [json.dumps([s.text, s.primary_theme, s.themes, s.sub_themes, s.sentiment, s.adverse_event], ensure_ascii=False) for s in samples]
    return seen_key("\n".join(lines))[:8]


def _held_out_figures(samples: Sequence[Sample], fitted: Fitted) -> Mapping[str, Any]:
    """Return accuracy and macro-F1 on the folds left out while fitting, real and invented texts apart."""
    from sklearn.metrics import accuracy_score, f1_score

    figures: dict[str, Any] = {}
    for head in fitted.heads:
        if not head.softmax:
            continue
        said = np.array(head.labels)[fitted.held_out[head.task].argmax(axis=1)]
        for part, wanted in (("real", False), ("invented", True)):
            rows = [i for i, s in enumerate(samples) if getattr(s, head.task) is not None and (s.source == "invented") is wanted]
            if rows:
                gold = [getattr(samples[i], head.task) for i in rows]
                figures[f"{head.task}, {part}"] = {
                    "n": len(rows),
                    "accuracy": round(float(accuracy_score(gold, said[rows])), 4),
                    "macro_f1": round(float(f1_score(gold, said[rows], average="macro")), 4),
                }
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model and say what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--without-real", action="store_true", help="learn from the seeds alone")
    parser.add_argument("--limit", type=int, default=0, help="learn from this many samples only (to try the whole way)")
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    sources = read_sources(taxonomy=taxonomy, real=None if chosen.without_real else REAL_TRAIN)
    left_out = None
    if not sources.real:
        left_out = "the real texts of ../shared/train" + ("" if chosen.without_real else " (not found)")
        print(f"left out: {left_out}; building from the seeds alone")
    if chosen.limit:
        step = max(1, len(sources.invented) // chosen.limit)
        sources = Sources(sources.invented[::step], sources.real[::step], sources.test)
    start = time.perf_counter()
    fitted = make_model(chosen.out, taxonomy=taxonomy, sources=sources, config=FitConfig(), real_left_out=left_out)
    print(f"{chosen.out}: {len(sources.invented)} invented and {len(sources.real)} real samples, {time.perf_counter() - start:.0f} s")
    print(f"review below {fitted.review.primary_theme} (primary theme), {fitted.review.sentiment} (sentiment)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
