import json
from pathlib import Path

import pytest

from models.classifier import load_classifier
from seeds.taxonomy import read_taxonomy
from training.make_model import main
from training.sources import REAL_TRAIN, TEST_LOTS, read_sources


@pytest.mark.slow
def test_a_small_model_is_made_from_the_seeds_alone_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="torch is not installed: making a model with its encoder is not tested")
    pytest.importorskip("transformers", reason="transformers is not installed: making a model with its encoder is not tested")
    asked = ["-o", str(tmp_path / "small"), "--limit", "240", "--without-real", "--method", "fine-tune", "--epochs", "1", "--seeds", "1", "2"]
    assert main(asked) == 0
    assert "left out: the real texts" in capsys.readouterr().out
    labels = load_classifier(tmp_path / "small")("Collecte de sang vendredi au gymnase")
    assert labels.primary_theme in read_taxonomy().theme_ids
    card = json.loads((tmp_path / "small" / "model.json").read_text())
    assert card["made_of"]["left out"].startswith("the real texts")
    assert card["encoder"]["fine-tuned"] is True
    assert (card["config"]["seeds"], len(card["config"]["history"])) == ([1, 2], 2)
    assert card["files"]["encoder.onnx"] != load_classifier().model.card["files"]["encoder.onnx"]
    assert [p for p in tmp_path.iterdir() if p.name != "small"] == []


@pytest.mark.slow
def test_heads_alone_are_learned_on_the_base_encoder(tmp_path: Path) -> None:
    assert main(["-o", str(tmp_path / "small"), "--limit", "240", "--without-real", "--method", "heads"]) == 0
    card = json.loads((tmp_path / "small" / "model.json").read_text())
    assert card["method"] == "heads"
    assert "fine-tuned" not in card["encoder"]
    assert card["held_out"]["primary_theme, invented"]["n"] > 200


def test_no_text_of_the_frozen_test_part_is_learned_from() -> None:
    sources = read_sources(taxonomy=read_taxonomy(), real=None)
    lots = set(TEST_LOTS.read_text(encoding="utf-8").split())
    assert {s.group for s in sources.test} == lots
    assert not lots & {s.group for s in sources.invented}
    assert 0.12 < len(sources.test) / (len(sources.test) + len(sources.invented)) < 0.18


def test_the_shipped_model_states_what_it_was_made_of() -> None:
    card = load_classifier().model.card
    sources = read_sources(taxonomy=read_taxonomy(), real=REAL_TRAIN)
    assert card["made_of"]["invented samples (seeds/)"] == len(sources.invented)
    assert card["made_of"]["kept for testing"] == len(sources.test)
