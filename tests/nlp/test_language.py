import pytest

from nlp.language import detect_language


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


@pytest.mark.parametrize("text", ["", "123", "1 234 567 890 123", "😀😀😀😀😀"])
def test_a_text_without_letters_has_no_language(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize("text", ["これは薬局の在庫についての文章です、ありがとう", "лекарство закончилось в аптеке"])
def test_another_script_is_undetermined_never_french(text: str) -> None:
    assert detect_language(text) == "und"


@pytest.mark.parametrize("text", ["Sanofi recrute", "Pfizer, assassins !", "SANOFI FERME UNE USINE", "Boiron ferme ses usines", "mdr !!!", "ok"])
def test_a_short_french_post_is_not_taken_for_another_language(text: str) -> None:
    assert detect_language(text) in ("fr", None)

