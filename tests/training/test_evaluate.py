import csv
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from models.classifier import Classifier
from models.store import seen_key
from nlp.observe import Observer
from seeds.errors import PharmavoixError
from seeds.samples import Sample
from tests.training.pages import Page
from training.evaluate import Evaluation, evaluate_model, main

TEXTS = (
    ("Rupture de stock d'{} dans toutes les pharmacies du quartier", "industry", "negative", False),
    ("Le labo ferme son usine, {} salariés sur le carreau", "industry", "negative", False),
    ("Don du sang samedi, {} places encore libres, venez nombreux", "causes", "neutral", False),
    ("Essai de phase 3 réussi : {} patients suivis pendant deux ans", "innovation", "positive", False),
    ("Depuis la {}e dose j'ai des vertiges et de la fièvre", "pathologies", "neutral", True),
)


def made(count: int = 40, **known: Any) -> list[Sample]:
    samples = []
    for i in range(count):
        text, theme, sentiment, event = TEXTS[i % len(TEXTS)]
        samples.append(Sample(f"s{i}", text.format(i + 2), primary_theme=theme, themes=(theme,), sentiment=sentiment, adverse_event=event,
                              labs=(), at=f"essai.csv, line {i + 2}", **known))  # fmt: skip
    # One wrong on purpose, that the model is sure of.
    samples[0] = dataclasses.replace(samples[0], primary_theme="causes", themes=("causes",))
    return samples


def with_model(classifier: Classifier, *, seen: Sequence[str] = (), **card: Any) -> Classifier:
    """The same classifier as if it had learned from ``seen``, with other entries in its card."""
    other = Classifier.__new__(Classifier)
    other.__dict__.update(classifier.__dict__)
    keys = frozenset(seen_key(Observer().observe(text).cleaned.text.casefold()) for text in seen)
    other.model = dataclasses.replace(classifier.model, card={**classifier.model.card, **card}, seen=classifier.model.seen | keys)
    return other


@pytest.fixture(scope="module")
def done(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    out = tmp_path_factory.mktemp("report")
    old = with_model(classifier, id="ancien")
    new = with_model(classifier, label_counts={"sentiment": {"negative": 10, "neutral": 5}})
    return out, evaluate_model(new, made(), out=out, against=old, gates=["primary_theme.accuracy=1", "themes.micro_f1=0"])


def test_three_whole_files_are_written(done: tuple[Path, Evaluation]) -> None:
    out, found = done
    assert sorted(p.name for p in out.iterdir()) == ["errors.csv", "metrics.json", "report.html"]
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8")) == json.loads(json.dumps(found.metrics))
    assert Page((out / "report.html").read_text(encoding="utf-8")).misplaced == []


def test_metrics_hold_what_the_design_promises(done: tuple[Path, Evaluation]) -> None:
    figures = done[1].metrics
    assert (figures["n"], figures["learned_from"]) == (40, 0)
    assert {"model", "primary_theme", "themes", "sentiment", "labs", "adverse_event", "calibration", "baselines", "slices"} <= set(figures)
    assert "sentiment_by_lab" not in figures and "own" not in figures
    theme = figures["primary_theme"]
    assert theme["labels_averaged"] == ["industry"]
    assert theme["per_label"]["causes"] == {"count": 9, "note": "too few"}
    assert theme["macro_f1_ci"][0] <= theme["macro_f1"] <= theme["macro_f1_ci"][1]
    assert sum(map(sum, theme["confusion"]["rows"])) == 40
    assert sum(b["count"] for b in figures["calibration"]["primary_theme_bins"]) == 40
    assert set(figures["baselines"]) == {"majority", "keywords"}
    assert figures["baselines"]["majority"]["sentiment"]["commonest_of"] == "training"
    assert set(figures["slices"]) == {"voice", "lab", "platform", "irony", "length", "period"}
    assert figures["label_shares"]["sentiment"]["labels"]["positive"]["training"] == 0


def test_the_gates_that_are_not_met_are_told(done: tuple[Path, Evaluation]) -> None:
    (told,) = done[1].gates_not_met
    assert told.startswith("primary_theme.accuracy is 0.") and told.endswith(", below 1.0")


def test_the_same_model_twice_differs_in_nothing(done: tuple[Path, Evaluation]) -> None:
    figures = done[1].metrics
    assert figures["against"]["model"] == "ancien"
    assert figures["against"]["losses"] == []
    assert {d["difference"] for d in figures["against"]["differences"].values()} == {0.0}
    assert done[1].sentence == figures["against"]["sentence"]


def test_errors_are_listed_with_the_words_that_decided(done: tuple[Path, Evaluation]) -> None:
    with (done[0] / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["id"], row["field"]): row for row in csv.DictReader(file)}
    wrong = rows["s0", "primary_theme"]
    assert (wrong["gold"], wrong["predicted"], wrong["at"]) == ("causes", "industry", "essai.csv, line 2")
    words = wrong["words"].split("|")
    assert words and all(word in wrong["text"] for word in words)
    assert all(row["gold"] != row["predicted"] for row in rows.values())


