import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.fold import fold, fold_words


@pytest.mark.parametrize(("text", "folded"), [
    ("Boehringer-Ingelheim", "boehringer ingelheim"),
    ("L’Été, l'été", "l ete l ete"),
    ("Cœur & Œuvre", "cœur & œuvre"),
    ("GRÜNENTHAL", "grunenthal"),
    ("Straße", "strasse"),
    ("@Labo_FR #Tag!", "@labo fr #tag"),
    ("①②³", "123"),
    ("ＳＡＮＯＦＩ", "sanofi"),
    ("…", ""),
    ("", ""),
])  # fmt: skip
def test_what_is_looked_up(text: str, folded: str) -> None:
    assert fold_words(text) == folded


@given(st.text())
def test_folding_twice_equals_folding_once(text: str) -> None:
    assert fold_words(fold_words(text)) == fold_words(text)


@given(st.text())
def test_a_folded_text_is_framed_by_single_spaces(text: str) -> None:
    folded = fold(text).text
    assert folded[0] == folded[-1] == " "
    assert "  " not in folded


@given(st.text())
def test_origins_stay_in_the_text_and_never_go_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.origin) == len(folded.text)
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= place <= len(text) for place in folded.origin)


@given(st.text(alphabet="aàâbcçéèêëîïôöùûü ñÉÀ'-.", max_size=40))
def test_accents_written_apart_change_nothing(text: str) -> None:
    assert fold_words(unicodedata.normalize("NFD", text)) == fold_words(text)


def test_an_origin_points_to_the_letter() -> None:
    text = "«L’Été»"
    folded = fold(text)
    assert text[folded.origin[folded.text.index("ete")]] == "É"
