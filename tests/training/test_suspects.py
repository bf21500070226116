"""Suspicious labels, ranked and written for a person to go through."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seeds.samples import POLARITIES, Sample
from seeds.taxonomy import read_taxonomy
from training.samples import read_sample_files
from training.suspects import rank_suspects, write_suspects

pytest.importorskip("cleanlab")

LABELS = {"sentiment": POLARITIES, "adverse_event": ("true",), "own": ("prix", "accès")}


def sure(answers: list[str], labels: tuple[str, ...], p: float = 0.9) -> np.ndarray:
    """Return probabilities that give ``p`` to each answer."""
    said = np.full((len(answers), len(labels)), (1 - p) / (len(labels) - 1))
    said[np.arange(len(answers)), [labels.index(answer) for answer in answers]] = p
    return said


def thirty(**wrong: str) -> tuple[list[Sample], np.ndarray]:
    """Return thirty samples that the model reads right, but for those (by number) whose label is wrong."""
    answers = [POLARITIES[n % 3] for n in range(30)]
    given = [wrong.get(f"n{n}", answer) for n, answer in enumerate(answers)]
    samples = [Sample(id=f"s{n}", text=f"=Texte {n}", sentiment=said, at=f"s.csv, line {n + 2}") for n, said in enumerate(given)]
    return samples, sure(answers, POLARITIES)


def test_a_label_that_the_model_contradicts_is_found_and_flagged() -> None:
    samples, said = thirty(n4="negative")
    (suspect,) = rank_suspects(samples, {"sentiment": said}, LABELS)
    assert (suspect.sample.id, suspect.field, suspect.given, suspect.model_says, suspect.flagged) == ("s4", "sentiment", "negative", "neutral", True)
    assert (suspect.p_given, suspect.p_model) == (pytest.approx(0.05), pytest.approx(0.9))


def test_the_worst_come_first() -> None:
    samples, said = thirty(n4="negative", n9="positive")
    said[9] = [0.5, 0.1, 0.4]
    found = rank_suspects(samples, {"sentiment": said}, LABELS)
    assert [suspect.sample.id for suspect in found] == ["s4", "s9"]
    assert found[0].quality < found[1].quality


def test_samples_without_the_label_are_left_out() -> None:
    samples, said = thirty(n4="negative")
    samples[4] = replace(samples[4], sentiment=None)
    assert rank_suspects(samples, {"sentiment": said}, LABELS) == []


def test_a_field_with_one_class_is_left_out() -> None:
    samples = [Sample(id="1", text="Un", sentiment="negative")] * 5
    assert rank_suspects(samples, {"sentiment": sure(["positive"] * 5, POLARITIES)}, LABELS) == []
    assert rank_suspects([], {"sentiment": np.zeros((0, 3))}, LABELS) == []


def test_a_polarity_that_nobody_gave_is_no_suspicion() -> None:
    samples, said = thirty()
    kept = [n for n in range(30) if n % 3]
    said[:, 0] += 2  # the model finds everything negative
    assert rank_suspects([samples[n] for n in kept], {"sentiment": said[kept] / 3}, LABELS) == []


def test_a_lone_column_of_adverse_events_is_the_yes() -> None:
    samples = [Sample(id=f"s{n}", text="Un", adverse_event=n % 2 == 0) for n in range(20)]
    said = np.array([[0.95 if n % 2 == 0 else 0.05] for n in range(20)])
    said[3] = 0.97
    (suspect,) = rank_suspects(samples, {"adverse_event": said}, LABELS)
    assert (suspect.sample.id, suspect.given, suspect.model_says) == ("s3", "false", "true")


def test_of_several_own_labels_none_is_judged() -> None:
    samples = [Sample(id=f"s{n}", text="Un", own=(("prix", "accès")[n % 2],)) for n in range(20)]
    samples[2], samples[4] = replace(samples[2], own=("prix", "accès")), replace(samples[4], own=("accès",))
    said = sure([("prix", "accès")[n % 2] for n in range(20)], LABELS["own"])
    said[2] = [0.01, 0.99]
    assert [suspect.sample.id for suspect in rank_suspects(samples, {"own": said}, LABELS)] == ["s4"]


def test_the_file_of_suspects_comes_back_as_samples_once_a_person_has_signed(tmp_path: Path) -> None:
    samples, said = thirty(n4="negative", n9="positive")
    samples[4] = replace(samples[4], themes=("causes", "industry"), primary_theme="causes", adverse_event=False, group="g")
    path = tmp_path / "suspects.csv"
    write_suspects(path, rank_suspects(samples, {"sentiment": said}, LABELS))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", "2"]
    row = next(row for row in rows if row["id"] == "s4")
    assert (row["text"], row["at"], row["annotator"], row["suspect_field"]) == ("'=Texte 4", "s.csv, line 6", "", "sentiment")
    row |= {"annotator": "anne", "sentiment": "neutral"}
    with path.open("w", encoding="cp1252", newline="") as file:  # as a French Excel saves it
        writer = csv.DictWriter(file, [*rows[0]], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    found = read_sample_files([path], taxonomy=read_taxonomy())
    (back,) = found.samples
    expected = replace(samples[4], sentiment="neutral", annotator="anne", at=back.at)
    assert back == expected
    assert found.skipped == {"row without annotator": 1}
