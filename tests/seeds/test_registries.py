import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nlp.fold import fold_words
from seeds.errors import RegistryError
from seeds.labs import INVENTED_LABS, LABS, Lab, read_labs
from seeds.medicines import INVENTED_MEDICINES, MEDICINES, read_medicines

LAB_IDS = (Path(__file__).parent / "lab_ids.txt").read_text(encoding="utf-8").split()

LAB: dict[str, Any] = {
    "id": "zuzule", "name": "Zuzule", "country": "FR", "former_names": [], "aliases": ["Labo Zuzule"], "misspellings": [], "handles": [],
    "hashtags": [], "subsidiaries": [], "foundations": [], "accounts": [], "homonyms": [], "shared_names": [],
}  # fmt: skip
MEDICINE: dict[str, Any] = {
    "id": "zuzulax", "name": "Zuzulax", "kind": "brand", "substance": None, "lab": "zuzule", "class": "sirop", "aliases": [], "misspellings": [],
    "until": None, "labs_by_date": [{"until": "2020-01-31", "lab": "ancien"}, {"until": None, "lab": "zuzule"}], "homonym": False,
}  # fmt: skip
HOMONYM = {"name": "Zuzule", "means": "un chat", "before": [], "after": [], "near": [], "case": False, "needs_pharma": False}


def lines(folder: Path, *records: object) -> Path:
    path = folder / "liste.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("lab_id", LAB_IDS)
def test_every_id_of_the_labelled_texts_is_in_the_registry(lab_id: str) -> None:
    assert lab_id in read_labs().by_id


def test_there_are_a_hundred_labs_and_four_hundred_medicines() -> None:
    assert len(LAB_IDS) >= 90
    assert len(read_labs()) >= 100
    assert len(read_medicines()) >= 400


@pytest.mark.parametrize("path", [LABS, INVENTED_LABS, MEDICINES, INVENTED_MEDICINES], ids=lambda path: path.name)
def test_ids_are_unique_lower_case_and_hyphenated(path: Path) -> None:
    ids = [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not (name.isascii() and name == name.lower() and name.replace("-", "").isalnum())] == []


def forms(lab: Lab) -> Iterator[str]:
    """The written forms a line declares; handles and hashtags keep their sign."""
    yield from (fold_words(name) for name, _ in lab.names())
    yield from (f"@{fold_words(handle.lstrip('@'))}" for handle in lab.handles)
    yield from (f"#{fold_words(tag.lstrip('#'))}" for tag in lab.hashtags)


def test_no_form_is_claimed_by_two_labs_but_shared_names() -> None:
    owners = defaultdict(set)
    for lab in read_labs([LABS, INVENTED_LABS]):
        for form in forms(lab):
            owners[form].add(lab.id)
    assert {form: labs for form, labs in owners.items() if len(labs) > 1} == {}


def test_a_shared_name_is_one_lab_s_own_and_another_s_beside_a_cue() -> None:
    owners = {form: lab.id for lab in read_labs() for form in forms(lab)}
    shared = [(lab.id, name) for lab in read_labs() for name in lab.shared_names]
    assert ("msd", "Merck") in [(lab, name.name) for lab, name in shared]
    assert all(name.near and owners[fold_words(name.name)] != lab for lab, name in shared)


def test_no_form_is_empty_or_a_lone_letter() -> None:
    assert [(lab.id, form) for lab in read_labs() for form in forms(lab) if len(form.strip("@#")) < 2] == []


def test_every_homonym_rule_is_about_a_name_of_its_lab() -> None:
    wrong = [(lab.id, rule.name) for lab in read_labs() for rule in lab.homonyms if fold_words(rule.name) not in set(forms(lab))]
    assert wrong == []


@pytest.mark.parametrize(("medicines", "labs"), [([MEDICINES], [LABS]), ([INVENTED_MEDICINES], [INVENTED_LABS])], ids=["shipped", "invented"])
def test_every_lab_of_a_medicine_is_known(medicines: list[Path], labs: list[Path]) -> None:
    known = read_labs(labs).by_id
    named = {(m.id, lab) for m in read_medicines(medicines) for lab in (m.lab, *(lab for _, lab in m.labs_by_date)) if lab}
    assert {(medicine, lab) for medicine, lab in named if lab not in known} == set()


def test_periods_follow_each_other_up_to_today_s_lab() -> None:
    dated = [medicine for medicine in read_medicines() if medicine.labs_by_date]
    assert dated
    for medicine in dated:
        *ended, (last_day, last_lab) = medicine.labs_by_date
        days = [day for day, _ in ended]
        assert None not in days, medicine.id
        assert days == sorted(set(days)), medicine.id  # type: ignore[type-var]
        assert (last_day, last_lab) == (None, medicine.lab) or last_day is not None, medicine.id


