"""A real model, tiny and untrained, written by the functions that write the real ones."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex as Pattern
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from models.encoder import MAX_TOKENS
from models.features import Features, fit_features
from models.heads import Head
from models.store import OWN, TAXONOMY_FILE, Review, save_model, seen_key
from seeds.samples import POLARITIES
from seeds.taxonomy import DEFAULT_TAXONOMY, Taxonomy, read_taxonomy
from training.onnx_export import export

__all__ = ["OWN_LABELS", "TEXT", "make_tiny_model", "restate", "taxonomy_with"]

TEXT = "Sanofi annonce un vaccin"
OWN_LABELS = ("plainte", "question", "éloge")
LAYERS, WIDTH, ATTENTION = 3, 32, 2

_TEXTS = (
    "le laboratoire annonce un vaccin contre la grippe",
    "rupture de stock du sirop pour la toux en pharmacie",
    "merci à l'équipe du centre de vaccination",
    "le laboratoire annonce une rupture de stock",
)


def make_tiny_model(
    folder: Path,
    *,
    form: str = "rows8",
    words: bool = True,
    tasks: bool = True,
    own: bool | None = None,
    taxonomy: str | None = None,
    wordlevel: bool = False,
) -> Path:
    """Write a model into ``folder`` and return it.

    ``words``: word and character features beside the vector; ``tasks``: the five tasks of the taxonomy; ``own``: a label set of its
    own, one label a text (True) or several (False); ``taxonomy``: the content of its own taxonomy.json.
    """
    rng = np.random.default_rng(2018)
    folder.mkdir(parents=True)
    tokenizer = _wordlevel() if wordlevel else _unigram()
    tokenizer.save(str(folder / "tokenizer.json"))
    export(_weights(rng, tokenizer.get_vocab_size()), folder / "encoder.onnx", heads=ATTENTION, form=form)
    if taxonomy is not None:
        (folder / TAXONOMY_FILE).write_text(taxonomy, encoding="utf-8")
    known = read_taxonomy(folder / TAXONOMY_FILE if taxonomy is not None else DEFAULT_TAXONOMY)
    features = _features() if words else Features((), np.zeros(0), (), np.zeros(0), 0.0, 0.0)
    heads = [_head(rng, task, labels, softmax, features.size) for task, labels, softmax in _tasks(known, tasks=tasks, own=own)]
    card = {
        "id": f"tiny-{form}",
        "made": "2026-01-02T03:04:05Z",
        "taxonomy": known.hash,
        "themes": known.theme_ids,
        "encoder": {"name": "random", "form": form, "prefix": "" if wordlevel else "query: "},
    }
    save_model(
        folder,
        card=card if own is None else card | {"own_label": "motif"},
        features=features,
        heads=heads,
        thresholds={head.task: dict.fromkeys(head.labels, 0.4) for head in heads if not head.softmax},
        review=Review(0.4, 0.4, 0.2),
        seen=[seen_key(text) for text in _TEXTS],
    )
    return folder


def restate(folder: Path, **changes: Any) -> None:
    """Change entries of model.json and state the hashes of its files anew, as whoever makes a hostile model would."""
    card = json.loads((folder / "model.json").read_text(encoding="utf-8")) | changes
    if "files" not in changes:
        card["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in card["files"]}
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")


def taxonomy_with(sub_theme: str) -> str:
    """Return the seeds' taxonomy.json with one more sub-theme under its first theme."""
    content = json.loads(DEFAULT_TAXONOMY.read_text(encoding="utf-8"))
    content["themes"][0]["sub_themes"].append({"id": sub_theme, "label_fr": sub_theme, "definition": "Ajouté pour le test."})
    return json.dumps(content, ensure_ascii=False)


def _tasks(taxonomy: Taxonomy, *, tasks: bool, own: bool | None) -> list[tuple[str, Sequence[str], bool]]:
    ours: list[tuple[str, Sequence[str], bool]] = [
        ("primary_theme", taxonomy.theme_ids, True),
        ("themes", taxonomy.theme_ids, False),
        ("sub_themes", tuple(taxonomy.parent_of), False),
        ("sentiment", POLARITIES, True),
        ("adverse_event", ("true",), False),
    ]
    return [*(ours if tasks else ()), *(() if own is None else ((OWN, OWN_LABELS, own),))]


def _head(rng: np.random.Generator, task: str, labels: Sequence[str], softmax: bool, size: int) -> Head:
    return Head(
        task=task,
        labels=tuple(labels),
        softmax=softmax,
        vector_weights=rng.normal(size=(len(labels), 2 * WIDTH)),
        lexical_weights=rng.normal(size=(len(labels), size)),
        intercept=rng.normal(size=len(labels)),
        temperature=1.2,
        shift=None if softmax else rng.normal(size=len(labels)),
    )


def _features() -> Features:
    return fit_features(_TEXTS * 4, most_words=20, most_characters=40, word_weight=1.5, character_weight=0.5)


def _unigram() -> Tokenizer:
    """Return pieces of words, made like those of the base encoder."""
    pieces = ["▁", "▁le", "▁la", "▁un", "▁annonce", "▁vacc", "in", "▁stock", "▁query", ":", "'", *"abcdefghijklmnopqrstuvwxyzéèàS"]
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = [(piece, 0.0) for piece in special] + [(piece, -1.0 - place / 10) for place, piece in enumerate(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.add_special_tokens(special)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Pattern(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def _wordlevel() -> Tokenizer:
    """Return whole words."""
    words = ["[UNK]", *sorted({word for text in _TEXTS for word in text.split()})]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _weights(rng: np.random.Generator, pieces: int) -> dict[str, np.ndarray]:
    """Return random weights under the names that transformers gives them."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (pieces, WIDTH),
        "embeddings.position_embeddings.weight": (MAX_TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_norm("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{at}.{part}.weight": (WIDTH, WIDTH), f"{at}.{part}.bias": (WIDTH,)}
        shapes |= _norm(f"{at}.attention.output.LayerNorm") | _norm(f"{at}.output.LayerNorm")
        shapes |= {f"{at}.intermediate.dense.weight": (2 * WIDTH, WIDTH), f"{at}.intermediate.dense.bias": (2 * WIDTH,)}
        shapes |= {f"{at}.output.dense.weight": (WIDTH, 2 * WIDTH), f"{at}.output.dense.bias": (WIDTH,)}
    return {name: rng.normal(scale=0.3, size=shape).astype(np.float32) for name, shape in shapes.items()}


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}
