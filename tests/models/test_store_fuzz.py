"""The loader against damaged and hostile folders: half a minute of the fuzzer, and the finds that it made, one by one."""

import dataclasses
import json
import math
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from models.classifier import load_classifier
from models.encoder import Encoder
from models.labels import Labels
from nlp.observe import Observer
from seeds.errors import ModelError
from tests.models import fuzz_loader
from tests.models.fuzz_loader import Violation, fuzz, trial
from tests.models.tiny_model import TEXT, make_tiny_model, restate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_tiny_model(tmp_path / "tiny")


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer()


@pytest.mark.slow
def test_half_a_minute_of_damage_breaks_no_rule() -> None:
    report = fuzz(seconds=30, seed=2018)
    assert report.violation is None, report.violation
    counts = {outcome: report.count(outcome) for outcome in ("labels", "refused by its hash", "refused by its content")}
    assert min(counts.values()) > 10, counts


# --- the fuzzer itself -------------------------------------------------------------------------------------------------


def test_a_case_is_the_same_whenever_it_is_run(tmp_path: Path) -> None:
    fuzz_loader._bases(tmp_path / "bases")
    folders = sorted((tmp_path / "bases").iterdir())
    bases: list[fuzz_loader.Files] = [{path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in folders]

    def written(number: int) -> tuple[object, dict[str, bytes]]:
        done = fuzz_loader._case(random.Random(f"7/{number}"), bases, tmp_path)
        return done, {path.name: path.read_bytes() for path in (tmp_path / "case" / "model").iterdir() if not path.is_symlink()}

    assert [written(number) for number in range(60)] == [written(number) for number in range(60)]


@pytest.mark.parametrize(("error", "words"), [
    (ValueError("non"), "ValueError: non"),
    (ModelError("Copy it again."), "names no file nor folder"),
    (ModelError("PLACE is damaged."), "does not say what to do"),
    (ModelError("PLACE is damaged.\x1b[31m Copy it again."), "no readable message"),
    (ModelError("PLACE is damaged. Copy it again." + "!" * 700), "no readable message"),
])  # fmt: skip
def test_a_refusal_of_another_form_breaks_a_rule(
    tmp_path: Path, observer: Observer, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refusing(*_: Any, **__: Any) -> None:
        raise type(error)(str(error).replace("PLACE", str(tmp_path)))

    monkeypatch.setattr(fuzz_loader, "load_classifier", refusing)
    with pytest.raises(Violation, match=words):
        trial(tmp_path, observer)


@pytest.mark.parametrize(("changes", "words"), [
    ({"p_theme": {"other": math.nan}}, "p_theme holds no probabilities"),
    ({"p_theme": {"other": 0.4}}, "p_theme does not sum to 1"),
    ({"p_sentiment": {"positive": 0.4}}, "p_sentiment does not sum to 1"),
    ({"p_adverse_event": 1.2}, "p_adverse_event is no probability"),
    ({"themes": ("inconnu",)}, "a theme of no taxonomy"),
    ({"sub_themes": ("inconnu",)}, "a label of no list"),
    ({"own": ("\ud800",)}, "cannot be written as UTF-8"),
])  # fmt: skip
def test_wrong_labels_break_a_rule(tiny: Path, observer: Observer, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str) -> None:
    classifier = load_classifier(tiny, observer=observer, threads=1)
    assert trial(tiny, observer) == "labels"

    class Lying:
        model = classifier.model

        def __call__(self, text: str) -> Labels:
            return dataclasses.replace(classifier(text), **changes)

    monkeypatch.setattr(fuzz_loader, "load_classifier", lambda *_, **__: Lying())
    with pytest.raises(Violation, match=words):
        trial(tiny, observer)


@pytest.mark.parametrize(("act", "words"), [
    ("(place / 'outside').read_bytes()", "opened"),
    ("(place / 'model' / 'heads.pkl').read_bytes()", "opened"),
    ("(place / 'model' / 'link').read_bytes()", "opened"),
    ("(place / 'model' / 'seen.txt').write_bytes(b'')", "opened"),
    ("os.mkdir(place / 'made')", "os.mkdir"),
    ("os.system('true')", "os.system"),
    ("pickle.loads(pickle.dumps(Path('x')))", "pickle.find_class"),
    ("(place / 'model' / 'seen.txt').read_bytes()", None),
    ("Path(json.__file__).read_bytes()", None),
])  # fmt: skip
def test_what_is_opened_or_started_beside_the_model_is_seen(tmp_path: Path, act: str, words: str | None) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in (tmp_path / "outside", folder / "heads.pkl", folder / "seen.txt"):
        path.write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "outside")
    code = (
        "import json, os, pickle, sys\nfrom pathlib import Path\nfrom tests.models.fuzz_loader import _Watch\n"
        f"place = Path({str(tmp_path)!r})\nwatch = _Watch()\nsys.addaudithook(watch)\nwith watch.over(place / 'model'):\n    {act}\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (f"Violation: it {words}" in run.stderr) if words else (run.returncode == 0), run.stderr


def test_a_child_that_fails_is_told_with_the_command_that_runs_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(place: Path) -> None:
        make_tiny_model(place / "broken")
        (place / "broken" / "seen.txt").unlink()

    monkeypatch.setattr(fuzz_loader, "_bases", broken)
    report = fuzz(seconds=120, seed=3, only=5)
    assert report.violation is not None
    assert "nothing was done to is refused" in report.violation
    assert "--seed 3 --only 5" in report.violation


# --- finds: the graph --------------------------------------------------------------------------------------------------


def reads_elsewhere(model: ModelProto) -> None:
    weight = model.graph.initializer[0]
    Path("outside.bin").write_bytes(weight.raw_data)  # onnxruntime would look in the working directory
    size = len(weight.raw_data)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "outside.bin", "offset": "0", "length": str(size)}.items():
        weight.external_data.add(key=key, value=value)


def loops(model: ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["ids"], ["end"], body=body))


