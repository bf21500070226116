"""`pharmavoix train`, from the words typed to the model, and what the model then says."""

import csv
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.classifier import Classifier, load_classifier
from models.store import DEFAULT_MODEL, load_model
from nlp.observe import Observer
from pharmavoix.cli import main
from seeds.samples import read_samples
from seeds.taxonomy import DEFAULT_TAXONOMY, read_taxonomy
from tests.training.labelled import records, write_jsonl
from training.compare import compare
from training.sources import REAL_TRAIN
from training.train import HEADLINES
from training.vectors import RememberedEncoder

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors shared by the tests of this file: the seed test part is encoded once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHARMAVOIX_CACHE_DIR", str(cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def program(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["pharmavoix", *words])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        return status, capsys.readouterr().err

    return program


def card_of(folder: str) -> dict[str, Any]:
    return dict(json.loads((Path(folder) / "model.json").read_text(encoding="utf-8")))


def table_of(run: Run, model: str, *texts: str) -> list[dict[str, str]]:
    with open("posts.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "texte"], *([i, text] for i, text in enumerate(texts))])
    status, said = run("classify", "posts.csv", "-o", "labels.csv", "--model", model)
    assert status == 0, said
    with open("labels.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_new_model_says_what_it_is_made_of_and_how_it_stands_against_its_parent(run: Run) -> None:
    write_jsonl(Path("new.jsonl"), records(60))
    status, said = run("train", "new.jsonl", "-o", "model", "--without-seeds")
    card = card_of("model")
    parent = load_model(DEFAULT_MODEL)
    assert card["made_of"]["samples"] == 60
    assert card["made_of"]["files"] == ["new.jsonl"]
    assert card["parent"] == parent.id
    assert {"samples", "seeds"} <= card["against_parent"].keys()
    assert card["against_parent"]["seeds"]["primary_theme.macro_f1"]["n"] == card["made_of"]["kept for testing"]
    assert "On samples that neither model learned from" in said and "On the frozen test part of the seeds" in said
    assert (status == 1) is ("WORSE" in said)
    assert parent.seen < load_model(Path("model")).seen
    assert load_classifier(Path("model"))("Collecte de sang vendredi au gymnase").primary_theme == "causes"
    assert not [p.name for p in Path().iterdir() if p.name.startswith(".")]


def test_a_second_run_encodes_nothing_and_gives_the_same_heads(run: Run, cache: Path) -> None:
    write_jsonl(Path("new.jsonl"), records(40, seed=3))
    run("train", "new.jsonl", "-o", "first", "--without-seeds")
    with sqlite3.connect(cache / "vectors.sqlite") as file:
        before = file.execute("SELECT count(*) FROM vectors").fetchone()
    run("train", "new.jsonl", "-o", "second", "--without-seeds")
    with sqlite3.connect(cache / "vectors.sqlite") as file:
        assert file.execute("SELECT count(*) FROM vectors").fetchone() == before
    assert (Path("first") / "heads.safetensors").read_bytes() == (Path("second") / "heads.safetensors").read_bytes()
    assert card_of("first")["id"] == card_of("second")["id"]


def test_a_model_that_learned_wrong_labels_is_called_worse_with_exit_status_1(run: Run) -> None:
    wrong = {"negative": "positive", "neutral": "negative", "positive": "negative"}
    write_jsonl(Path("new.jsonl"), [row | {"sentiment": wrong[row["sentiment"]]} for row in records(400, seed=1)])
    status, said = run("train", "new.jsonl", "-o", "model", "--without-seeds")
    assert status == 1
    assert "WORSE than its parent beyond noise, sentiment.macro_f1 on the seeds" in said
    assert (Path("model") / "model.json").is_file()


def test_samples_with_a_fault_are_listed_and_left_out_with_exit_status_1(run: Run) -> None:
    rows = records(30)
    rows[4]["sentiment"] = "mitigé"
    write_jsonl(Path("new.jsonl"), rows)
    status, said = run("train", "new.jsonl", "-o", "model", "--without-seeds")
    assert status == 1
    assert "new.jsonl, line 5" in said and "mitigé" in said
    assert card_of("model")["made_of"]["samples"] == 29
    assert "mitigé" in Path("model.problems.csv").read_text(encoding="utf-8-sig")


def test_check_lists_and_writes_nothing(run: Run) -> None:
    rows = records(10)
    rows[2]["primary_theme"] = "politique"
    write_jsonl(Path("new.jsonl"), rows)
    status, said = run("train", "new.jsonl", "--check")
    assert status == 1 and "new.jsonl, line 3" in said
    assert [p.name for p in Path().iterdir()] == ["new.jsonl"]
    assert run("train", str(write_jsonl(Path("good.jsonl"), records(10))), "--check")[0] == 0


def test_labels_that_were_not_given_leave_the_parents_heads_untouched(run: Run) -> None:
    write_jsonl(Path("new.jsonl"), [{k: row[k] for k in ("text", "sentiment")} for row in records(60)])
    run("train", "new.jsonl", "-o", "model", "--without-seeds")
    parent, child = load_model(DEFAULT_MODEL), load_model(Path("model"))
    assert child.heads.keys() == parent.heads.keys()
    assert (child.heads["primary_theme"].vector_weights == parent.heads["primary_theme"].vector_weights).all()
    assert (child.heads["sentiment"].vector_weights != parent.heads["sentiment"].vector_weights).any()
    assert card_of("model")["kept_heads"] == ["adverse_event", "primary_theme", "sub_themes", "themes"]


def test_a_label_set_of_ones_own_gets_its_own_columns_and_leaves_the_others_empty(run: Run) -> None:
    urgent = ("Répondez vite svp, c'est urgent, mon traitement s'arrête demain", "Bonne journée à tous, simple question sans hâte")
    rows = [{"text": f"{urgent[i % 2]} ({i}e message)", "ton service": ("pressé", "calme")[i % 2]} for i in range(40)]
    write_jsonl(Path("new.jsonl"), rows)
    status, said = run("train", "new.jsonl", "-o", "model", "--label", "ton service")
    assert status == 0, said
    assert "held out: macro-F1 1.000" in said
    found = table_of(run, "model", "Vite, répondez, c'est urgent, mon traitement s'arrête", "Simple question, bonne journée, sans hâte")
    assert [row["ton service"] for row in found] == ["pressé", "calme"]
    assert found[0]["ton service_scores"].startswith("calme=0.")
    for column in ("primary_theme", "themes", "sub_themes", "sentiment", "sentiment_by_lab", "adverse_event", "p_causes", "p_neutral"):
        assert {row[column] for row in found} == {""}
    status, said = run("evaluate", "model", "new.jsonl", "-o", "report")
    assert status == 2 and "learned from" in said  # every text is known to it


def test_one_of_our_label_sets_can_be_learned_alone(run: Run) -> None:
    write_jsonl(Path("new.jsonl"), records(90))
    status, said = run("train", "new.jsonl", "-o", "model", "--label", "sentiment", "--without-seeds")
    assert status == 0, said
    assert load_model(Path("model")).heads.keys() == {"sentiment"}
    (row,) = table_of(run, "model", "Merci à ce labo pour son accueil")
    assert row["sentiment"] in ("negative", "neutral", "positive")
    assert (row["primary_theme"], row["adverse_event"]) == ("", "")


def test_a_sub_theme_added_to_the_taxonomy_appears_in_the_model(run: Run) -> None:
    taxonomy = json.loads(DEFAULT_TAXONOMY.read_text(encoding="utf-8"))
    causes = next(theme for theme in taxonomy["themes"] if theme["id"] == "causes")
    causes["sub_themes"].append({"id": "dry_january", "label_fr": "Défi de janvier", "definition": "Un mois sans alcool."})
    Path("taxonomy.json").write_text(json.dumps(taxonomy), encoding="utf-8")
    dry = {"primary_theme": "causes", "themes": ["causes"], "sub_themes": ["dry_january"]}
    rows = [{"text": f"Défi de janvier, jour {i} sans une goutte d'alcool, on tient bon !", **dry} for i in range(12)]
    write_jsonl(Path("new.jsonl"), [*rows, *({k: r[k] for k in ("text", "primary_theme", "themes", "sub_themes")} for r in records(60))])
    status, said = run("train", "new.jsonl", "-o", "model", "--without-seeds", "--taxonomy", "taxonomy.json")
    assert status in (0, 1), said
    found = table_of(run, "model", "Le défi de janvier commence : un mois sans une goutte d'alcool", "Grève à l'usine")
    assert "dry_january" in found[0]["sub_themes"]
    assert "dry_january" not in found[1]["sub_themes"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new.jsonl",), "Name its folder with -o MODEL"),
        (("new.jsonl", "-o", str(DEFAULT_MODEL)), "the model to start from. Choose another place"),
        (("new.jsonl", "-o", "full"), "exists and is no model"),
        (("new.jsonl", "-o", "m", "--method", "magic"), "--method 'magic': choose heads or fine-tune"),
        (("nowhere.jsonl", "-o", "m"), "nowhere.jsonl"),
        (("new.jsonl", "-o", "m", "--label", "humeur"), "humeur"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_status_2(run: Run, words: tuple[str, ...], said: str) -> None:
    write_jsonl(Path("new.jsonl"), records(10))
    Path("full").mkdir()
    (Path("full") / "notes.txt").write_text("à garder")
    status, answer = run("train", *words)
    assert status == 2 and said in answer and "Traceback" not in answer
    assert (Path("full") / "notes.txt").read_text() == "à garder"
    assert not Path("m").exists()


def test_texts_of_the_frozen_test_part_are_never_learned_from(run: Run) -> None:
    rows = records(20)
    for row in rows[:3]:
        row["text"] = row["text"].rpartition(" (vu ce matin")[0]
    write_jsonl(Path("new.jsonl"), rows)
    _, said = run("train", "new.jsonl", "-o", "model", "--without-seeds")
    assert "3 samples were left out: in the frozen seed test part" in said
    assert card_of("model")["made_of"]["samples"] == 17


def test_evaluate_writes_a_report_with_the_difference_and_holds_the_gate(run: Run) -> None:
    write_jsonl(Path("new.jsonl"), records(60))
    run("train", "new.jsonl", "-o", "model", "--without-seeds")
    write_jsonl(Path("test.jsonl"), records(60, seed=7))
    words = ("evaluate", "model", "test.jsonl", "-o", "report", "--against", "shipped", "--lang", "en")
    status, said = run(*words, "--min", "primary_theme.accuracy=0.1")
    assert status == 0, said
    figures = json.loads(Path("report/metrics.json").read_text(encoding="utf-8"))
    assert figures["against"]["model"] == load_model(DEFAULT_MODEL).id
    assert {p.name for p in Path("report").iterdir()} == {"metrics.json", "report.html", "errors.csv"}
    status, said = run(*words, "--min", "primary_theme.accuracy=0.999")
    assert status == 1 and "Not met: primary_theme.accuracy" in said


def test_fifty_samples_make_the_model_forget_nothing(run: Run, cache: Path) -> None:
    """On the seeds' test part, and on real texts like those the shipped model learned from, where they are at hand."""
    write_jsonl(Path("new.jsonl"), records(50, seed=5))
    status, said = run("train", "new.jsonl", "-o", "model")
    assert status == 0, said
    card = card_of("model")
    assert card["made_of"]["invented samples (seeds/), read again"] > 6000
    if not REAL_TRAIN.is_file():
        pytest.skip("the real texts are not here: the seeds alone were measured")
    taxonomy = read_taxonomy()
    old = list(read_samples([REAL_TRAIN], taxonomy=taxonomy))[::4]
    observer = Observer()
    observed = observer.observe_all([s.text for s in old])
    parent, child = load_model(DEFAULT_MODEL), load_model(Path("model"))
    encoder = RememberedEncoder.of(parent, cache)
    new, before = (Classifier(m, observer=observer, encoder=encoder).label(observed) for m in (child, parent))
    found = compare(old, new, before, seed=1)
    assert not {*HEADLINES} & {*found.losses}
    assert found.differences["primary_theme.macro_f1"].difference > -0.02
