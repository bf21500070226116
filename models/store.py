"""A model on disk: a folder of data with hashes, never code.

``model.json`` says what the model is and holds the SHA-256 of each other file: ``encoder.onnx``, ``tokenizer.json``,
``heads.safetensors`` (weights), ``vocabulary.json`` (words and pieces), ``seen.txt`` (the SHA-256 of each normalised
training text, sorted) and, for a model with a taxonomy of its own, ``taxonomy.json``.

A folder may come from anywhere: nothing in it is run, what is read is checked, and whatever is wrong is a `ModelError`.
"""

import hashlib
import json
import reprlib
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
from seeds.errors import ModelError, TaxonomyError, brief
from seeds.samples import POLARITIES
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

_IS_SOFTMAX = {"primary_theme": True, "themes": False, "sub_themes": False, "sentiment": True, "adverse_event": False, OWN: None}
"""Whether one label of a task holds; with a label set of the user's own it may be either."""

_PARTS = ("vector_weights", "lexical_weights", "intercept", "shift")
_LARGEST = 1e9  # of any number: sums and products stay finite
_LONGEST = 1000  # of a name, in characters
_MIB = 2**20
_MOST_BYTES = {
    "model.json": 4 * _MIB, TAXONOMY_FILE: _MIB // 4, "vocabulary.json": 16 * _MIB, "tokenizer.json": 64 * _MIB, "seen.txt": 256 * _MIB,
    "heads.safetensors": 256 * _MIB, "encoder.onnx": 2048 * _MIB,
}  # fmt: skip
"""Read whole, a file takes memory many times its size."""


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
    (folder / "seen.txt").write_text("".join(f"{key}\n" for key in sorted(set(seen))), encoding="utf-8", newline="\n")
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
        card = json.loads(_checked(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as cause:
        raise ModelError(f"{path}: damaged ({brief(cause)}). Copy the model again, or train it again.") from cause
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = brief(reprlib.repr(card.get("format"))) if isinstance(card, dict) else repr(type(card).__name__)
        raise ModelError(f"{path}: format {found}, where this version reads {FORMAT}. Update PharmaVoix, or train the model again.")
    hashes = card.get("files")
    if not isinstance(hashes, dict) or set(hashes) - {TAXONOMY_FILE} != set(FILES):
        raise ModelError(f"{path}: the list of files is not {', '.join(FILES)}. Copy the model again.")
    for name in hashes:
        try:
            is_intact = _sha256(_checked(folder / name)) == hashes[name]
        except OSError as cause:
            raise ModelError(f"{folder / name}: cannot be read ({cause.strerror}). Copy the model again.") from cause
        if not is_intact:
            raise ModelError(f"{folder / name}: damaged, its SHA-256 is not the one in model.json. Copy the model again, or train it again.")
    try:
        _name(card.get("id"), "its 'id'")
    except (TypeError, ValueError) as cause:
        raise ModelError(f"{path}: no 'id' that can be used ({brief(cause)}). Copy the model again.") from cause
    return card


def _checked(path: Path) -> Path:
    """Return ``path`` if it is a file of this folder and of a size that a model can have."""
    if not path.is_file():
        raise ModelError(f"{path}: missing. Copy the model again, or train it again.")
    if path.is_symlink() and path.parent != DEFAULT_MODEL:  # an installer may link the files of the package
        raise ModelError(f"{path}: a link, where a file is expected. Copy the file itself into the folder.")
    if path.stat().st_size > _MOST_BYTES[path.name]:
        raise ModelError(f"{path}: {path.stat().st_size} bytes, more than the {_MOST_BYTES[path.name]} accepted. Copy the model again.")
    return path


def load_model(folder: Path, *, taxonomy: Taxonomy | None = None, any_taxonomy: bool = False) -> StoredModel:
    """Load a model folder after checking every hash and that it was fitted on its own taxonomy, else on ``taxonomy`` (default: the seeds').

    ``any_taxonomy`` is for training from a model that was fitted on another one.
    """
    card = verify_files(folder)
    own = folder / TAXONOMY_FILE
    try:
        fitted_on = read_taxonomy(own) if TAXONOMY_FILE in card["files"] else taxonomy or read_taxonomy()
    except (TaxonomyError, ValueError, RecursionError) as cause:
        raise ModelError(f"{own}: not a usable taxonomy ({brief(cause)}). Copy the model again, or train it again.") from cause
    if card.get("taxonomy") != fitted_on.hash and not any_taxonomy:
        themes = card.get("themes")
        known = {theme for theme in themes if isinstance(theme, str)} if isinstance(themes, list) else set()
        new = [repr(theme) for theme in fitted_on.theme_ids if known and theme not in known]
        raise ModelError(
            f"{folder}: fitted on taxonomy {brief(reprlib.repr(card.get('taxonomy')))}, but this one is {fitted_on.hash!r} "
            f"({len(fitted_on.themes)} themes{': ' + brief(', '.join(new)) + ' new' if new else ''}). "
            "Train it again with `pharmavoix train`, or put back the taxonomy it was fitted on."
        )
    try:
        return _read(folder, card, fitted_on)
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, SafetensorError) as cause:
        raise ModelError(f"{folder}: not a complete model ({brief(cause)}). Copy it again, or train it again.") from cause


def _read(folder: Path, card: Mapping[str, Any], taxonomy: Taxonomy) -> StoredModel:
    tensors = {name: _plain(name, tensor) for name, tensor in load((folder / "heads.safetensors").read_bytes()).items()}
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
    unread = tensors.keys() - {"word_idf", "character_idf", *(f"{task}.{part}" for task in heads for part in _PARTS)}
    if unread:
        raise ValueError(f"the tensor {sorted(unread)[0]!r} belongs to no head")
    if len({head.vector_weights.shape[1] for head in heads.values()}) != 1:
        raise ValueError("its heads read vectors of different widths")
    if OWN in heads or "own_label" in card:
        _name(card["own_label"], "the name of its own label set")
    thresholds = {
        task: {str(label): _number(limit) for label, limit in limits.items()} for task, limits in card["thresholds"].items() if task in heads
    }
    for task, head in heads.items():
        if not head.softmax and set(head.labels) - thresholds.get(task, {}).keys():
            raise ValueError(f"no threshold for some labels of {task!r}")
    if card["taxonomy"] == taxonomy.hash:
        _check_labels(heads, taxonomy)
    if not isinstance(card["encoder"], dict):
        raise TypeError("'encoder' is no object")
    _name(card["encoder"].get("prefix", BASE_PREFIX), "the prefix of its encoder", least=0)
    return StoredModel(
        folder=folder,
        card=card,
        features=features,
        heads=heads,
        thresholds=thresholds,
        review=Review(*(_number(card["review"].get(task, 0.0)) for task in ("primary_theme", "sentiment", OWN))),
        seen=_seen((folder / "seen.txt").read_bytes()),
        taxonomy=taxonomy,
    )


def _check_labels(heads: Mapping[str, Head], taxonomy: Taxonomy) -> None:
    themes = taxonomy.theme_ids
    known = {"primary_theme": themes, "themes": themes, "sub_themes": taxonomy.parent_of, "sentiment": POLARITIES, "adverse_event": ("true",)}
    for task, head in heads.items():
        unknown = sorted(set(head.labels) - set(known.get(task, head.labels)))
        if unknown:
            raise ValueError(f"the label {unknown[0]!r} of {task!r} is not known, nor in its taxonomy")


def _head(task: str, stated: Mapping[str, Any], tensors: Mapping[str, np.ndarray[Any, np.dtype[np.float64]]], size: int) -> Head:
    if task not in _IS_SOFTMAX:
        raise ValueError(f"the head {task!r} is unknown")
    if not isinstance(stated["softmax"], bool) or _IS_SOFTMAX[task] not in (None, stated["softmax"]):
        raise ValueError(f"'softmax' of {task!r} is {stated['softmax']!r}")
    labels = _words(stated["labels"], f"labels of {task}")
    head = Head(
        task=task,
        labels=labels,
        softmax=stated["softmax"],
        vector_weights=tensors[f"{task}.vector_weights"],
        lexical_weights=tensors[f"{task}.lexical_weights"],
        intercept=tensors[f"{task}.intercept"],
        temperature=_number(stated["temperature"]),
        shift=tensors.get(f"{task}.shift"),
    )
    if not labels or head.temperature < 1 / _LARGEST:
        raise ValueError(f"the head {task!r} has no label, or no temperature above 0")
    if head.vector_weights.ndim != 2:
        raise ValueError(f"the vector weights of {task!r} are no table")
    _same(head.vector_weights.shape[0], len(labels), f"{task}.vector_weights")
    _same(head.lexical_weights.shape, (len(labels), size), f"{task}.lexical_weights")
    _same(head.intercept.shape, (len(labels),), f"{task}.intercept")
    if head.shift is not None:
        _same(head.shift.shape, (len(labels),), f"{task}.shift")
    return head


def _plain(name: str, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if tensor.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"the tensor {name!r} is of the type {tensor.dtype}, where floating-point numbers are expected")
    wide = tensor.astype(np.float64)
    if not (np.abs(wide) <= _LARGEST).all():
        raise ValueError(f"the tensor {name!r} holds numbers that are not finite, or beyond {_LARGEST:.0e}")
    return wide


def _seen(content: bytes) -> frozenset[str]:
    is_plain = not content.translate(None, b"0123456789abcdef\n") and len(content) == 65 * content.count(b"\n")
    keys = content.decode("ascii").split() if is_plain else [""]
    if not all(len(key) == 64 for key in keys):
        raise ValueError("seen.txt is no list of SHA-256")
    return frozenset(keys)


def _words(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value) or len(set(value)) != len(value):
        raise TypeError(f"{what}: a list of different words is expected")
    "".join(value).encode("utf-8")  # raises on half a character, which could not be written out again
    return tuple(value)


def _name(value: Any, what: str, *, least: int = 1) -> None:
    if not isinstance(value, str) or not least <= len(value) <= _LONGEST:
        raise TypeError(f"{what}: {least} to {_LONGEST} characters are expected")
    value.encode("utf-8")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise TypeError(f"{value!r}, where a number up to {_LARGEST:.0e} is expected")
    return float(value)


def _same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise ValueError(f"{what} has the shape {found}, where {expected} is expected")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
