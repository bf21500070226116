import pytest

from nlp.language import LANGUAGES, detect_language


@pytest.mark.parametrize(("text", "language"), [
    ("La pharmacie du village n'a plus d'antibiotiques depuis lundi", "fr"),
    ("jpp de ce vaccin mdr c abusé", "fr"),
    ("The company recalls one batch of its vaccine today", "en"),
    ("Die Firma ruft das Medikament heute zurück", "de"),
    ("La empresa retira el medicamento de las farmacias", "es"),
    ("L'azienda ritira il medicinale dalle farmacie di oggi", "it"),
    ("De fabrikant haalt het geneesmiddel vandaag uit de handel", "nl"),
    ("الشركة تسحب الدواء من السوق اليوم", "ar"),
])  # fmt: skip
def test_languages_of_the_exports_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "ok", "mdr !!!", "1 234 567 890 123", "😀😀😀😀😀😀😀😀😀😀😀😀😀"])
def test_a_short_text_has_no_language(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize("text", ["これは薬局の在庫についての文章です、ありがとう", "zzzzzzzzzzzzzzzzzzzz", "лекарство закончилось в аптеке"])
def test_only_languages_of_the_list_are_answered(text: str) -> None:
    assert detect_language(text) in LANGUAGES


def test_the_limit_is_twelve_letters() -> None:
    assert detect_language("bonjour tous") is None  # eleven
    assert detect_language("bonjour toute") == "fr"  # twelve
