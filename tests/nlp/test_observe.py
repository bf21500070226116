from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.observe import STAND_INS, Observer, joined

OBSERVER = Observer()
LABS = ("Sanofi", "Pfizer", "Servier", "Novartis", "Ipsen", "Biogaran", "AstraZeneca", "Boehringer Ingelheim", "#Moderna", "@SanofiFR")


def read(text: str) -> str:
    return OBSERVER.observe(text).cleaned.text


@pytest.mark.parametrize("frame", [
    "{} ferme son usine.", "Merci {} !", "On dit que {} recrute, {} encore.", "Pourquoi {}, toujours {} ?", "💉 {} c'est fait",
])  # fmt: skip
def test_swapping_a_lab_for_another_gives_the_same_cleaned_text(frame: str) -> None:
    assert len({read(frame.replace("{}", lab)) for lab in LABS}) == 1


def test_swapping_two_labs_for_each_other_gives_the_same_cleaned_text() -> None:
    assert read("Servier attaque Ipsen, Servier perd.") == read("Ipsen attaque Servier, Ipsen perd.")


def test_stand_ins_follow_the_order_of_appearance() -> None:
    assert read("Ipsen, Servier, Ipsen, Biogaran") == "Pfizer, Moderna, Pfizer, Sanofi"


def test_a_lab_that_is_a_stand_in_itself_is_replaced_too() -> None:
    assert read("Bayer puis Pfizer") == "Pfizer puis Moderna"


def test_one_lab_under_two_names_has_one_stand_in() -> None:
    assert read("Sanofi, ex-Sanofi-Aventis, ou @SanofiFR") == "Pfizer, ex-Pfizer, ou Pfizer"


def test_stand_ins_begin_again_when_there_are_more_labs() -> None:
    text = read("Ipsen, Servier, Biogaran, UPSA, Guerbet, AbbVie")
    assert text == ", ".join([*STAND_INS, STAND_INS[0]])


def test_a_rejected_candidate_keeps_its_words() -> None:
    assert read("J'habite rue Roche.") == "J'habite rue Roche."


def test_spans_refer_to_the_original_text() -> None:
    text = "RT @jeanne: L’action d’Ipsen &amp; le #Doliprane 😀"
    seen = OBSERVER.observe(text)
    assert seen.text == text
    assert [text[m.start : m.end] for m in seen.labs] == ["Ipsen"]
    assert [text[m.start : m.end] for m in seen.medicines] == ["#Doliprane"]
    start = seen.cleaned.text.index("Pfizer")
    assert text[slice(*seen.cleaned.original(start, start + len("Pfizer")))] == "Ipsen"


PIECES = (*LABS, "rue Roche", "le Doliprane", "https://a.fr/b", "RT @SanofiFR:", "&amp;", "#", "😀", "J’", "!!!!!")


@given(st.lists(st.sampled_from(PIECES), max_size=8))
@settings(max_examples=150, deadline=None)
def test_every_span_gives_back_its_surface(words: list[str]) -> None:
    seen = OBSERVER.observe(" ".join(words))
    assert all(seen.text[m.start : m.end] == m.surface for m in (*seen.labs, *seen.medicines))
    assert list(seen.cleaned.starts) == sorted(seen.cleaned.starts)


def test_lab_ids_are_accepted_labs_once_in_order() -> None:
    seen = OBSERVER.observe("Servier, Ipsen et Servier, rue Roche")
    assert seen.lab_ids == ("servier", "ipsen")


def test_the_day_reaches_the_medicines() -> None:
    seen = OBSERVER.observe("Plus de Doliprane", day=date(2015, 1, 1))
    assert [m.lab for m in seen.medicines] == ["sanofi"]


def test_an_empty_text_gives_nothing() -> None:
    seen = OBSERVER.observe("")
    assert (seen.cleaned.text, seen.labs, seen.medicines, seen.language) == ("", (), (), None)


def test_many_texts_are_observed_as_one_by_one() -> None:
    texts = ["Ipsen recrute", "", "Il pleut sur la ville"]
    assert OBSERVER.observe_all(texts) == [OBSERVER.observe(text) for text in texts]


@pytest.mark.parametrize(("title", "text", "whole"), [
    ("Pénurie", "Plus rien.", "Pénurie\nPlus rien."), (None, "Plus rien.", "Plus rien."), ("", "Plus rien.", "Plus rien."),
    ("Plus", "Plus rien.", "Plus rien."),
])  # fmt: skip
def test_a_title_is_read_once(title: str | None, text: str, whole: str) -> None:
    assert joined(title, text) == whole
