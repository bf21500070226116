"""Files as colleagues leave them: what a new user's first hour showed."""

from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from pharmavoix.accounts import LabAccounts
from pharmavoix.exports.read import Export, open_export
from pharmavoix.post import Post
from seeds.labs import read_labs


def export(path: Path, content: bytes) -> Export:
    path.write_bytes(content)
    return open_export(path, name=path.name)


def posts(path: Path, content: bytes) -> list[Post]:
    return [post for post in export(path, content).posts() if isinstance(post, Post)]


def test_words_of_a_data_row_that_are_also_column_names_do_not_make_it_the_header(tmp_path: Path) -> None:
    content = b"texte;type;origine\nPremier sur Sanofi;post;site\nSecond sur Pfizer;message;canal\n"
    assert [post.text for post in posts(tmp_path / "e.csv", content)] == ["Premier sur Sanofi", "Second sur Pfizer"]


def test_a_banner_above_the_header_is_passed_over(tmp_path: Path) -> None:
    content = b"Veille presse;;\nTexte du mois;;\nDate;Titre;Texte\n02/03/2024;Usine;Sanofi investit\n"
    assert [(post.text, post.title) for post in posts(tmp_path / "e.csv", content)] == [("Sanofi investit", "Usine")]


def test_one_bad_byte_does_not_turn_the_accents_of_the_whole_file(tmp_path: Path) -> None:
    content = "texte\nLes salariés à Vitry\nDéjà cassé \xff\nPénurie prévue\n".encode().replace("\xff".encode(), b"\xff")
    found = export(tmp_path / "e.csv", content)
    texts = [post.text for post in found.posts() if isinstance(post, Post)]
    assert texts == ["Les salariés à Vitry", "Déjà cassé \ufffd", "Pénurie prévue"]
    assert found.repaired == 1


def test_empty_rows_below_a_table_are_no_rows(tmp_path: Path) -> None:
    found = export(tmp_path / "e.csv", b"id;texte\n1;Sanofi recrute\n;\n;\n")
    assert found.rows == 1


@pytest.mark.parametrize("given", ["Français", "fr-FR", "FRENCH", "fr"])
def test_french_is_fr_however_the_source_writes_it(tmp_path: Path, given: str) -> None:
    (post,) = posts(tmp_path / "e.csv", f"texte;langue\nbonjour;{given}\n".encode())
    assert post.language == "fr"


def test_a_date_cell_without_a_time_is_a_date(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "e.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Texte"])
        sheet.write_datetime(1, 0, datetime(2024, 2, 1), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_string(1, 1, "Sanofi recrute")
    (post,) = open_export(tmp_path / "e.xlsx", name="e.xlsx").posts()
    assert isinstance(post, Post)
    assert post.date == "2024-02-01"


def test_an_apostrophe_of_the_author_stays(tmp_path: Path) -> None:
    (post,) = posts(tmp_path / "e.csv", "texte;auteur\n'@Sanofi bien joué;x\n".encode())
    assert post.text == "'@Sanofi bien joué"


@pytest.mark.parametrize(
    ("platform", "handle", "author", "owner"),
    [
        ("twitter", "SanofiFR", None, "sanofi"),
        ("forum", "sanofi", None, None),
        ("forum", "roche", "Jean Roche", None),
        ("linkedin", None, "Sanofi", "sanofi"),
        ("facebook", None, "Pfizer France", "pfizer"),
        ("twitter", None, "Pfizer France", None),
        ("facebook", None, "Roche", None),
    ],
)
def test_an_account_is_a_labs_only_on_its_network(platform: str, handle: str | None, author: str | None, owner: str | None) -> None:
    assert LabAccounts(read_labs()).owner(platform=platform, handle=handle, author=author) == owner
