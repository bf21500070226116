"""The commands `pharmavoix train` and `pharmavoix evaluate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pharmavoix.cli_models import ModelsDir
from seeds.errors import ModelError, PharmavoixError

if TYPE_CHECKING:
    from training.samples import SampleSet
    from training.train import Trained

__all__ = ["evaluate", "train"]

_SHOWN = 20  # problems told before the rest are only counted

_SAMPLE_FILES = "Files of samples (JSON Lines, CSV, XLSX), of Label Studio, doccano or Prodigy, or a corrected table of ours."
_CacheDir = Annotated[
    Path | None, typer.Option("--cache-dir", envvar="PHARMAVOIX_CACHE_DIR", hidden=True, help="Where vectors are remembered (default: yours).")
]
_Taxonomy = Annotated[Path | None, typer.Option("--taxonomy", metavar="FILE", help="A taxonomy of your own (default: the seeds').")]
_Label = Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="A label set of your own, in this column.")]


def train(
    samples: Annotated[list[Path], typer.Argument(metavar="SAMPLES...", help=_SAMPLE_FILES)],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="MODEL", help="The folder of the new model.")] = None,
    parent: Annotated[str, typer.Option("--from", metavar="MODEL", help="The model to start from.")] = "shipped",
    with_seeds: Annotated[bool, typer.Option("--with-seeds/--without-seeds", help="Read the seeds again, so that nothing is forgotten.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Only list what is wrong with the samples.")] = False,
    method: Annotated[str, typer.Option(metavar="heads|fine-tune", help="fine-tune trains the encoder too: hours, and torch.")] = "heads",
    encoder: Annotated[str | None, typer.Option(metavar="PATH-OR-HUB-ID", help="Another encoder than the model's.")] = None,
    test: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Compare the models on these samples, not on held-out ones.")] = None,
    label: _Label = None,
    taxonomy: _Taxonomy = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed splits the samples in other ways.")] = 2018,
    models_dir: ModelsDir = None,
    cache_dir: _CacheDir = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Learn from labelled samples, and compare the new model with the one it started from."""
    from dataclasses import replace

    from models.store import load_model
    from pharmavoix.model_folder import resolve_model
    from pharmavoix.progress import teller
    from seeds.taxonomy import DEFAULT_TAXONOMY, read_taxonomy
    from training.agreement import agreement, agreement_lines
    from training.samples import read_sample_files, write_problems
    from training.suspects import write_suspects
    from training.train import FIELDS, TrainConfig
    from training.train import train as train_model

    labels = read_taxonomy(taxonomy or DEFAULT_TAXONOMY)
    own = label if label not in FIELDS else None
    read = read_sample_files(samples, taxonomy=labels, label=own)
    _tell_samples(read)
    for line in agreement_lines(agreement(read.read)):
        _say(line)
    wrong = [problem for problem in read.problems if problem.kind not in ("repaired", "corrected")]
    if check:
        raise typer.Exit(1 if wrong else 0)
    if out is None:
        raise PharmavoixError("no place for the new model. Name its folder with -o MODEL, or give --check to only list what is wrong.")
    tested = read_sample_files(test, taxonomy=labels, label=own) if test else None
    if tested is not None:
        _tell_samples(tested)
        wrong += [problem for problem in tested.problems if problem.kind not in ("repaired", "corrected")]
    config = TrainConfig(method=method, with_seeds=with_seeds, label=label, encoder=encoder, seed=seed)
    config = replace(config, fit=replace(config.fit, seed=seed), fine_tune=replace(config.fine_tune, seed=seed))
    started_from = load_model(resolve_model(parent, models_dir), taxonomy=labels, any_taxonomy=True)
    with teller() as tell:
        trained = train_model(
            read.samples, parent=started_from, taxonomy=labels, own_taxonomy=taxonomy, out=out, config=config,
            test=tested.samples if tested else None, kept_in=_cache(cache_dir), tell=tell,
            made_of={"files": [path.name for path in samples], "samples with a fault, left out or mended": len(wrong)},
        )  # fmt: skip
    if read.problems:
        write_problems(_beside(out, "problems"), read.problems)
    write_suspects(_beside(out, "suspects"), trained.suspects)
    _tell_trained(trained, out, bool(read.problems))
    if wrong or trained.losses:
        raise typer.Exit(1)


def _beside(out: Path, what: str) -> Path:
    """Return where the texts that need a look go: beside the model, never in it."""
    return out.with_name(f"{out.name}.{what}.csv")


def _cache(folder: Path | None) -> Path:
    from platformdirs import user_cache_path

    return folder or user_cache_path("pharmavoix")


def _tell_samples(read: "SampleSet") -> None:
    from training.samples import listing

    lines = listing(read)
    for line in lines[:_SHOWN]:
        _say(line)
    if len(lines) > _SHOWN:
        _say(f"and {len(lines) - _SHOWN} more")
    skipped = "".join(f", {count} skipped ({reason})" for reason, count in read.skipped.items())
    _say(f"{len(read.samples)} samples with different texts, {read.merged} copies merged into them{skipped}.")


