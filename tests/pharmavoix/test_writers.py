"""Tables written whole or not at all."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from pharmavoix.exports.read import open_export
from pharmavoix.table import COLUMNS
from pharmavoix.writers import RejectedWriter, companions, open_writer
from seeds.errors import ExportError

ROW: dict[str, Any] = dict.fromkeys(COLUMNS) | {
    "source_file": "e.csv", "source_row": 1, "id": "1290000000000000001", "text": "Encore une rupture à Évry", "likes": 3.0, "followers": 1234567.0,
    "tags": ["a", "b"], "labs": ["sanofi", "pfizer"], "themes": [], "sentiment_by_lab": {"sanofi": "negative", "pfizer": "neutral"},
    "adverse_event": False, "needs_review": True, "p_causes": 0.25, "theme_scores": {"causes": 0.25, "other": 0.5},
}  # fmt: skip
KINDS = ["t.csv", "t.jsonl", "t.xlsx", "t.parquet", "folder"]


def written(out: Path, *rows: dict[str, Any], excel_fr: bool = False, extra: tuple[str, ...] = ()) -> Path:
    with open_writer(str(out), excel_fr=excel_fr, extra=extra) as writer:
        writer.write(rows)
    return out


def csv_rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_csv_has_a_signature_the_columns_in_order_and_joined_lists(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", ROW)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsource_file,source_row,id,date,")
    (row,) = csv_rows(path)
    assert tuple(row) == COLUMNS
    assert (row["labs"], row["sentiment_by_lab"], row["theme_scores"]) == ("sanofi|pfizer", "sanofi=negative|pfizer=neutral", "causes=0.25|other=0.5")
    assert (row["adverse_event"], row["needs_review"], row["effects"], row["likes"], row["p_causes"]) == ("false", "true", "", "3", "0.25")


def test_excel_fr_writes_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    (row,) = csv_rows(written(tmp_path / "t.csv", ROW | {"text": "un; deux"}, excel_fr=True), ";")
    assert (row["p_causes"], row["followers"], row["text"]) == ("0,25", "1234567", "un; deux")


@pytest.mark.parametrize("kind", ["t.xlsx", "t.jsonl", "folder"])
def test_excel_fr_is_refused_where_no_csv_is_written(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ExportError, match="--excel-fr writes CSV"):
        open_writer(str(tmp_path / kind), excel_fr=True)


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://exemple.fr")', "+33 6", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x"])
def test_a_formula_is_defused_in_csv_and_given_back_by_the_reader(tmp_path: Path, formula: str) -> None:
    path = written(tmp_path / "t.csv", ROW | {"title": formula, "text": f"{formula} !", "id": formula, "src_x": formula}, extra=("src_x",))
    assert all(csv_rows(path)[0][column] == f"'{formula}" for column in ("title", "id", "src_x"))
    (post,) = open_export(path, name="t.csv").posts()
    assert post.text == f"{formula} !".strip()


def test_a_negative_number_of_ours_is_not_defused(tmp_path: Path) -> None:
    assert csv_rows(written(tmp_path / "t.csv", ROW | {"likes": -2.0}))[0]["likes"] == "-2"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(st.sampled_from("=+-@'\"|;,\n\r\t aé!🙂"), min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=4), st.booleans())
def test_what_is_written_is_read_again_the_same(texts: list[str], excel_fr: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind in ["t.csv"] if excel_fr else KINDS[:4]:
            rows = [ROW | {"text": text, "source_row": at, "id": str(at)} for at, text in enumerate(texts, 1)]
            path = written(Path(folder) / kind, *rows, excel_fr=excel_fr)
            assert [p.text for p in open_export(path, name=kind).posts()] == [text.strip() for text in texts]


def test_xlsx_holds_texts_and_ids_as_strings_never_prefixed(tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", ROW | {"text": "=1+1", "title": "http://exemple.fr", "author": "007"})
    header, cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("posts").to_python()
    row = dict(zip(header, cells, strict=True))
    assert tuple(header) == COLUMNS
    assert (row["id"], row["text"], row["title"], row["author"]) == ("1290000000000000001", "=1+1", "http://exemple.fr", "007")
    assert (row["likes"], row["p_causes"], row["labs"], row["adverse_event"]) == (3.0, 0.25, "sanofi|pfizer", "false")


def test_a_text_too_long_for_a_cell_is_cut_with_a_mark(tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", ROW | {"text": "a" * 40_000})
    text = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("posts").to_python()[1][COLUMNS.index("text")]
    assert text == "a" * 32_766 + "…"


@pytest.mark.parametrize("kind", ["t.parquet", "folder"])
def test_parquet_holds_real_lists_maps_and_booleans(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / kind, ROW)
    (row,) = parquet.read_table(path).to_pylist()
    assert tuple(row) == COLUMNS
    assert (row["labs"], row["themes"], row["adverse_event"], row["likes"], row["views"]) == (["sanofi", "pfizer"], [], False, 3.0, None)
    assert dict(row["sentiment_by_lab"]) == ROW["sentiment_by_lab"]
    assert dict(row["theme_scores"]) == ROW["theme_scores"]


def test_json_lines_hold_real_lists_maps_and_nulls(tmp_path: Path) -> None:
    (line,) = written(tmp_path / "t.jsonl", ROW).read_text("utf-8").splitlines()
    row = json.loads(line)
    assert tuple(row) == COLUMNS
    assert row == ROW and isinstance(row["likes"], int) and "à Évry" in line


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_leaves_no_file_behind(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RuntimeError), open_writer(str(tmp_path / kind)) as writer:
        writer.write([ROW])
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_leaves_the_table_that_was_there(tmp_path: Path, kind: str) -> None:
    written(tmp_path / kind, ROW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RuntimeError), open_writer(str(tmp_path / kind)) as writer:
        writer.write([ROW | {"text": "autre"}])
        raise RuntimeError
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", KINDS[:4])
def test_a_file_has_its_name_only_when_whole(tmp_path: Path, kind: str) -> None:
    with open_writer(str(tmp_path / kind)) as writer:
        writer.write([ROW])
        assert not (tmp_path / kind).exists()
    assert [path.name for path in tmp_path.iterdir()] == [kind]


def test_a_second_table_replaces_every_part_of_the_first_in_a_folder(tmp_path: Path) -> None:
    with open_writer(str(tmp_path / "folder")) as writer:
        writer.write([ROW])
        writer.write([ROW])
    written(tmp_path / "folder", ROW | {"text": "autre"})
    assert [row["text"] for row in parquet.read_table(tmp_path / "folder").to_pylist()] == ["autre"]


def test_an_unknown_kind_and_a_missing_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"unknown kind '.txt'. Choose .csv, .jsonl, .parquet, .xlsx, or a folder"):
        open_writer(str(tmp_path / "t.txt"))
    with pytest.raises(ExportError, match=r"the folder '.*nulle_part' does not exist. Make it first"):
        open_writer(str(tmp_path / "nulle_part" / "t.csv"))


def test_companions_stand_beside_a_file_and_inside_a_folder() -> None:
    assert companions("x/t.csv") == (Path("x/t.csv.rejected.csv"), Path("x/t.csv.manifest.json"))
    assert companions("x/t") == (Path("x/t/_rejected.csv"), Path("x/t/_manifest.json"))
    assert companions("-") is None


def test_rejected_rows_are_written_defused_half_emoji_and_all(tmp_path: Path) -> None:
    with RejectedWriter(tmp_path / "r.csv") as writer:
        writer.write([{"source_file": "e.csv", "source_row": 2, "line": None, "column": None, "reason": "lu", "text": "=1 \ud83d"}])
    expected = {"source_file": "e.csv", "source_row": "2", "line": "", "column": "", "reason": "lu", "text": "'=1 \\ud83d"}
    assert csv_rows(tmp_path / "r.csv") == [expected]
