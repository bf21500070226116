"""The shipped model, made from the repository and ../shared/train with fixed seeds and no network: ``make model``."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.store import DEFAULT_MODEL, save_model, seen_key
from nlp.observe import Observer, joined
from seeds.samples import Sample
from seeds.taxonomy import Taxonomy, read_taxonomy
from training.base_encoder import encoder_card, read_base_encoder
from training.counts import label_counts
from training.finetune import FineTuneConfig
from training.fit import FitConfig, fit, group_folds, tasks_of
from training.learned import Learned
from training.sources import REAL_TRAIN, Sources, read_sources, training_observer
from training.tune import SHIPPED_WORDS, tune_on
from training.vectors import frozen_encoder

__all__ = ["METHODS", "make_model", "read_as"]

METHODS = ("heads", "fine-tune")
_REAL_WEIGHT = 3.0
"""How much a real text counts beside an invented one, for heads: held-out news gain two points in theme, held-out tweets lose nothing."""
_SEEDS = (2018,)
"""A run of fine-tuning each; their weights are averaged."""


def read_as(samples: Sequence[Sample], observer: Observer) -> list[str]:
    """Return what the model reads of each sample: title and text cleaned, labs by their stand-ins."""
    return [observer.observe(joined(s.title, s.text)).cleaned.text for s in samples]


def make_model(
    folder: Path,
    *,
    taxonomy: Taxonomy,
    sources: Sources,
    method: str,
    config: FitConfig,
    tuning: FineTuneConfig,
    seeds: Sequence[int],
    work: Path,
    kept_in: Path | None,
    real_left_out: str | None,
) -> Learned:
    """Learn from ``sources`` and write the whole model into ``folder``.

    ``work`` keeps the checkpoints of runs that were broken off, ``kept_in`` the vectors of the encoder as it is.
    """
    samples = [*sources.real, *sources.invented]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".model-") as building:
        place = Path(building)
        texts = read_as(samples, training_observer())
        if method == "heads":
            learned = _heads(samples, texts, taxonomy, place, config, kept_in)
        else:
            valid = _a_tenth(samples, config.seed)
            learned = tune_on(
                samples, texts, tasks=tasks_of(samples, taxonomy), base=read_base_encoder(), place=place, work=work, valid=valid,
                seeds=seeds, weights=_even(samples, valid), config=tuning, fitting=config, words=SHIPPED_WORDS, tell=_say,
            )  # fmt: skip
        save_model(
            place,
            card=_card(sources, method, taxonomy, learned, samples, real_left_out),
            features=learned.features,
            heads=learned.heads,
            thresholds=learned.thresholds,
            review=learned.review,
            seen=[seen_key(text.casefold()) for text in texts],
        )
        folder.mkdir(exist_ok=True)
        for file in sorted(place.iterdir()):
            file.replace(folder / file.name)
    shutil.rmtree(work, ignore_errors=True)
    return learned


def _heads(samples: Sequence[Sample], texts: Sequence[str], taxonomy: Taxonomy, place: Path, config: FitConfig, kept_in: Path | None) -> Learned:
    """Learn heads on the base encoder as it is."""
    base = read_base_encoder()
    vectors = frozen_encoder(base, place, kept_in=kept_in).encode(texts).astype(np.float64)
    weights = np.where([s.source == "invented" for s in samples], 1.0, _REAL_WEIGHT)
    fitted = fit(texts, vectors, samples, tasks=tasks_of(samples, taxonomy), config=config, weights=weights / weights.mean())
    return Learned(
        features=fitted.features, heads=fitted.heads, thresholds=fitted.thresholds, review=fitted.review, held_out=fitted.held_out,
        held_out_samples=samples, folds=(), settings=asdict(config) | {"real_weight": _REAL_WEIGHT}, stated=encoder_card(base),
    )  # fmt: skip


def _a_tenth(samples: Sequence[Sample], seed: int) -> list[int]:
    """Return the rows kept to calibrate on: a tenth of the real texts, and of the lots of invented ones."""
    rows: list[int] = []
    for wanted in (False, True):
        part = [i for i, s in enumerate(samples) if (s.source == "invented") is wanted]
        for _, test in group_folds([samples[i] for i in part], folds=10, seed=seed)[:1]:
            rows += [part[i] for i in test]
    return rows


def _even(samples: Sequence[Sample], rows: Sequence[int]) -> NDArray[np.float64]:
    """Return weights with which the real texts among ``rows`` count as much as the invented ones; a sample outside has the weight 1."""
    weights = np.ones(len(samples))
    real = [row for row in rows if samples[row].source != "invented"]
    if real:
        weights[real] = (len(rows) - len(real)) / len(real)
    return weights


def _card(
    sources: Sources, method: str, taxonomy: Taxonomy, learned: Learned, samples: Sequence[Sample], real_left_out: str | None
) -> dict[str, Any]:
    made = datetime.now(UTC)
    return {
        "id": f"pharmavoix-{made:%Y%m%d}-{_fingerprint(samples)}",
        "made": made.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "taxonomy": taxonomy.hash,
        "themes": taxonomy.theme_ids,
        "encoder": dict(learned.stated) | {"vocabulary": "French and English pieces"},
        "method": method,
        "made_of": {
            "invented samples (seeds/)": len(sources.invented),
            "real texts": dict(Counter(s.source for s in sources.real)),
            "left out": real_left_out,
            "kept for testing": len(sources.test),
        },
        "label_counts": label_counts(samples),
        "config": dict(learned.settings),
        "held_out": _held_out_figures(learned),
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "scipy", "onnxruntime", "tokenizers", "safetensors")},
    }


def _fingerprint(samples: Sequence[Sample]) -> str:
    """Return eight hex digits of what was learned from: the same samples and labels give the same."""
    lines = [json.dumps([s.text, s.primary_theme, s.themes, s.sub_themes, s.sentiment, s.adverse_event], ensure_ascii=False) for s in samples]
    return seen_key("\n".join(lines))[:8]


def _held_out_figures(learned: Learned) -> Mapping[str, Any]:
    """Return accuracy and macro-F1 on texts held out while learning, by where they come from."""
    figures: dict[str, Any] = {}
    sources = sorted({s.source or "" for s in learned.held_out_samples})
    for source in sources:
        rows = [i for i, s in enumerate(learned.held_out_samples) if (s.source or "") == source]
        part = replace(
            learned,
            held_out={task: p[rows] for task, p in learned.held_out.items()},
            held_out_samples=[learned.held_out_samples[i] for i in rows],
        )
        figures |= {f"{task}, {source}": figure for task, figure in part.figures().items()}
    return figures


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model and say what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--method", choices=METHODS, default=METHODS[0], help="heads on the encoder as it is, or the encoder too (needs torch)")
    parser.add_argument("--without-real", action="store_true", help="learn from the seeds alone")
    parser.add_argument("--without-seeds", action="store_true", help="learn from the real texts alone")
    parser.add_argument("--limit", type=int, default=0, help="learn from this many samples only (to try the whole way)")
    parser.add_argument("--seeds", type=int, nargs="+", default=_SEEDS, help="a run of fine-tuning each; their weights are averaged")
    parser.add_argument("--epochs", type=int, default=FineTuneConfig().epochs)
    parser.add_argument("--cache", type=Path, help="where the vectors of --method heads are remembered")
    parser.add_argument("--work", type=Path, help="where checkpoints go (default: beside the model)")
    chosen = parser.parse_args(arguments)
    taxonomy = read_taxonomy()
    sources = read_sources(taxonomy=taxonomy, real=None if chosen.without_real else REAL_TRAIN)
    left_out = None
    if not sources.real:
        left_out = "the real texts of ../shared/train" + ("" if chosen.without_real else " (not found)")
        print(f"left out: {left_out}; building from the seeds alone")
    if chosen.without_seeds:
        sources = replace(sources, invented=[])
    if chosen.limit:
        step = max(1, len(sources.invented) // chosen.limit)
        sources = Sources(sources.invented[::step], sources.real[::step], sources.test)
    start = time.perf_counter()
    learned = make_model(
        chosen.out, taxonomy=taxonomy, sources=sources, method=chosen.method, config=FitConfig(), tuning=FineTuneConfig(epochs=chosen.epochs),
        seeds=chosen.seeds, work=chosen.work or chosen.out.with_name(f".{chosen.out.name}.fine-tune"), kept_in=chosen.cache,
        real_left_out=left_out,
    )  # fmt: skip
    print(f"{chosen.out}: {len(sources.invented)} invented and {len(sources.real)} real samples, {time.perf_counter() - start:.0f} s")
    print(f"review below {learned.review.primary_theme} (primary theme), {learned.review.sentiment} (sentiment)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
