"""A model on disk: a folder of data with hashes, never code.

``model.json`` says what the model is and holds the SHA-256 of each other file: ``encoder.onnx``, ``tokenizer.json``,
``heads.safetensors`` (weights), ``vocabulary.json`` (words and pieces), ``seen.txt`` (the SHA-256 of each normalised
training text, sorted) and, for a model with a taxonomy of its own, ``taxonomy.json``.

A folder may come from anywhere: nothing in it is run, what is read is checked, and whatever is wrong is a `ModelError`.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from models.encoder import BASE_PREFIX
from models.features import Features
from models.heads import Head
from seeds.errors import ModelError, TaxonomyError
from seeds.taxonomy import Taxonomy, read_taxonomy

__all__ = [
    "DEFAULT_MODEL", "FILES", "FORMAT", "OWN", "TAXONOMY_FILE", "Review", "StoredModel", "load_model", "save_model", "seen_key", "verify_files",
]  # fmt: skip

FORMAT = 1
DEFAULT_MODEL = Path(__file__).parent / "default"
FILES = ("encoder.onnx", "heads.safetensors", "seen.txt", "tokenizer.json", "vocabulary.json")
TAXONOMY_FILE = "taxonomy.json"
"""Held by a model that was trained with a taxonomy of its own."""

OWN = "own"
"""The task of a label set of the user's own; ``own_label`` in model.json is the name of its column."""

_TASKS = ("primary_theme", "themes", "sub_themes", "sentiment", "adverse_event", OWN)


@dataclass(frozen=True, slots=True)
class Review:
    """Below these probabilities of the winner a text is sent to review."""

    primary_theme: float
    sentiment: float
    own: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredModel:
    """What a model folder holds, checked."""

    folder: Path
    card: Mapping[str, Any]  # model.json
    features: Features
    heads: Mapping[str, Head]
    thresholds: Mapping[str, Mapping[str, float]]  # task -> label -> probability
    review: Review
    seen: frozenset[str]
    taxonomy: Taxonomy

    @property
    def own_label(self) -> str | None:
        """The column of the label set of the user's own, if the model learned one."""
        name = self.card.get("own_label")
        return str(name) if name else None

    @property
    def prefix(self) -> str:
        """What its encoder finds before each text."""
        return str(self.card["encoder"].get("prefix", BASE_PREFIX))

    @property
    def id(self) -> str:
        """The model's id, as in the column ``model``."""
        return str(self.card["id"])


def seen_key(normalised: str) -> str:
    """Return the SHA-256 of a normalised text, in hex."""
    return hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()


def save_model(
    folder: Path,
    *,
    card: Mapping[str, Any],
    features: Features,
    heads: Sequence[Head],
    thresholds: Mapping[str, Mapping[str, float]],
    review: Review,
    seen: Sequence[str],
) -> None:
    """Write a model into ``folder``, where encoder.onnx and tokenizer.json already are; model.json comes last."""
    tensors = {"word_idf": features.word_idf.astype(np.float32), "character_idf": features.character_idf.astype(np.float32)}
    for head in heads:
        tensors[f"{head.task}.vector_weights"] = head.vector_weights.astype(np.float32)
        tensors[f"{head.task}.lexical_weights"] = head.lexical_weights.astype(np.float16)
        tensors[f"{head.task}.intercept"] = head.intercept.astype(np.float64)
        if head.shift is not None:
            tensors[f"{head.task}.shift"] = head.shift.astype(np.float64)
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, folder / "heads.safetensors")
    vocabulary = {"words": features.words, "characters": features.characters}
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "seen.txt").write_text("".join(f"{key}\n" for key in sorted(set(seen))), encoding="utf-8")
    full = {
        "format": FORMAT,
        **card,
        "feature_weights": {"words": features.word_weight, "characters": features.character_weight},
        "heads": {h.task: {"labels": h.labels, "softmax": h.softmax, "temperature": h.temperature} for h in heads},
        "thresholds": thresholds,
        "review": {"primary_theme": review.primary_theme, "sentiment": review.sentiment, "own": review.own},
        "files": {name: _sha256(folder / name) for name in (*FILES, TAXONOMY_FILE) if (folder / name).is_file()},
    }
    temporary = folder / "model.json.part"
    temporary.write_text(json.dumps(full, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / "model.json")


def verify_files(folder: Path) -> Mapping[str, Any]:
    """Return model.json once every file has the hash it states; raise ModelError otherwise."""
    path = folder / "model.json"
    if not folder.is_dir() or not path.is_file():
        raise ModelError(f"{folder}: no model here (model.json is missing). Give a model folder, or 'default' for the one that ships.")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as cause:
        raise ModelError(f"{path}: damaged ({cause}). Copy the model again, or train it again.") from cause
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        raise ModelError(f"{path}: format {found!r}, where this version reads {FORMAT}. Update PharmaVoix, or train the model again.")
    hashes = card.get("files")
    if not isinstance(hashes, dict) or set(hashes) - {TAXONOMY_FILE} != set(FILES):
        raise ModelError(f"{path}: the list of files is not {', '.join(FILES)}. Copy the model again.")
    for name in hashes:
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name}: missing. Copy the model again, or train it again.")
        if _sha256(folder / name) != hashes[name]:
            raise ModelError(f"{folder / name}: damaged, its SHA-256 is not the one in model.json. Copy the model again, or train it again.")
    if not isinstance(card.get("id"), str) or not card["id"]:
        raise ModelError(f"{path}: no 'id'. Copy the model again, or train it again.")
    return card