def holds_a_graph(model: ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("body", helper.make_graph([], "body", [], [])))


def holds_a_function(model: ModelProto) -> None:
    node = helper.make_node("Identity", ["a"], ["b"])
    model.functions.append(helper.make_function("com.microsoft", "f", ["a"], ["b"], [node], [helper.make_opsetid("", 21)]))


def multiplies_weights(model: ModelProto) -> None:
    for name, shape in (("tall", (30_000, 1)), ("flat", (1, 30_000))):
        model.graph.initializer.append(numpy_helper.from_array(np.ones(shape, dtype=np.float32), name))
    model.graph.node.append(helper.make_node("MatMul", ["tall", "flat"], ["large"]))


def states_a_larger_weight(model: ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 2**40


def is_not_finite(model: ModelProto) -> None:
    weight = next(w for w in model.graph.initializer if w.data_type == TensorProto.DOUBLE)
    weight.raw_data = np.full(len(weight.raw_data) // 8, np.nan).tobytes()


def gives_other_states(model: ModelProto) -> None:
    for output in model.graph.output:
        output.name += "\x1b[31m"


@pytest.mark.parametrize(("change", "words"), [
    (reads_elsewhere, "not a readable encoder (the field 13 of onnx.proto is not one of ours)"),
    (loops, "not a readable encoder (the operator 'Loop' is not one of ours)"),
    (holds_a_graph, "not a readable encoder (the field 6 of onnx.proto is not one of ours)"),
    (holds_a_function, "not a readable encoder (the field 25 of onnx.proto is not one of ours)"),
    (multiplies_weights, "not a readable encoder (an operator 'MatMul' that does not read the text)"),
    (states_a_larger_weight, "not a readable encoder (a weight of type"),
    (is_not_finite, "its encoder cannot read a text (its vectors are no finite numbers)"),
    (gives_other_states, "not a readable encoder"),
])  # fmt: skip
def test_a_graph_that_does_anything_else_than_ours_is_refused(
    tiny: Path, observer: Observer, monkeypatch: pytest.MonkeyPatch, change: Callable[[ModelProto], None], words: str
) -> None:
    monkeypatch.chdir(tiny.parent)
    model = ModelProto.FromString((tiny / "encoder.onnx").read_bytes())
    change(model)
    (tiny / "encoder.onnx").write_bytes(model.SerializeToString())
    restate(tiny)
    assert trial(tiny, observer) == "refused by its content"
    with pytest.raises(ModelError) as refused:
        load_classifier(tiny, observer=observer)(TEXT)
    assert words in str(refused.value)


@pytest.mark.parametrize("form", ["fp32", "rows8", "bits4", "bits8"])
def test_every_form_of_graph_that_we_write_is_read(tmp_path: Path, observer: Observer, form: str) -> None:
    assert trial(make_tiny_model(tmp_path / form, form=form), observer) == "labels"


# --- finds: the tokenizer ----------------------------------------------------------------------------------------------

REPLACES = {"type": "Replace", "pattern": {"String": "e"}, "content": "e" * 1000}
BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}


def with_parts(folder: Path, **parts: Any) -> None:
    stated = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(stated | parts), "utf-8")
    restate(folder)


