"""A model on disk: a folder of data with hashes, never code.

``model.json`` says what the model is and holds the SHA-256 of each other file: ``encoder.onnx``, ``tokenizer.json``,
``heads.safetensors`` (weights), ``vocabulary.json`` (words and pieces), ``seen.txt`` (the SHA-256 of each normalised
training text, sorted).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from models.features import Features
from models.heads import Head
from seeds.errors import ModelError

__all__ = ["DEFAULT_MODEL", "FORMAT", "Review", "StoredModel", "load_model", "save_model", "seen_key", "verify_files"]

FORMAT = 1
DEFAULT_MODEL = Path(__file__).parent / "default"
_FILES = ("encoder.onnx", "heads.safetensors", "seen.txt", "tokenizer.json", "vocabulary.json")


@dataclass(frozen=True, slots=True)
class Review:
    """Below these probabilities of the winner a text is sent to review."""

    primary_theme: float
    sentiment: float


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
        "review": {"primary_theme": review.primary_theme, "sentiment": review.sentiment},
        "files": {name: _sha256(folder / name) for name in _FILES},
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
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as cause:
        raise ModelError(f"{path}: damaged ({cause}). Copy the model again, or make it with `make model`.") from cause
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        raise ModelError(f"{path}: format {found!r}, where this version reads {FORMAT}. Update PharmaVoix, or train the model again.")
    hashes = card.get("files")
    if not isinstance(hashes, dict) or set(hashes) != set(_FILES):
        raise ModelError(f"{path}: the list of files is not {', '.join(_FILES)}. Copy the model again.")
    for name in _FILES:
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name}: missing. Copy the model again, or make it with `make model`.")
        if _sha256(folder / name) != hashes[name]:
            raise ModelError(f"{folder / name}: damaged, its SHA-256 is not the one in model.json. Copy the model again, or run `make model`.")
    return card


def load_model(folder: Path, *, taxonomy_hash: str, taxonomy_themes: Sequence[str]) -> StoredModel:
    """Load a model folder after checking every hash and that it was fitted on this taxonomy."""
    card = verify_files(folder)
    if card.get("taxonomy") != taxonomy_hash:
        raise ModelError(
            f"{folder}: fitted on taxonomy {card.get('taxonomy')!r}, but this one is {taxonomy_hash!r} ({len(taxonomy_themes)} themes). "
            "Train it again with `make model`, or give the taxonomy it was fitted on."
        )
    try:
        return _read(folder, card)
    except (KeyError, TypeError, ValueError, SafetensorError) as cause:
        raise ModelError(f"{folder}: not a complete model ({cause!s}). Copy it again, or make it with `make model`.") from cause


def _read(folder: Path, card: Mapping[str, Any]) -> StoredModel:
    tensors = {name: tensor.astype(np.float64) for name, tensor in load((folder / "heads.safetensors").read_bytes()).items()}
    vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    features = Features(
        words=tuple(vocabulary["words"]),
        word_idf=tensors["word_idf"],
        characters=tuple(vocabulary["characters"]),
        character_idf=tensors["character_idf"],
        word_weight=float(card["feature_weights"]["words"]),
        character_weight=float(card["feature_weights"]["characters"]),
    )
    heads = {
        task: Head(
            task=task,
            labels=tuple(stated["labels"]),
            softmax=bool(stated["softmax"]),
            vector_weights=tensors[f"{task}.vector_weights"],
            lexical_weights=tensors[f"{task}.lexical_weights"],
            intercept=tensors[f"{task}.intercept"],
            temperature=float(stated["temperature"]),
            shift=tensors.get(f"{task}.shift"),
        )
        for task, stated in card["heads"].items()
    }
    for head in heads.values():
        if head.lexical_weights.shape != (len(head.labels), features.size):
            raise ValueError(f"the head {head.task!r} has the shape {head.lexical_weights.shape}")
    return StoredModel(
        folder=folder,
        card=card,
        features=features,
        heads=heads,
        thresholds=card["thresholds"],
        review=Review(float(card["review"]["primary_theme"]), float(card["review"]["sentiment"])),
        seen=frozenset((folder / "seen.txt").read_text(encoding="utf-8").split()),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
