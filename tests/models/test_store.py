import io
import json
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.classifier import Classifier, load_classifier
from models.store import DEFAULT_MODEL, load_model, save_model, verify_files
from seeds.errors import ModelError
from seeds.taxonomy import Taxonomy, read_taxonomy
from tests.models.tiny_model import OWN_LABELS, TEXT, make_tiny_model, restate, taxonomy_with


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


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model of which everything can be changed."""
    return make_tiny_model(tmp_path / "tiny")


def stated(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "model.json").read_text("utf-8")))


def refusal(folder: Path) -> str:
    """Return the message with which a folder is refused; it names the folder and says what to do."""
    with pytest.raises(ModelError) as refused:
        load_classifier(folder)
    message = str(refused.value)
    assert message.startswith(str(folder))
    assert re.search(r"Copy |Train |Update |Give ", message)
    return message


def test_a_tiny_model_is_read(tiny: Path) -> None:
    labels = load_classifier(tiny)(TEXT)
    assert labels.primary_theme in read_taxonomy().theme_ids
    assert sum(labels.p_theme.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("changes", "words"), [
    ({"format": 2}, "format 2, where this version reads 1. Update PharmaVoix"),
    ({"format": "\x1b[31m"}, r"format '\x1b[31m', where"),
    ({"format": ["a" * 10**6]}, "format ['aaaaaaaaaaaa...aaaaaaaaaaaaa'], where"),
    ({"taxonomy": "0" * 12}, "fitted on taxonomy '000000000000', but this one is"),
    ({"id": "\ud800"}, "no 'id' that can be used"),
    ({"id": 7}, "no 'id' that can be used"),
    ({"files": {"../x": "0"}}, "the list of files is not encoder.onnx"),
    ({"heads": {}}, "no head in it"),
    ({"thresholds": {}}, "no threshold for some labels of 'themes'"),
    ({"thresholds": []}, "not a complete model"),
    ({"review": {"sentiment": "souvent"}}, "'souvent', where a number"),
    ({"feature_weights": {"words": 1e300, "characters": 1}}, "1e+300, where a number up to 1e+09"),
    ({"encoder": {"prefix": 3}}, "the prefix of its encoder: 0 to 1000 characters"),
    ({"encoder": []}, "'encoder' is no object"),
    ({"own_label": 3}, "the name of its own label set"),
])  # fmt: skip
def test_what_model_json_says_wrong_is_refused(tiny: Path, changes: dict[str, Any], words: str) -> None:
    restate(tiny, **changes)
    assert words in refusal(tiny)


@pytest.mark.parametrize(("task", "changes", "words"), [
    ("sentiment", {"temperature": -1.2}, "no temperature above 0"),
    ("sentiment", {"temperature": True}, "True, where a number"),
    ("sentiment", {"labels": ["negative", "negative", "positive"]}, "a list of different words"),
    ("sentiment", {"labels": ["negative", "neutral"]}, "has the shape 3, where 2 is expected"),
    ("sentiment", {"labels": ["negative", "neutral", "furieux"]}, "the label 'furieux' of 'sentiment' is not known"),
    ("adverse_event", {"labels": ["\ud800"]}, "surrogates not allowed"),
    ("sentiment", {"softmax": False}, "'softmax' of 'sentiment' is False"),
    ("themes", {"softmax": 0}, "'softmax' of 'themes' is 0"),
    ("sentiment", {"temperature": None}, "None, where a number"),
])  # fmt: skip
def test_what_it_says_wrong_of_a_head_is_refused(tiny: Path, task: str, changes: dict[str, Any], words: str) -> None:
    heads = stated(tiny)["heads"]
    restate(tiny, heads=heads | {task: heads[task] | changes})
    assert words in refusal(tiny)


def test_an_unknown_task_is_refused(tiny: Path) -> None:
    heads = stated(tiny)["heads"]
    restate(tiny, heads={"poison" if task == "sentiment" else task: head for task, head in heads.items()})
    assert "the head 'poison' is unknown" in refusal(tiny)


@pytest.mark.parametrize(("name", "tensor", "words"), [
    ("word_idf", np.zeros(3, np.int8), "'word_idf' is of the type int8, where floating-point numbers are expected"),
    ("word_idf", np.zeros(3, np.float32), "word_idf has the shape (3,)"),
    ("sentiment.intercept", np.array([0.0, np.nan, 0.0]), "'sentiment.intercept' holds numbers that are not finite"),
    ("sentiment.intercept", np.array([0.0, 1e300, 0.0]), "or beyond 1e+09"),
    ("sentiment.vector_weights", np.zeros(3, np.float32), "the vector weights of 'sentiment' are no table"),
    ("sentiment.vector_weights", np.zeros((3, 7), np.float32), "vectors of different widths"),
    ("poison.shift", np.zeros(3, np.float32), "the tensor 'poison.shift' belongs to no head"),
])  # fmt: skip
def test_weights_of_a_foreign_type_or_shape_are_refused(tiny: Path, name: str, tensor: np.ndarray, words: str) -> None:
    save_file(load_file(tiny / "heads.safetensors") | {name: tensor}, tiny / "heads.safetensors")
    restate(tiny)
    assert words in refusal(tiny)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "I16", "C64", "object"])
def test_a_type_that_numpy_does_not_know_is_refused_as_well(tiny: Path, kind: str) -> None:
    content = (tiny / "heads.safetensors").read_bytes()
    assert b'"F16"' in content
    changed = content[8:].replace(b'"F16"', json.dumps(kind).encode())
    size = int.from_bytes(content[:8], "little") + len(changed) + 8 - len(content)
    (tiny / "heads.safetensors").write_bytes(size.to_bytes(8, "little") + changed)
    restate(tiny)
    assert "not a complete model" in refusal(tiny)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("seen.txt", "Un texte en clair\n", "seen.txt is no list of SHA-256"),
    ("seen.txt", "g" * 64 + "\n", "seen.txt is no list of SHA-256"),
    ("vocabulary.json", '{"words": ["a"]}', "not a complete model ('characters')"),
    ("vocabulary.json", "[" * 10**5, "not a complete model"),
    ("tokenizer.json", "{}", "not a readable tokenizer"),
    ("encoder.onnx", "rien", "not a readable encoder"),
])  # fmt: skip
def test_a_file_of_another_kind_is_refused_though_its_hash_is_right(tiny: Path, name: str, content: str, words: str) -> None:
    (tiny / name).write_text(content)
    restate(tiny)
    assert words in refusal(tiny)


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["heads.pkl", "heads.skops", "model.joblib"])
def test_a_pickle_beside_a_model_is_never_opened(tiny: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny / name).write_bytes(pickle.dumps(Payload(tiny / "run")))
    opened: list[str] = []
    real_open = io.open

    def noting(file: Any, *arguments: Any, **named: Any) -> Any:
        opened.append(Path(str(file)).name)
        return real_open(file, *arguments, **named)

    monkeypatch.setattr(io, "open", noting)
    assert load_classifier(tiny)(TEXT).primary_theme
    assert {"model.json", "encoder.onnx", "heads.safetensors"} <= set(opened)
    assert name not in opened
    assert not (tiny / "run").exists()


@pytest.mark.parametrize("name", ["heads.pkl", "heads.skops", "model.joblib", "../heads.pkl", "model.json"])
def test_a_file_that_is_none_of_ours_may_not_be_named_in_model_json(tiny: Path, name: str) -> None:
    (tiny / "heads.pkl").write_bytes(pickle.dumps(Payload(tiny / "run")))
    restate(tiny, files=stated(tiny)["files"] | {name: "0" * 64})
    assert "the list of files is not" in refusal(tiny)


@pytest.mark.parametrize("name", ["heads.safetensors", "seen.txt", "vocabulary.json", "tokenizer.json", "encoder.onnx", "model.json"])
def test_a_pickle_under_the_name_of_a_file_of_ours_is_refused_and_not_run(tiny: Path, name: str) -> None:
    (tiny / name).write_bytes(pickle.dumps(Payload(tiny / "run")))
    if name != "model.json":
        restate(tiny)
    refusal(tiny)
    assert not (tiny / "run").exists()


@pytest.mark.parametrize("name", ["seen.txt", "model.json"])
def test_a_link_is_refused_so_that_no_file_elsewhere_is_read(tiny: Path, tmp_path: Path, name: str) -> None:
    (tiny / name).rename(tmp_path / "elsewhere")
    (tiny / name).symlink_to(tmp_path / "elsewhere")
    assert f"{name}: a link, where a file is expected" in refusal(tiny)


@pytest.mark.parametrize(("name", "mib"), [("model.json", 5), ("vocabulary.json", 17), ("seen.txt", 257)])
def test_a_file_too_large_is_refused_before_it_is_read(tiny: Path, name: str, mib: int) -> None:
    with (tiny / name).open("r+b") as file:
        file.truncate(mib * 2**20)  # sparse: it takes no room
    assert f"{name}: {mib * 2**20} bytes, more than the" in refusal(tiny)


def test_a_model_with_its_own_taxonomy_is_read_with_it(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "own", taxonomy=taxonomy_with("lyme"))
    for given in (None, read_taxonomy()):
        model = load_model(folder, taxonomy=given)
        assert model.taxonomy.parent_of["lyme"] == "pathologies"
        assert "lyme" in model.heads["sub_themes"].labels


def test_a_changed_taxonomy_is_refused(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "own", taxonomy=taxonomy_with("lyme"))
    (folder / "taxonomy.json").write_text(taxonomy_with("zona"), "utf-8")
    assert "taxonomy.json: damaged, its SHA-256 is not the one in model.json" in refusal(folder)
    restate(folder)
    assert "fitted on taxonomy" in refusal(folder)
    (folder / "taxonomy.json").write_text('{"themes": 3}', "utf-8")
    restate(folder)
    assert "taxonomy.json: not a usable taxonomy" in refusal(folder)
    (folder / "taxonomy.json").unlink()
    assert "taxonomy.json: missing" in refusal(folder)


def test_a_taxonomy_that_model_json_does_not_name_is_left_alone(tiny: Path) -> None:
    (tiny / "taxonomy.json").write_text("ceci n'est pas du JSON", "utf-8")
    assert load_model(tiny).taxonomy == read_taxonomy()


def test_a_model_of_a_label_set_of_its_own_says_nothing_else(tmp_path: Path) -> None:
    classifier = load_classifier(make_tiny_model(tmp_path / "own", tasks=False, words=False, own=True))
    labels = classifier(TEXT)
    assert classifier.model.own_label == "motif"
    assert len(labels.own) == 1
    assert set(labels.p_own) == set(OWN_LABELS)
    assert sum(labels.p_own.values()) == pytest.approx(1, abs=1e-3)
    assert (labels.primary_theme, labels.themes, labels.sub_themes, labels.sentiment, labels.adverse_event) == (None, (), (), None, None)


def test_several_labels_of_its_own_hold_above_their_thresholds(tmp_path: Path) -> None:
    labels = load_classifier(make_tiny_model(tmp_path / "own", own=False))(TEXT)
    assert set(labels.own) == {label for label, p in labels.p_own.items() if p >= 0.4}
    assert labels.primary_theme is not None


def test_a_label_set_of_its_own_needs_a_name(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "own", tasks=False, own=True)
    restate(folder, own_label="")
    assert "the name of its own label set: 1 to 1000 characters are expected" in refusal(folder)


def test_no_pickle_ships() -> None:
    assert {path.suffix for path in DEFAULT_MODEL.iterdir()} <= {".json", ".onnx", ".safetensors", ".txt", ".md"}