@pytest.mark.parametrize(("parts", "words"), [
    ({"normalizer": {"type": "Sequence", "normalizers": [REPLACES] * 9}}, "more than it takes out"),
    ({"normalizer": {"type": "Prepend", "prepend": "x" * 10**6}}, "more than it takes out"),
    ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}] * 40}}, "'normalizer' has 40 steps, where 12 are accepted"),
    ({"normalizer": {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}}, "the pattern '(a+)+$' may be slow"),
    ({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": ".*.*.*!"}, "behavior": "Removed", "invert": False}}, "'.*.*.*!' may be slow"),
    # A table that says it is of 4 GiB: the library asks for twice that, and ends the process when it does not get it.
    ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "/////w=="}}, "its table of characters is cut off"),
    ({"post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 13}}, "more than 12 pieces"),
])  # fmt: skip
def test_a_tokenizer_that_could_end_or_hold_up_the_process_is_refused(tiny: Path, observer: Observer, parts: dict[str, Any], words: str) -> None:
    with_parts(tiny, **parts)
    assert trial(tiny, observer) == "refused by its content"
    with pytest.raises(ModelError, match="tokenizer.json: not a readable tokenizer") as refused:
        load_classifier(tiny, observer=observer)
    assert words in str(refused.value)


def test_a_key_that_stands_twice_does_not_hide_the_first(tiny: Path, observer: Observer) -> None:
    content = (tiny / "tokenizer.json").read_text("utf-8")
    hidden = json.dumps({"type": "Precompiled", "precompiled_charsmap": "/////w=="})
    (tiny / "tokenizer.json").write_text(content.replace('"normalizer"', f'"normalizer": {hidden}, "normalizer"', 1), "utf-8")
    restate(tiny)
    with pytest.raises(ModelError, match="a key stands twice"):
        load_classifier(tiny, observer=observer)


@pytest.mark.parametrize("parts", [
    {"normalizer": None, "pre_tokenizer": BYTES, "post_processor": BYTES},  # RoBERTa
    {"normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": False},
     "pre_tokenizer": {"type": "BertPreTokenizer"}},  # BERT
    {"normalizer": {"type": "Replace", "pattern": {"Regex": r"\s{2,}|[\n\r\t]"}, "content": " "},
     "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
         {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}]}},  # CamemBERT
])  # fmt: skip
def test_the_steps_of_the_encoders_that_we_train_from_are_accepted(tiny: Path, observer: Observer, parts: dict[str, Any]) -> None:
    with_parts(tiny, **parts)
    assert trial(tiny, observer) == "labels"


def test_pieces_that_the_graph_does_not_know_are_told_with_the_folder(tiny: Path, observer: Observer) -> None:
    with_parts(tiny, model={"type": "WordLevel", "unk_token": "x", "vocab": {"x": 10**6}}, added_tokens=[], post_processor=None)
    with pytest.raises(ModelError, match=r"tiny: its encoder cannot read a text \(.*\)\. Copy the model again, or train it again\."):
        load_classifier(tiny, observer=observer)(TEXT)


def test_a_text_without_pieces_has_the_vector_0(tmp_path: Path) -> None:
    encoder = Encoder(make_tiny_model(tmp_path / "words", wordlevel=True), prefix="")
    vectors = encoder.encode(["", "le vaccin"])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(math.sqrt(2))
