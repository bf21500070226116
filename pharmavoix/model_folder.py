"""Where models live: the one that ships, those a user has adopted, and which of them is the default.

The models folder holds a folder for each adopted model, under its id, and ``default.json``, which names the default;
without this file the shipped model is.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.store import DEFAULT_MODEL, StoredModel, load_model, verify_files
from seeds.errors import ModelError

__all__ = ["DEFAULT", "SHIPPED", "ListedModel", "adopt", "check_model", "list_models", "read_card", "resolve_model", "user_models_dir"]

DEFAULT = "default"
SHIPPED = "shipped"
"""Always means the model that ships, whatever the default is."""

_CARD = "model.json"
_CHOICE = "default.json"
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_GO_BACK = "`pharmavoix models use default` goes back to the model that ships"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model at hand; ``fault`` says what is wrong with it, and then its ``card`` is empty."""

    name: str
    folder: Path
    card: Mapping[str, Any]
    is_default: bool
    fault: str | None = None


def user_models_dir() -> Path:
    """Return where a user's models go unless told otherwise."""
    from platformdirs import user_data_path

    return Path(user_data_path("pharmavoix"), "models")


def read_card(folder: Path) -> Mapping[str, Any]:
    """Return model.json once every file has the hash it states."""
    return verify_files(folder)


def check_model(folder: Path) -> StoredModel:
    """Load a model whole, which proves more than its hashes."""
    return load_model(folder)


def resolve_model(name: str | Path, models_dir: Path | None = None) -> Path:
    """Return the folder of a model.

    ``name`` is ``default`` (the adopted default, else the shipped model), ``shipped``, a folder, or the id of a model in
    ``models_dir`` (default: the user's). An adopted default that is not intact is refused: no other model takes its place.
    """
    if isinstance(name, Path):
        return name
    if name == SHIPPED:
        return DEFAULT_MODEL
    models_dir = models_dir or user_models_dir()
    if name == DEFAULT:
        return _default(models_dir)
    if Path(name).is_dir():
        return Path(name)
    if _is_id(name) and (models_dir / name).is_dir():
        return models_dir / name
    known = f" ({', '.join(ids)})" if (ids := _adopted(models_dir)) else ""
    raise ModelError(
        f"{name}: no model here, nor under this id in {models_dir}{known}. "
        f"Give a model folder, or '{DEFAULT}', or '{SHIPPED}' for the one that ships, or an id that `pharmavoix models list` shows."
    )


def adopt(name: str | Path, models_dir: Path | None = None) -> Path:
    """Make a model the default, copied first into ``models_dir`` unless it is there; return its folder.

    ``default`` and ``shipped`` go back to the model that ships.
    """
    models_dir = models_dir or user_models_dir()
    if name in (DEFAULT, SHIPPED):
        (models_dir / _CHOICE).unlink(missing_ok=True)
        return DEFAULT_MODEL
    source = resolve_model(name, models_dir)
    card = check_model(source).card
    if not _is_id(card["id"]):
        raise ModelError(
            f"{source}: the id {card['id']!r} cannot be the name of a folder. Letters, digits, '.', '_' and '-' are accepted; train the model again."
        )
    target = models_dir / str(card["id"])
    if not (target.exists() and target.samefile(source)):
        _copy(source, card, target)
    _write_whole(models_dir / _CHOICE, json.dumps({"default": target.name}) + "\n")
    return target


def list_models(models_dir: Path | None = None) -> tuple[ListedModel, ...]:
    """Return the shipped model and those of ``models_dir``, damaged ones with what is wrong."""
    models_dir = models_dir or user_models_dir()
    try:
        chosen, fault = _chosen(models_dir), None
    except ModelError as error:
        chosen, fault = None, str(error)
    listed = [_listed(SHIPPED, DEFAULT_MODEL, is_default=chosen is None and fault is None)]
    adopted = _adopted(models_dir)
    listed += [_listed(id, models_dir / id, is_default=id == chosen) for id in adopted]
    if fault is not None:
        listed.append(ListedModel(_CHOICE, models_dir, {}, True, fault))
    elif chosen is not None and chosen not in adopted:
        listed.append(_listed(chosen, models_dir / chosen, is_default=True))
    return tuple(listed)


def _is_id(name: str) -> bool:
    """Tell whether a model may be kept under ``name``: no path, and none of the words that mean another model."""
    return _ID.fullmatch(name) is not None and name.casefold() not in (DEFAULT, SHIPPED, _CHOICE)


def _adopted(models_dir: Path) -> list[str]:
    return sorted(place.name for place in models_dir.iterdir() if place.is_dir() and _is_id(place.name)) if models_dir.is_dir() else []


def _chosen(models_dir: Path) -> str | None:
    """Return the id of the adopted default, None where there is none."""
    path = models_dir / _CHOICE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as cause:
        raise ModelError(f"{path}: damaged ({cause}), so the default model is not known; {_GO_BACK}.") from cause
    chosen = content.get("default") if isinstance(content, dict) else None
    if not isinstance(chosen, str) or not _is_id(chosen):
        raise ModelError(f"{path}: names no model ({chosen!r}), so the default model is not known; {_GO_BACK}.")
    return chosen


def _default(models_dir: Path) -> Path:
    chosen = _chosen(models_dir)
    if chosen is None:
        return DEFAULT_MODEL
    folder = models_dir / chosen
    if not folder.is_dir():
        raise ModelError(f"{folder}: the default model was removed. Adopt it again with `pharmavoix models use MODEL`; {_GO_BACK}.")
    try:
        _card_of(folder)
    except ModelError as error:
        raise ModelError(f"the default model cannot be used: {str(error).rstrip('.')}; {_GO_BACK}.") from error
    return folder


def _card_of(folder: Path) -> Mapping[str, Any]:
    """Return the card of an adopted model, which must be the one its folder is named after."""
    card = read_card(folder)
    if card["id"] != folder.name:
        raise ModelError(f"{folder}: holds the model {card['id']!r}. Name the folder after it, or adopt it again.")
    return card


def _listed(name: str, folder: Path, *, is_default: bool) -> ListedModel:
    try:
        return ListedModel(name, folder, read_card(folder) if name == SHIPPED else _card_of(folder), is_default)
    except ModelError as error:
        return ListedModel(name, folder, {}, is_default, str(error))


def _copy(source: Path, card: Mapping[str, Any], target: Path) -> None:
    """Copy the files that the card names, and nothing else, to ``target``: whole, or not at all."""
    if target.exists() and _is_same(target, card):
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    old = part.with_suffix(".old")
    try:
        part.mkdir(parents=True)
        for name in (_CARD, *card["files"]):
            shutil.copyfile(source / name, part / name)  # what a link leads to was checked, and comes as a file
        if read_card(part) != card:
            raise ModelError(f"{source}: changed while it was copied. Adopt it again.")
        if target.exists():
            target.rename(old)
        part.rename(target)
    finally:
        for rest in (part, old):
            shutil.rmtree(rest, ignore_errors=True)


def _is_same(target: Path, card: Mapping[str, Any]) -> bool:
    """Tell whether ``target`` is this model already; raise where it is an intact model with the same id."""
    try:
        held = read_card(target)
    except ModelError:
        return False  # damaged: the new copy mends it
    if held == card:
        return True
    raise ModelError(f"{target}: another model has the same id. Remove that folder first, or give the new model another id.")


def _write_whole(path: Path, content: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(content, encoding="utf-8")
    part.replace(path)
