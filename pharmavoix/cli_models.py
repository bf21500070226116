"""The commands `pharmavoix models`: list, show, verify, use."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["ModelsDir", "models_app"]

models_app = typer.Typer(
    help="The models at hand, what each was made of, whether its files are intact; which is the default.",
    epilog="Example: pharmavoix models show default",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ModelsDir = Annotated[
    Path | None,
    typer.Option("--models-dir", envvar="PHARMAVOIX_MODELS_DIR", metavar="DIR", help="Adopted models (default: your data folder)."),
]
_Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, the id of an adopted model, default or shipped.")]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the whole error.")]


@models_app.command("list", epilog="Example: pharmavoix models list")
def models_list(models_dir: ModelsDir = None, debug: _Debug = False) -> None:
    """List the shipped model and the adopted ones, the default marked with *."""
    from pharmavoix.model_folder import SHIPPED, list_models

    for model in list_models(models_dir):
        mark = "*" if model.is_default else " "
        if model.fault is not None:
            typer.echo(_printable(f"{mark} {model.name}\tdamaged: {model.fault}"))
            continue
        name = f"{SHIPPED} ({model.card['id']})" if model.name == SHIPPED else model.name
        typer.echo(_printable(f"{mark} {name}\t{model.card.get('made', '')}\t{_origin(model.card)}"))


@models_app.command("show", epilog="Example: pharmavoix models show default")
def models_show(
    model: _Model = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole card, model.json.")] = False,
    models_dir: ModelsDir = None,
    debug: _Debug = False,
) -> None:
    """Show what a model was made of and how it measured."""
    import json

    from pharmavoix.model_folder import read_card, resolve_model

    folder = resolve_model(model, models_dir)
    card = read_card(folder)
    if as_json:
        typer.echo(json.dumps(card, ensure_ascii=False, indent=1))
        return
    for line in _card_lines(card, folder):
        typer.echo(_printable(line))


@models_app.command("verify", epilog="Example: pharmavoix models verify models/default")
def models_verify(model: _Model = "default", models_dir: ModelsDir = None, debug: _Debug = False) -> None:
    """Check every file of a model against its hash."""
    from pharmavoix.model_folder import check_model, resolve_model

    stored = check_model(resolve_model(model, models_dir))
    typer.echo(f"{stored.id}: {len(stored.card['files'])} files intact, taxonomy {stored.card['taxonomy']}.")


@models_app.command("use", epilog="Example: pharmavoix models use my-model")
def models_use(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder or the id of an adopted model; default for the shipped one.")],
    models_dir: ModelsDir = None,
    debug: _Debug = False,
) -> None:
    """Copy a model, once verified, to your models folder and make it the default; `default` goes back."""
    from models.store import DEFAULT_MODEL
    from pharmavoix.model_folder import adopt

    folder = adopt(model, models_dir)
    if folder == DEFAULT_MODEL:
        typer.echo("The default is the shipped model again. Adopted models stay, and `pharmavoix models use ID` takes one up.")
    else:
        typer.echo(f"The default is now {folder.name}, kept in {folder}. `pharmavoix models use default` goes back to the shipped model.")


# ---- A card for a person


def _printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey: a card may come from anywhere."""
    return "".join(c if c.isprintable() or c == "\t" else " " for c in text)


def _origin(card: Mapping[str, Any]) -> str:
    """Return on one line what a model came from."""
    parent = f"from {_told(card['parent'])}; " if card.get("parent") else ""
    return f"{parent}{_told(card.get('made_of'))}"


def _told(value: Any) -> str:
    """Return a value of a card as words; what is empty is left out."""
    if isinstance(value, Mapping):
        filled = {name: part for name, part in value.items() if part}
        return ", ".join(f"{name} ({_told(part)})" if isinstance(part, Mapping) else f"{name}: {_told(part)}" for name, part in filled.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_told, value))
    return "not stated" if value is None else str(value)


def _card_lines(card: Mapping[str, Any], folder: Path) -> Iterator[str]:
    yield f"{card['id']}"
    yield f"  made      {_told(card.get('made'))}"
    yield f"  folder    {folder}"
    yield f"  taxonomy  {_told(card.get('taxonomy'))}"
    if card.get("parent"):
        yield f"  parent    {_told(card['parent'])}" + (f", heads kept: {_told(card['kept_heads'])}" if card.get("kept_heads") else "")
    yield "made of"
    made_of = card.get("made_of")
    for name, value in made_of.items() if isinstance(made_of, Mapping) else [("", made_of)]:
        if value is not None:
            yield f"  {name}: {_told(value)}" if name else f"  {_told(value)}"
    for title, key in (("on held-out samples", "held_out"), ("against its parent", "against_parent")):
        if isinstance(card.get(key), Mapping):
            yield title
            yield from _table(list(_figures(card[key], "")))
    yield "thresholds"
    yield from _threshold_lines(card)


def _threshold_lines(card: Mapping[str, Any]) -> Iterator[str]:
    thresholds, review = card.get("thresholds"), card.get("review")
    for task, limits in thresholds.items() if isinstance(thresholds, Mapping) else ():
        values = [float(limit) for limit in limits.values()] if isinstance(limits, Mapping) else []
        if values:
            span = f"{min(values):.2f}" if min(values) == max(values) else f"{min(values):.2f} to {max(values):.2f}, {len(values)} labels"
            yield f"  {task}: given from {span}"
    for task, limit in review.items() if isinstance(review, Mapping) else ():
        if limit:
            yield f"  {task}: sent to review below {limit}"


def _figures(measured: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each group of numbers of a card, however deep, under the names that lead to it."""
    numbers = {key: _figure(value) for key, value in measured.items() if not isinstance(value, Mapping)}
    if numbers:
        yield name, numbers
    for key, value in measured.items():
        if isinstance(value, Mapping):
            yield from _figures(value, f"{name}, {key}" if name else str(key))


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else _told([_figure(part) for part in value]) if isinstance(value, list) else _told(value)


def _table(rows: Sequence[tuple[str, Mapping[str, str]]]) -> Iterator[str]:
    columns = list(dict.fromkeys(column for _, cells in rows for column in cells))
    first = max((len(name) for name, _ in rows), default=0)
    widths = [max(len(column), *(len(cells.get(column, "")) for _, cells in rows)) for column in columns]
    for name, cells in [("", dict(zip(columns, columns, strict=True))), *rows]:
        line = "  ".join(cells.get(column, "").rjust(width) for column, width in zip(columns, widths, strict=True))
        yield f"  {name.ljust(first)}  {line}".rstrip()