def test_no_name_is_claimed_by_two_medicines() -> None:
    owners = defaultdict(set)
    for medicine in read_medicines([MEDICINES, INVENTED_MEDICINES]):
        for name in (medicine.name, *medicine.aliases, *medicine.misspellings):
            owners[fold_words(name)].add(medicine.id)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize(("day", "lab"), [
    (date(2012, 3, 1), "sanofi"), (date(2024, 9, 30), "sanofi"), (date(2024, 10, 1), "opella"), (date(2030, 1, 1), "opella"), (None, "opella"),
])  # fmt: skip
def test_doliprane_changes_hands_on_a_day(day: date | None, lab: str) -> None:
    assert read_medicines().by_id["doliprane"].lab_on(day) == lab


def test_a_medicine_without_periods_stays_with_its_lab(tmp_path: Path) -> None:
    (medicine,) = read_medicines([lines(tmp_path, {**MEDICINE, "labs_by_date": []})])
    assert medicine.lab_on(date(1999, 1, 1)) == "zuzule"


def test_invented_labs_and_medicines_are_not_in_the_shipped_registries() -> None:
    labs, medicines = read_labs().by_id, read_medicines().by_id
    assert read_labs([INVENTED_LABS]).by_id.keys() & labs.keys() == set()
    assert read_medicines([INVENTED_MEDICINES]).by_id.keys() & medicines.keys() == set()
    assert {name for lab in read_labs([INVENTED_LABS]) for name in forms(lab)} & {name for lab in read_labs() for name in forms(lab)} == set()


def test_registries_of_many_files_are_one_in_order(tmp_path: Path) -> None:
    registry = read_labs([lines(tmp_path, LAB), INVENTED_LABS])
    assert next(iter(registry)).id == "zuzule"
    assert len(registry) == 1 + len(read_labs([INVENTED_LABS]))


def test_one_id_in_two_files_is_refused() -> None:
    with pytest.raises(RegistryError, match="line 1: the lab id '.*' stands twice"):
        read_labs([INVENTED_LABS, INVENTED_LABS])


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


@pytest.mark.parametrize(("bad", "message"), [
    ("{", "not JSON"),
    ("[1]", "a list, where a JSON object is expected"),
    (LAB, "the lab id 'zuzule' stands twice. Join the two lines."),
    (without(LAB, "id"), "'id' is missing"),
    (without(LAB, "aliases"), "'aliases' is missing"),
    (without(LAB, "homonyms"), "'homonyms' is missing"),
    ({**LAB, "id": 7}, "7, where a word is expected"),
    ({**LAB, "name": ""}, "'', where a word is expected"),
    ({**LAB, "aliases": "Zuzule"}, "'Zuzule', where a list of words is expected"),
    ({**LAB, "handles": [7]}, "where a list of words is expected"),
    ({**LAB, "accounts": [{"network": "twitter"}]}, "'account' is missing"),
    ({**LAB, "homonyms": ["Zuzule"]}, "wrong type"),
    ({**LAB, "homonyms": [without(HOMONYM, "near")]}, "'near' is missing"),
    ({**LAB, "homonyms": [{**HOMONYM, "near": "chat"}]}, "'chat', where a list of words is expected"),
    ({**LAB, "shared_names": [{"name": "Zuzule"}]}, "'near' is missing"),
])  # fmt: skip
def test_a_bad_lab_line_is_refused_with_its_place(bad: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=rf"liste\.jsonl, line 3: .*{message}".replace("[", r"\[")):
        read_labs([lines(tmp_path, LAB, "", bad)])


@pytest.mark.parametrize(("bad", "message"), [
    ("{", "not JSON"),
    (MEDICINE, "the medicine id 'zuzulax' stands twice"),
    (without(MEDICINE, "name"), "'name' is missing"),
    (without(MEDICINE, "homonym"), "'homonym' is missing"),
    ({**MEDICINE, "name": None}, "None, where a word is expected"),
    ({**MEDICINE, "aliases": "Zuzu"}, "'Zuzu', where a list of words is expected"),
    ({**MEDICINE, "labs_by_date": [{"until": "hier", "lab": "zuzule"}]}, "'hier'"),
    ({**MEDICINE, "labs_by_date": [{"until": None}]}, "'lab' is missing"),
    ({**MEDICINE, "labs_by_date": None}, "wrong"),
])  # fmt: skip
def test_a_bad_medicine_line_is_refused_with_its_place(bad: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=rf"liste\.jsonl, line 2: .*{message}"):
        read_medicines([lines(tmp_path, MEDICINE, bad)])


@pytest.mark.parametrize("read", [read_labs, read_medicines])
def test_a_file_that_cannot_be_read_is_said(read: Callable[[list[Path]], object], tmp_path: Path) -> None:
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes("é".encode("latin-1"))
    with pytest.raises(RegistryError, match=r"latin\.jsonl: cannot be read .* Give a UTF-8 JSON Lines file\."):
        read([latin])
    with pytest.raises(RegistryError, match=r"absent\.jsonl: cannot be read"):
        read([tmp_path / "absent.jsonl"])
