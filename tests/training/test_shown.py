import pytest

from training.shown import masked, pieces


@pytest.mark.parametrize(("text", "shown"), [
    ("merci @jeanne_34 et @SanofiFR", "merci @… et @SanofiFR"),
    ("écrire à jean.dupont@mail.fr", "écrire à …@…"),
    ("appelez le 06 12 34 56 78 ou le 0612345678", "appelez le […] ou le […]"),
    ("tél. +33 6 12 34 56 78, +33(0)612345678 ou 0033612345678", "tél. […], […] ou […]"),
    ("voir https://twitter.com/jeanne_34/status/12 et www.blog-de-jeanne.fr", "voir […] et […]"),
    ("1 248 textes en 2018, 0,5 mg, 4500 postes", "1 248 textes en 2018, 0,5 mg, 4500 postes"),
])  # fmt: skip
def test_what_points_to_a_person_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_words_that_decided_stand_apart() -> None:
    text = "rupture de stock encore"
    assert pieces(text, [(0, 7), (11, 16)]) == [("rupture", True), (" de ", False), ("stock", True), (" encore", False)]


def test_a_deciding_word_inside_an_address_stays_masked() -> None:
    text = "contact jean.rupture@mail.fr"
    assert pieces(text, [(13, 20)]) == [("contact ", False), ("…@…", False)]


def test_overlapping_words_are_shown_once_and_a_long_text_is_cut() -> None:
    assert pieces("abcdef", [(0, 3), (1, 5)]) == [("abc", True), ("def", False)]
    assert pieces("x" * 30, [], longest=10) == [("x" * 10 + "…", False)]
