import json
from pathlib import Path

import pytest

from nlp.labs import LabFinder, LabMention, default_lab_finder
from seeds.labs import read_labs
from tests.nlp.marked import Marks, parse_marked, read_cases

SENTENCES = read_cases("labs.txt")


def accepted(text: str) -> Marks:
    return tuple((m.start, m.end, m.lab) for m in default_lab_finder().find(text) if m.accepted)


def rejected(text: str) -> list[LabMention]:
    return [mention for mention in default_lab_finder().find(text) if not mention.accepted]


@pytest.mark.parametrize("marked", SENTENCES)
def test_labs_follow_the_marks(marked: str) -> None:
    text, marks = parse_marked(marked)
    assert accepted(text) == marks


def test_there_are_enough_sentences_of_each_sort() -> None:
    plain = [sentence for sentence in SENTENCES if "<lab" not in sentence]
    assert len(SENTENCES) >= 60
    assert len(plain) >= 20
    assert len(set(SENTENCES)) == len(SENTENCES)


def test_every_shipped_lab_is_found_by_its_own_name_beside_a_pharma_word() -> None:
    missed = []
    for lab in read_labs():
        found = {mention.lab for mention in default_lab_finder().find(f"Ce médicament du laboratoire {lab.name} manque.")}
        missed += [lab.id] if lab.id not in found else []
    assert missed == []


def test_every_declared_handle_names_its_lab() -> None:
    wrong = [(lab.id, handle) for lab in read_labs() for handle in lab.handles if [m[2] for m in accepted(f"Merci @{handle} !")] != [lab.id]]
    assert wrong == []


def test_a_rejected_candidate_keeps_its_span_and_says_why() -> None:
    (mention,) = rejected("J'habite rue Roche.")
    assert (mention.lab, mention.surface, mention.start, mention.end) == ("roche", "Roche", 13, 18)
    assert "street" in mention.reason


def test_a_lower_case_homonym_is_refused_with_its_meaning() -> None:
    (mention,) = rejected("il adore arrow")
    assert mention.reason.endswith("written in lower case")


@pytest.mark.parametrize(("alone", "beside"), [
    ("Teva arrive demain.", "Teva arrête ce générique."),
    ("Vertex, quel joli mot.", "Vertex présente son traitement."),
    ("Cooper revient mardi.", "Cooper fournit les pharmacies."),
])
def test_an_ambiguous_name_waits_for_a_pharma_word(alone: str, beside: str) -> None:
    assert accepted(alone) == ()
    assert len(accepted(beside)) == 1


def test_a_medicine_beside_it_makes_an_ambiguous_name_a_lab() -> None:
    assert accepted("Doliprane ou Teva, je prends ce qu'il y a.") == ((13, 17, "teva"),)


def test_two_ambiguous_names_speak_for_each_other() -> None:
    assert [lab for *_, lab in accepted("Teva contre Vertex : le match.")] == ["teva", "vertex"]


def test_a_longer_name_wins_over_the_one_inside() -> None:
    assert accepted("Sanofi Pasteur recrute") == ((0, 14, "sanofi"),)


@pytest.mark.parametrize("text", ["voir https://www.pfizer.com/fr", "@pfizer_fan bonjour", "contact@pfizer.com", "www.bayer.fr/emploi"])
def test_a_name_inside_a_link_or_another_handle_is_no_lab(text: str) -> None:
    assert accepted(text) == ()


@pytest.mark.parametrize("text", ["", " ", "#", "@", "& &", "‏‏", "😀😀", "…"])
def test_a_text_without_words_names_nobody(text: str) -> None:
    assert default_lab_finder().find(text) == ()


@pytest.mark.parametrize("text", ["Ave\u0300ne me va bien", "Sano\u00adfi recrute", "ＳＡＮＯＦＩ recrute"])
def test_other_ways_to_write_the_same_letters_change_nothing(text: str) -> None:
    assert len(accepted(text)) == 1


def test_spans_are_places_of_the_original_text() -> None:
    text = "💉 L’équipe d’Ipsen, #StopSanofi &amp; @SanofiFR…"
    assert [text[start:end] for start, end, _ in accepted(text)] == ["Ipsen", "#StopSanofi", "@SanofiFR"]


def test_ten_thousand_mentions_are_found_in_order() -> None:
    mentions = accepted("Pfizer recrute. " * 10_000)
    assert len(mentions) == 10_000
    assert list(mentions) == sorted(mentions)


def test_a_finder_knows_the_labs_of_its_registry_alone(tmp_path: Path) -> None:
    line = {"id": "zuzule", "name": "Zuzule", "country": "FR", "accounts": [], "homonyms": [], "shared_names": []}
    lists = ("former_names", "aliases", "misspellings", "handles", "hashtags", "subsidiaries", "foundations")
    path = tmp_path / "labs.jsonl"
    path.write_text(json.dumps({**line, **{key: [] for key in lists}}), encoding="utf-8")
    found = LabFinder(read_labs([path])).find("Zuzule rachète Pfizer")
    assert [mention.lab for mention in found] == ["zuzule"]


@pytest.mark.parametrize("marked", ["<lab id=sanofi>Sanofi</drug> recrute", "<lab=sanofi>Sanofi</lab>", "Sanofi</lab>", "<lab id=sanofi>Sanofi"])
def test_a_mark_badly_written_is_refused(marked: str) -> None:
    with pytest.raises(ValueError, match="mark"):
        parse_marked(marked)