def load_model(folder: Path, *, taxonomy: Taxonomy | None = None, any_taxonomy: bool = False) -> StoredModel:
    """Load a model folder after checking every hash and that it was fitted on its own taxonomy, else on ``taxonomy`` (default: the seeds').

    ``any_taxonomy`` is for training from a model that was fitted on another one.
    """
    card = verify_files(folder)
    own = folder / TAXONOMY_FILE
    try:
        fitted_on = read_taxonomy(own) if TAXONOMY_FILE in card["files"] else taxonomy or read_taxonomy()
    except TaxonomyError as cause:
        raise ModelError(f"{cause}. Copy the model again, or train it again.") from cause
    if card.get("taxonomy") != fitted_on.hash and not any_taxonomy:
        themes = card.get("themes")
        known = {str(theme) for theme in themes} if isinstance(themes, list) else set()
        new = [repr(theme) for theme in fitted_on.theme_ids if known and theme not in known]
        raise ModelError(
            f"{folder}: fitted on taxonomy {card.get('taxonomy')!r}, but this one is {fitted_on.hash!r} ({len(fitted_on.themes)} themes"
            f"{': ' + ', '.join(new) + ' new' if new else ''}). Train it again with `pharmavoix train`, or put back the taxonomy it was fitted on."
        )
    try:
        return _read(folder, card, fitted_on)
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, SafetensorError) as cause:
        raise ModelError(f"{folder}: not a complete model ({' '.join(str(cause).split())[:160]}). Copy it again, or train it again.") from cause


def _read(folder: Path, card: Mapping[str, Any], taxonomy: Taxonomy) -> StoredModel:
    tensors = {name: tensor.astype(np.float64) for name, tensor in load((folder / "heads.safetensors").read_bytes()).items()}
    strange = [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]
    if strange:
        raise ValueError(f"the tensor {strange[0]!r} holds numbers that are not finite")
    vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    features = Features(
        words=_words(vocabulary["words"], "words"),
        word_idf=tensors["word_idf"],
        characters=_words(vocabulary["characters"], "characters"),
        character_idf=tensors["character_idf"],
        word_weight=_number(card["feature_weights"]["words"]),
        character_weight=_number(card["feature_weights"]["characters"]),
    )
    _same(features.word_idf.shape, (len(features.words),), "word_idf")
    _same(features.character_idf.shape, (len(features.characters),), "character_idf")
    heads = {task: _head(task, stated, tensors, features.size) for task, stated in card["heads"].items()}
    if not heads:
        raise ValueError("no head in it")
    if len({head.vector_weights.shape[1] for head in heads.values()}) != 1:
        raise ValueError("its heads read vectors of different widths")
    if heads.keys() & {OWN} and not isinstance(card.get("own_label"), str):
        raise ValueError("no name for its own label set")
    thresholds = {
        task: {str(label): _number(limit) for label, limit in limits.items()} for task, limits in card["thresholds"].items() if task in heads
    }
    for task, head in heads.items():
        if not head.softmax and set(head.labels) - thresholds.get(task, {}).keys():
            raise ValueError(f"no threshold for some labels of {task!r}")
    unknown = set(heads["sub_themes"].labels) - taxonomy.parent_of.keys() if "sub_themes" in heads and card["taxonomy"] == taxonomy.hash else ()
    if unknown:
        raise ValueError(f"the sub-theme {sorted(unknown)[0]!r} is not in its taxonomy")
    if not isinstance(card["encoder"], dict):
        raise TypeError("'encoder' is no object")
    return StoredModel(
        folder=folder,
        card=card,
        features=features,
        heads=heads,
        thresholds=thresholds,
        review=Review(*(_number(card["review"].get(task, 0.0)) for task in ("primary_theme", "sentiment", OWN))),
        seen=frozenset((folder / "seen.txt").read_text(encoding="utf-8").split()),
        taxonomy=taxonomy,
    )


def _head(task: str, stated: Mapping[str, Any], tensors: Mapping[str, np.ndarray[Any, np.dtype[np.float64]]], size: int) -> Head:
    if task not in _TASKS:
        raise ValueError(f"the head {task!r} is unknown")
    labels = _words(stated["labels"], f"labels of {task}")
    head = Head(
        task=task,
        labels=labels,
        softmax=bool(stated["softmax"]),
        vector_weights=tensors[f"{task}.vector_weights"],
        lexical_weights=tensors[f"{task}.lexical_weights"],
        intercept=tensors[f"{task}.intercept"],
        temperature=_number(stated["temperature"]),
        shift=tensors.get(f"{task}.shift"),
    )
    if not labels or head.temperature <= 0:
        raise ValueError(f"the head {task!r} has no label, or no temperature above 0")
    if head.vector_weights.ndim != 2:
        raise ValueError(f"the vector weights of {task!r} are no table")
    _same(head.vector_weights.shape[0], len(labels), f"{task}.vector_weights")
    _same(head.lexical_weights.shape, (len(labels), size), f"{task}.lexical_weights")
    _same(head.intercept.shape, (len(labels),), f"{task}.intercept")
    if head.shift is not None:
        _same(head.shift.shape, (len(labels),), f"{task}.shift")
    return head


def _words(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value) or len(set(value)) != len(value):
        raise TypeError(f"{what}: a list of different words is expected")
    return tuple(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r}, where a number is expected")
    return float(value)


def _same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise ValueError(f"{what} has the shape {found}, where {expected} is expected")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
