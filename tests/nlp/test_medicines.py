from datetime import date

import pytest

from nlp.medicines import MedicineMention, default_medicine_finder
from seeds.medicines import read_medicines
from tests.nlp.marked import Marks, parse_marked


def found(text: str) -> Marks:
    return tuple((m.start, m.end, m.medicine) for m in default_medicine_finder().find(text))


@pytest.mark.parametrize("marked", [
    "Deux comprimés de <drug id=doliprane>doliprane</drug> et au lit.",
    "Depuis le <drug id=levothyrox>Lévothyrox</drug>, je perds mes cheveux.",
    "<drug id=levothyrox>#Levothyrox</drug> la nouvelle formule",
    "<drug id=levothyrox>LEVOTHYROX</drug> EN RUPTURE",
    "<drug id=xarelto>Xarelto</drug>/<drug id=eliquis>Eliquis</drug> : lequel ?",
    "Je n'ai que du <drug id=doliprane>dolliprane</drug> sous la main.",
    "<drug id=doliprane>Doliprane 1000</drug> trois fois par jour",
    "Et l'<drug id=ozempic>Ozempic</drug>, qui le rembourse ?",
    "<drug id=comirnaty>Comirnaty</drug> puis <drug id=spikevax>Spikevax</drug>, rien senti.",
    "On m'a posé un <drug id=mirena>Mirena</drug> jeudi.",
    "Le procès du <drug id=mediator>Mediator</drug> reprend.",
    "Du <drug id=paracetamol>paracétamol</drug>, c'est tout.",
    "Le médiateur de la ville n'a rien dit.",
    "Je dors mal depuis lundi.",
    "",
])  # fmt: skip
def test_medicines_follow_the_marks(marked: str) -> None:
    text, marks = parse_marked(marked)
    assert found(text) == marks


@pytest.mark.parametrize(("day", "lab"), [
    (date(2019, 5, 1), "sanofi"), (date(2024, 9, 30), "sanofi"), (date(2024, 10, 1), "opella"), (None, "opella"),
])  # fmt: skip
def test_the_lab_is_the_one_of_the_day(day: date | None, lab: str) -> None:
    (mention,) = default_medicine_finder().find("Un Doliprane.", day=day)
    assert mention == MedicineMention("doliprane", lab, 3, 12, "Doliprane")


def test_a_substance_of_many_labs_has_no_lab() -> None:
    (mention,) = default_medicine_finder().find("De la morphine.")
    assert mention.lab is None


@pytest.mark.parametrize("marked", [
    "On a repeint en lithium, pardon, en gris.",
    "Une pile au lithium traîne là.",
    "Mon médecin propose le <drug id=lithium>lithium</drug>.",
    "Le <drug id=lithium>Lithium</drug> me réussit.",
])  # fmt: skip
def test_a_common_word_in_lower_case_waits_for_a_pharma_word(marked: str) -> None:
    text, marks = parse_marked(marked)
    assert found(text) == marks


def test_every_brand_of_the_registry_is_found_by_its_name() -> None:
    brands = [medicine for medicine in read_medicines() if medicine.kind == "brand"]
    missed = [m.id for m in brands if m.id not in {mark[2] for mark in found(f"Ce médicament, {m.name}, manque.")}]
    assert missed == []


def test_ten_thousand_mentions_are_found() -> None:
    assert len(found("Doliprane, " * 10_000)) == 10_000