def test_texts_that_either_model_learned_from_are_left_out_and_counted(classifier: Classifier, tmp_path: Path) -> None:
    samples = made()
    new = with_model(classifier, seen=[samples[1].text])
    old = with_model(classifier, seen=["RT @x: " + samples[2].text.lower(), samples[3].text])
    figures = evaluate_model(new, samples, out=tmp_path / "a", against=old, lang="en").metrics
    assert (figures["n"], figures["learned_from"]) == (37, 3)
    assert "3 texts that the model learned from are left out." in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")


def test_when_nothing_is_left_it_says_so_and_writes_nothing(classifier: Classifier, tmp_path: Path) -> None:
    samples = made(5)
    with pytest.raises(PharmavoixError, match=r"none of the 5 texts can be used: .* learned from all of them"):
        evaluate_model(with_model(classifier, seen=[s.text for s in samples]), samples, out=tmp_path / "a")
    with pytest.raises(PharmavoixError, match="no sample to evaluate on"):
        evaluate_model(classifier, [], out=tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("gate", "message"), [("sentiment.f2=0.5", "no such figure"), ("sentiment", "expected PART.FIGURE=MINIMUM")])
def test_a_gate_on_no_figure_writes_nothing(classifier: Classifier, tmp_path: Path, gate: str, message: str) -> None:
    with pytest.raises(PharmavoixError, match=message):
        evaluate_model(classifier, made(5), out=tmp_path / "a", gates=[gate])
    assert list(tmp_path.iterdir()) == []


def test_a_test_set_without_labels_that_the_model_gives_is_refused(classifier: Classifier, tmp_path: Path) -> None:
    with pytest.raises(PharmavoixError, match="hold no label that .* gives"):
        evaluate_model(classifier, [Sample("1", "texte", own=("devis",))], out=tmp_path / "a")


def test_a_file_in_the_place_of_the_folder_is_refused(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(PharmavoixError, match="a file, where a folder is expected"):
        evaluate_model(classifier, made(5), out=tmp_path / "a")


def test_a_report_that_cannot_be_finished_leaves_the_old_one_whole(classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate_model(classifier, made(5), out=tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    written = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "report.html" in path.name:
            raise OSError(28, "No space left on device")
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PharmavoixError, match="No space left"):
        evaluate_model(classifier, made(10), out=tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_the_training_samples_tell_label_counts_where_the_card_does_not(classifier: Classifier, tmp_path: Path) -> None:
    card = {name: value for name, value in classifier.model.card.items() if name != "label_counts"}
    unstated = Classifier(dataclasses.replace(classifier.model, card=card))
    figures = evaluate_model(unstated, made(10), out=tmp_path, train=made(20)).metrics
    assert figures["label_shares"]["adverse_event"]["labels"]["true"] == {"test": 0.2, "training": 0.2}


@pytest.mark.slow
def test_the_line_of_commands_still_prints_one_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = tmp_path / "essai.jsonl"
    test.write_text("".join(json.dumps({"id": s.id, "text": s.text, "sentiment": s.sentiment}) + "\n" for s in made(10)), encoding="utf-8")
    assert main(["default", str(test), "--without-baselines", "--without-real", "-o", str(tmp_path / "figures.json")]) == 0
    assert "sentiment: macro-F1" in capsys.readouterr().out
    assert json.loads((tmp_path / "figures.json").read_text())["essai.jsonl"]["n"] == 10
