import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models.classifier import Classifier, load_classifier
from models.store import DEFAULT_MODEL, load_model, save_model, verify_files
from seeds.errors import ModelError
from seeds.taxonomy import Taxonomy, read_taxonomy


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_MODEL, tmp_path / "model"))


def load(folder: Path) -> None:
    load_model(folder)


@pytest.mark.parametrize("name", ["encoder.onnx", "heads.safetensors", "seen.txt", "tokenizer.json", "vocabulary.json"])
def test_one_changed_byte_in_any_file_is_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: damaged.*Copy the model again"):
        load(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "vocabulary.json").unlink()
    with pytest.raises(ModelError, match=r"vocabulary\.json: missing"):
        load(copy)


def test_another_taxonomy_is_refused_with_what_to_do() -> None:
    known = read_taxonomy()
    access = replace(known.themes[0], id="access", sub_themes=())
    with pytest.raises(ModelError, match=r"fitted on taxonomy '\w+', but this one is '\w+' \(7 themes: 'access' new\).*Train it again"):
        load_model(DEFAULT_MODEL, taxonomy=Taxonomy((*known.themes, access)))


@pytest.mark.parametrize(("change", "words"), [({"format": 99}, "format 99, where this version reads 1"), ({"files": {}}, "list of files")])
def test_another_form_of_model_json_is_refused(copy: Path, change: dict[str, object], words: str) -> None:
    card = json.loads((copy / "model.json").read_text())
    (copy / "model.json").write_text(json.dumps(card | change))
    with pytest.raises(ModelError, match=words):
        verify_files(copy)


@pytest.mark.parametrize("content", ["", "not json", "[]", "\udcff"])
def test_a_damaged_model_json_is_refused(copy: Path, content: str) -> None:
    (copy / "model.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=r"model\.json"):
        verify_files(copy)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model here"):
        verify_files(tmp_path)


def test_saved_and_loaded_again_it_gives_the_same_labels(classifier: Classifier, copy: Path) -> None:
    stored = classifier.model
    card = {k: v for k, v in stored.card.items() if k not in ("format", "feature_weights", "heads", "thresholds", "review", "files")}
    save_model(
        copy,
        card=card,
        features=stored.features,
        heads=list(stored.heads.values()),
        thresholds=stored.thresholds,
        review=stored.review,
        seen=sorted(stored.seen),
    )
    text = "Encore une pénurie de corticoïdes, les patients n'en peuvent plus"
    assert load_classifier(copy)(text) == classifier(text)
    assert (copy / "heads.safetensors").read_bytes() == (DEFAULT_MODEL / "heads.safetensors").read_bytes()


def test_no_pickle_ships() -> None:
    assert {path.suffix for path in DEFAULT_MODEL.iterdir()} <= {".json", ".onnx", ".safetensors", ".txt", ".md"}
