import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seeds.errors import PharmavoixError, TaxonomyError
from seeds.taxonomy import DEFAULT_TAXONOMY, read_taxonomy

# The annotation guide's table.
GUIDE = {
    "pathologies": "cancer asthma_respiratory diabetes_obesity rare_diseases cardiovascular neurology mental_health infectious_vaccination "
    "womens_health dermatology rheumatology other_pathology",
    "innovation": "research_trials new_treatment digital_health partnership_startup manufacturing_innovation",
    "causes": "tobacco organ_donation blood_donation pink_october movember hiv_day telethon awareness_day environment_solidarity",
    "industry": "regulation price_reimbursement shortage restructuring_jobs finance_results mergers_deals plants_sovereignty people_appointments "
    "generics_biosimilars",
    "scandals": "mediator depakine levothyrox implants vioxx opioids covid_vaccines conflict_of_interest pollution other_scandal",
    "other": "employer_brand sponsoring off_topic",
}

Record = dict[str, Any]


def small() -> Record:
    sub = {"id": "chats", "label_fr": "Chats", "definition": "Tout chat."}
    return {
        "version": 1,
        "themes": [
            {"id": "animaux", "label_fr": "Animaux", "definition": "Les bêtes.", "sub_themes": [sub]},
            {"id": "other", "label_fr": "Autre", "definition": "Le reste.", "sub_themes": []},
        ],
    }


def written(folder: Path, content: object) -> Path:
    path = folder / "themes.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_every_theme_of_the_guide_is_there_in_order() -> None:
    assert read_taxonomy().theme_ids == tuple(GUIDE)


@pytest.mark.parametrize("theme", GUIDE)
def test_every_sub_theme_of_the_guide_is_there(theme: str) -> None:
    taxonomy = read_taxonomy()
    assert {sub for sub, parent in taxonomy.parent_of.items() if parent == theme} == set(GUIDE[theme].split())


def test_each_has_a_french_label_of_its_own_and_a_definition() -> None:
    entries = [entry for theme in read_taxonomy().themes for entry in (theme, *theme.sub_themes)]
    assert all(entry.label_fr[0].isupper() and entry.definition.endswith(".") for entry in entries)
    assert len({entry.label_fr for entry in entries}) == len(entries)


def test_a_small_taxonomy_of_ones_own_is_accepted(tmp_path: Path) -> None:
    taxonomy = read_taxonomy(written(tmp_path, small()))
    assert taxonomy.theme_ids == ("animaux", "other")
    assert taxonomy.parent_of == {"chats": "animaux"}


def change(*steps: str | int, to: object) -> Callable[[Record], None]:
    """Return a change of the value at the end of ``steps``; ``to`` ... takes the key away."""

    def apply(record: Any) -> None:
        *way, last = steps
        for step in way:
            record = record[step]
        if to is ...:
            del record[last]
        else:
            record[last] = to

    return apply


@pytest.mark.parametrize(("spoil", "message"), [
    (change("themes", 0, "label_en", to="Animals"), r"the key 'label_en' is unknown\. Choose among definition, id, label_fr, sub_themes\."),
    (change("themes", 0, "sub_themes", 0, "couleur", to="noir"), "the key 'couleur' is unknown. Choose among definition, id, label_fr."),
    (change("auteur", to="moi"), "the key 'auteur' is unknown"),
    (change("themes", to=...), "'themes' is missing"),
    (change("themes", 0, "id", to=...), "'id' is missing"),
    (change("themes", 0, "label_fr", to=...), "'label_fr' is missing"),
    (change("themes", 0, "definition", to=...), "'definition' is missing"),
    (change("themes", 0, "sub_themes", to=...), "'sub_themes' is missing"),
    (change("themes", 0, "sub_themes", 0, "definition", to=...), "'definition' is missing"),
    (change("themes", 0, "id", to=3), "3, where a word is expected, is missing or of the wrong type"),
    (change("themes", 0, "label_fr", to=" "), "' ', where a word is expected"),
    (change("themes", 0, "sub_themes", to="chats"), "'c', where an object is expected"),
    (change("themes", 0, to=["animaux"]), "where an object is expected"),
    (change("themes", to=None), "of the wrong type"),
    (change("themes", 0, "sub_themes", 0, "id", to="animaux"), "the id 'animaux' stands twice"),
    (change("themes", 0, "id", to="other"), "the id 'other' stands twice"),
    (change("themes", 1, "id", to="reste"), "the theme 'other' is missing"),
    (change("themes", 0, to=...), "1 theme found"),
    (change("themes", 0, "id", to="Animaux"), "'Animaux' cannot be an id"),
    (change("themes", 0, "id", to="bêtes"), "'bêtes' cannot be an id"),
    (change("themes", 0, "id", to="des bêtes"), "'des bêtes' cannot be an id"),
])  # fmt: skip
def test_a_bad_taxonomy_is_refused_with_its_file_and_what_is_wrong(spoil: Callable[[Record], None], message: str, tmp_path: Path) -> None:
    content = copy.deepcopy(small())
    spoil(content)
    with pytest.raises(TaxonomyError, match=rf"themes\.json: .*{message}"):
        read_taxonomy(written(tmp_path, content))


@pytest.mark.parametrize("content", ["", "{", "themes: animaux", '{"themes": [}'])
def test_what_is_not_json_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="themes.json: not JSON"):
        read_taxonomy(written(tmp_path, content))


def test_other_bytes_than_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "themes.json"
    path.write_bytes('{"themes": "bêtes"}'.encode("latin-1"))
    with pytest.raises(TaxonomyError, match="themes.json: not JSON"):
        read_taxonomy(path)


@pytest.mark.parametrize("content", ["[]", "3", "null", '"themes"'])
def test_json_of_another_shape_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="where an object is expected"):
        read_taxonomy(written(tmp_path, content))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="themes.json: cannot be read"):
        read_taxonomy(tmp_path / "themes.json")


def test_the_hash_changes_with_ids_and_not_with_words(tmp_path: Path) -> None:
    first = read_taxonomy(written(tmp_path, small())).hash
    reworded, renamed = small(), small()
    reworded["themes"][0]["label_fr"] = "Bêtes"
    renamed["themes"][0]["sub_themes"][0]["id"] = "chiens"
    assert read_taxonomy(written(tmp_path, reworded)).hash == first
    assert read_taxonomy(written(tmp_path, renamed)).hash != first


def test_a_taxonomy_error_is_one_the_command_line_prints() -> None:
    assert issubclass(TaxonomyError, PharmavoixError)
    assert DEFAULT_TAXONOMY.is_file()
