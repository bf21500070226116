"""Files opened as tables of text cells."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
import xlsxwriter
from pyarrow import parquet

from pharmavoix.exports.aliases import KNOWN_HEADERS, normalise
from seeds.containers import Broken, HeaderScore, Record, Table, open_table
from seeds.errors import ExportError

SCORE = HeaderScore(KNOWN_HEADERS, normalise)


def opened(path: Path, content: bytes | str, *, delimiter: str | None = None) -> Table:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(path, name=path.name, score=SCORE, delimiter=delimiter)


def cells(table: Table) -> list[dict[str, str]]:
    return [dict(record.cells) for record in table.records() if isinstance(record, Record)]


def broken(table: Table) -> list[Broken]:
    return [record for record in table.records() if isinstance(record, Broken)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encoding_is_found_by_the_bytes(tmp_path: Path, encoding: str) -> None:
    table = opened(tmp_path / "e.csv", "texte,auteur\nL’été à Évry,Zoé\n".encode(encoding))
    assert cells(table) == [{"texte": "L’été à Évry", "auteur": "Zoé"}]


@pytest.mark.parametrize("sign", ["\t", ";", ",", "|"])
def test_the_delimiter_is_found_whatever_the_name_says(tmp_path: Path, sign: str) -> None:
    table = opened(tmp_path / "e.csv", f'date{sign}texte\n2024-01-02{sign}"oui{sign}non; si, si"\n')
    assert table.delimiter == sign
    assert cells(table) == [{"date": "2024-01-02", "texte": f"oui{sign}non; si, si"}]


def test_a_delimiter_given_by_hand_wins(tmp_path: Path) -> None:
    assert cells(opened(tmp_path / "e.csv", "date~texte\n2024~a,b;c\n", delimiter="~")) == [{"date": "2024", "texte": "a,b;c"}]


def test_the_header_is_found_below_a_preamble(tmp_path: Path) -> None:
    preamble = '"Report:","Bulk Mentions Download"\n"Brand:","Labo X"\n\n'
    table = opened(tmp_path / "e.csv", preamble + "Query Id,Date,Full Text,Url\n7,2025-11-03,Encore une rupture,http://exemple.fr/1\n")
    assert cells(table) == [{"Query Id": "7", "Date": "2025-11-03", "Full Text": "Encore une rupture", "Url": "http://exemple.fr/1"}]
    assert next(table.records()).line == 5


def test_a_header_of_unknown_names_is_the_first_filled_row(tmp_path: Path) -> None:
    table = opened(tmp_path / "e.csv", "\n\nmachin;truc\n1;oui, non, peut-être, jamais\n")
    assert table.columns == ("machin", "truc")
    assert cells(table) == [{"machin": "1", "truc": "oui, non, peut-être, jamais"}]


def test_the_second_of_two_equal_names_is_numbered_and_an_empty_one_named(tmp_path: Path) -> None:
    assert opened(tmp_path / "e.csv", "date,date,,texte\n1,2,3,a\n").columns == ("date", "date.1", "column 3", "texte")


def test_a_cell_keeps_its_line_breaks_and_the_row_says_where_it_ends(tmp_path: Path) -> None:
    table = opened(tmp_path / "e.csv", 'id,texte\n1,"un\ndeux"\n2,trois\n')
    assert [(r.row, r.line) for r in table.records()] == [(1, 3), (2, 4)]
    assert cells(table)[0]["texte"] == "un\ndeux"


def test_empty_lines_are_no_rows_and_nul_characters_go(tmp_path: Path) -> None:
    long_header = "id,texte" + "," * 100
    assert [c["texte"] for c in cells(opened(tmp_path / "e.csv", f"{long_header}\n1,a\n\n2,b\x00c\n"))] == ["a", "bc"]


def test_a_row_with_too_many_cells_is_broken_and_kept_whole(tmp_path: Path) -> None:
    table = opened(tmp_path / "e.csv", "id,texte\n1,oui, mais non\n2,bien\n")
    assert [(b.row, b.line, b.text) for b in broken(table)] == [(1, 2, "1,oui, mais non")]
    assert "3 cells where the header has 2" in broken(table)[0].reason
    assert cells(table) == [{"id": "2", "texte": "bien"}]


def test_a_quotation_mark_left_open_is_no_text(tmp_path: Path) -> None:
    table = opened(tmp_path / "e.csv", 'id,texte\n1,bien\n2,"jamais fermé\n3,perdu\n4,perdu\n')
    assert [c["id"] for c in cells(table)] == ["1"]
    assert [(b.row, b.line) for b in broken(table)] == [(2, 3)]
    assert "lines 3 to 5" in broken(table)[0].reason


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_last_row_needs_no_line_end(tmp_path: Path, end: str) -> None:
    assert cells(opened(tmp_path / "e.csv", f'id,texte\n1,"fin"{end}')) == [{"id": "1", "texte": "fin"}]


def test_bytes_that_are_no_text_are_said_wherever_they_are(tmp_path: Path) -> None:
    table = opened(tmp_path / "e.csv", ("id\ttexte\n" + "1\tbonjour\n" * 500).encode("utf-16") + b"\x01")
    with pytest.raises(ExportError, match=r"e\.csv: not readable as utf-16 .* Save it again as UTF-8"):
        list(table.records())


def workbook(path: Path, sheets: dict[str, tuple[int, int, list[list[object]]]]) -> Table:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, (row, column, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            for at, values in enumerate(rows):
                sheet.write_row(row + at, column, values)
    return open_table(path, name=path.name, score=SCORE)


def test_of_a_spreadsheet_the_sheet_with_the_posts_is_read(tmp_path: Path) -> None:
    table = workbook(tmp_path / "e.xlsx", {"Synthèse": (0, 0, [["Total", 2]]), "Posts": (0, 0, [["Bilan"], ["id", "texte"], [7, "bien"]])})
    assert (table.sheet, cells(table)) == ("Posts", [{"id": "7", "texte": "bien"}])


def test_empty_rows_and_columns_before_a_table_shift_nothing(tmp_path: Path) -> None:
    table = workbook(tmp_path / "e.xlsx", {"Posts": (3, 2, [["id", "texte"], ["1", "bien"], [None, None], ["2", "mal"]])})
    assert [(r.row, r.line) for r in table.records()] == [(1, 5), (2, 7)]
    assert cells(table) == [{"id": "1", "texte": "bien"}, {"id": "2", "texte": "mal"}]


def test_a_typed_cell_becomes_its_text(tmp_path: Path) -> None:
    table = workbook(tmp_path / "e.xlsx", {"P": (0, 0, [["texte", "likes", "reach", "vrai", "id"], ["a", 12, 12.5, True, 1234567890123456]])})
    assert cells(table) == [{"texte": "a", "likes": "12", "reach": "12.5", "vrai": "true", "id": "1.234567890123456e+15"}]


@pytest.mark.parametrize("name", ["e.xlsx", "e.csv"])
def test_an_archive_that_is_no_spreadsheet_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match=rf"{name}: not a readable spreadsheet"):
        opened(tmp_path / name, b"PK\x03\x04" + b"\x00" * 200)


POSTS = [{"id": "1", "texte": "bien", "auteur": {"nom": "Zoé"}}, {"id": "2", "texte": "mal", "tags": ["a", "b"]}]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(json.dumps(post) for post in POSTS),
        json.dumps(POSTS),
        json.dumps(POSTS, indent=1),
        json.dumps({"took": 3, "hits": POSTS, "stats": {}}),
        json.dumps({"took": 3, "hits": POSTS, "stats": {}}, indent=1),
        "\ufeff\n" + json.dumps(POSTS),
    ],
)
def test_json_is_read_as_lines_as_a_list_and_in_an_envelope(tmp_path: Path, content: str) -> None:
    table = opened(tmp_path / "e.json", content)
    assert cells(table) == [{"id": "1", "texte": "bien", "auteur.nom": "Zoé"}, {"id": "2", "texte": "mal", "tags": "a|b"}]


def test_a_single_post_is_a_post_with_its_lists(tmp_path: Path) -> None:
    post = {"texte": "bien", "media": [{"url": "a"}, {"url": "b"}]}
    assert [c["texte"] for c in cells(opened(tmp_path / "e.json", json.dumps(post)))] == ["bien"]


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_damaged_json_line_is_broken_alone(tmp_path: Path, damaged: int) -> None:
    lines = [json.dumps({"texte": f"n° {n}"}) for n in range(3)]
    lines[damaged] = '{"texte": "coupé'
    table = opened(tmp_path / "e.jsonl", "\n".join(lines))
    assert [(b.row, b.line, b.text) for b in broken(table)] == [(damaged + 1, damaged + 1, '{"texte": "coupé')]
    assert len(cells(table)) == 2


def test_a_damaged_json_list_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"e\.json, line 2: not JSON"):
        opened(tmp_path / "e.json", '[{"texte": "a"},\n{"texte": }]')


def test_json_without_an_object_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"e\.json: no JSON object found"):
        opened(tmp_path / "e.json", "[1, 2]")


def test_parquet_values_become_text(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"texte": ["bien", None], "likes": [3, None], "tags": [["a", "b"], []]}), tmp_path / "e.parquet")
    table = open_table(tmp_path / "e.parquet", name="e.parquet", score=SCORE)
    assert cells(table) == [{"texte": "bien", "likes": "3", "tags": "a|b"}, {"texte": "", "likes": "", "tags": ""}]


def test_a_damaged_parquet_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    parquet.write_table(pa.table({"texte": [f"un texte, le numéro {n}" for n in range(3000)]}), path)
    content = path.read_bytes()
    table = opened(path, content[:8] + bytes(60) + content[68:])
    with pytest.raises(ExportError, match=r"e\.parquet, after row 0: not a readable Parquet file"):
        list(table.records())


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n \n"])
def test_an_empty_file_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ExportError, match=r"e\.csv: empty\. Export it again"):
        opened(tmp_path / "e.csv", content)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such file"):
        open_table(tmp_path / "e.csv", name="e.csv", score=SCORE)
    with pytest.raises(ExportError, match="a folder, where a file is expected"):
        open_table(tmp_path, name="dossier", score=SCORE)