def _tell_trained(trained: "Trained", out: Path, has_problems: bool) -> None:
    card = trained.model.card
    made_of = card["made_of"]
    for reason, count in trained.left_out.items():
        _say(f"{count} samples were left out: {reason}.")
    seeds = next((count for name, count in made_of.items() if name.startswith("invented samples")), 0)
    origin = f" and {seeds} seeds" if seeds else ""
    _say(f"{out}: {card['id']}, learned from {made_of['samples']} samples{origin}" + (f", from {card['parent']}." if card["parent"] else "."))
    for task, figures in card["held_out"].items():
        shown = "too few of each label for a macro-F1" if figures["macro_f1"] is None else f"macro-F1 {figures['macro_f1']:.3f}"
        name = trained.model.own_label if task == "own" else task
        _say(f"  {name}, held out: {shown}, accuracy {figures['accuracy']:.3f} ({figures['n']} samples)")
    for note in trained.notes:
        _say(f"Note: {note}.")
    names = {"samples": "On samples that neither model learned from", "seeds": "On the frozen test part of the seeds"}
    for name, found in trained.comparisons.items():
        _say(f"{names[name]}: {found.sentence('en', yours=name == 'samples')}")
    for name, figure in trained.losses:
        difference = trained.comparisons[name].differences[figure]
        _say(f"WORSE than its parent beyond noise, {figure} on the {name}: {difference.old:.3f} before, {difference.new:.3f} now.")
    places = [f"suspicious labels to go through: {_beside(out, 'suspects')}"] if trained.suspects else []
    places += [f"problems: {_beside(out, 'problems')}"] if has_problems else []
    for place in places:
        _say(place[0].upper() + place[1:])
    _say(f"Next: `pharmavoix evaluate {out} TEST -o report`, then `pharmavoix models use {out}`.")


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, an id, default or shipped.")],
    tests: Annotated[list[Path], typer.Argument(metavar="TEST...", help=_SAMPLE_FILES)],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where metrics.json, report.html and errors.csv go.")],
    against: Annotated[str | None, typer.Option(metavar="MODEL", help="Another model, side by side, with a test of the difference.")] = None,
    minimum: Annotated[
        list[str] | None, typer.Option("--min", metavar="FIGURE=N", help="A gate, such as sentiment.macro_f1=0.7: exit 1 below; again for more.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="fr|en", help="The language of the report.")] = "fr",
    label: _Label = None,
    taxonomy: _Taxonomy = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the bootstrap.")] = 2018,
    models_dir: ModelsDir = None,
    cache_dir: _CacheDir = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Measure a model on labelled samples, and write a report that shows how good it is."""
    from models.classifier import Classifier
    from models.store import load_model
    from pharmavoix.model_folder import resolve_model
    from pharmavoix.progress import teller
    from seeds.taxonomy import read_taxonomy
    from training.evaluate import evaluate_model
    from training.samples import read_sample_files
    from training.vectors import RememberedEncoder

    if lang not in ("fr", "en"):
        raise PharmavoixError(f"--lang {lang!r}: choose fr or en.")
    chosen = read_taxonomy(taxonomy) if taxonomy else None
    first, *others = [load_model(resolve_model(name, models_dir), taxonomy=chosen) for name in (model, against) if name]
    column = first.own_label and (label or first.own_label)
    if label and not column and label not in first.heads:
        raise ModelError(f"{model}: learned no label set {label!r}; it knows {', '.join(first.heads)}. Leave --label out.")
    read = read_sample_files(tests, taxonomy=first.taxonomy, label=column)
    _tell_samples(read)
    kept_in = _cache(cache_dir)
    with teller() as tell:
        first_ready, *others_ready = [Classifier(each, encoder=RememberedEncoder.of(each, kept_in)) for each in (first, *others)]
        found = evaluate_model(
            first_ready, read.samples, out=out, against=others_ready[0] if others_ready else None, gates=minimum or (), lang=lang,
            label=column, seed=seed, tell=tell,
        )  # fmt: skip
    _tell_figures(found.metrics)
    if found.sentence:
        _say(found.sentence)
    _say(f"The report: {out / 'report.html'}   the figures: {out / 'metrics.json'}   every error: {out / 'errors.csv'}")
    for gate in found.gates_not_met:
        _say(f"Not met: {gate}.")
    if found.gates_not_met or any(problem.kind not in ("repaired", "corrected") for problem in read.problems):
        raise typer.Exit(1)


_TOLD: Sequence[tuple[str, Sequence[str]]] = (
    ("primary_theme", ("macro_f1", "accuracy")), ("themes", ("macro_f1", "micro_f1")), ("sentiment", ("macro_f1", "accuracy")),
    ("adverse_event", ("precision", "recall")), ("labs", ("f1",)), ("own", ("macro_f1", "accuracy")),
)  # fmt: skip


def _tell_figures(metrics: Mapping[str, object]) -> None:
    left_out = f"; {metrics['learned_from']} texts that the model learned from were left out" if metrics.get("learned_from") else ""
    _say(f"{metrics['n']} texts{left_out}.")
    for part, figures in _TOLD:
        found = metrics.get(part)
        if isinstance(found, dict):
            shown = ", ".join(f"{figure} {found[figure]:.3f}" if found.get(figure) is not None else f"{figure} too few cases" for figure in figures)
            _say(f"  {part}: {shown}")


def _say(message: str) -> None:
    typer.echo(message, err=True)
