"""Sample files of each kind read from disk, what is wrong in them listed."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from seeds.errors import SampleError
from seeds.samples import Sample
from seeds.taxonomy import read_taxonomy
from training.samples import Problem, SampleSet, listing, read_sample_files, write_problems

TAXONOMY = read_taxonomy()
CLOSING = "Zuzule ferme son usine de Vierzon."
OURS = {"source_file": "export.csv", "source_row": 1, "model": "m1"}


def read(*paths: Path, label: str | None = None) -> SampleSet:
    return read_sample_files(paths, taxonomy=TAXONOMY, label=label)


def jsonl(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def text_file(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def xlsx(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(at, column, value, *([day] if hasattr(value, "year") else []))
    book.close()
    return path


def kinds(found: SampleSet) -> list[tuple[str, int, str]]:
    return [(problem.kind, problem.line, problem.field) for problem in found.problems]


# ---- Kinds of file


def test_json_lines_keep_every_field(tmp_path: Path) -> None:
    record = {
        "id": "a1", "text": CLOSING, "title": "Usine", "date": "2024-02-01", "voice": "earned", "platform": "forum", "author": "u1",
        "thread": "f3", "group": "g", "labs": ["zuzule"], "medicines": [], "themes": ["industry", "scandals"], "primary_theme": "industry",
        "sub_themes": ["plants_sovereignty"], "sentiment": "negative", "sentiment_by_lab": {"zuzule": "negative"}, "adverse_event": False,
        "effects": [], "tags": ["irony"], "annotator": "anne", "source": "forum",
    }  # fmt: skip
    (sample,) = read(jsonl(tmp_path / "s.jsonl", record)).samples
    lists = ("labs", "medicines", "themes", "sub_themes", "effects", "tags")
    assert {name: getattr(sample, name) for name in record} == record | {name: tuple(record[name]) for name in lists}  # type: ignore[arg-type]
    assert sample.at == "s.jsonl, line 1"


@pytest.mark.parametrize(("sign", "encoding"), [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16"), (";", "utf-8-sig")])
def test_a_spreadsheet_saved_as_csv_is_read_whatever_its_dialect(tmp_path: Path, sign: str, encoding: str) -> None:
    header = ["TEXTE", "Thème principal", "themes", "Sentiment", "adverse_event", "sentiment_by_lab"]
    row = ["L'été, j'ai eu des nausées sous Zuzumol", "pathologies", "pathologies|scandals", "Négatif", "VRAI", "zuzule=negative|bidule=neutre"]
    path = tmp_path / "s.txt"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=sign).writerows([header, row, [""] * 6])
    (sample,) = read(path).samples
    assert (sample.text, sample.primary_theme, sample.themes) == (row[0], "pathologies", ("pathologies", "scandals"))
    assert (sample.sentiment, sample.adverse_event, sample.sentiment_by_lab) == ("negative", True, {"zuzule": "negative", "bidule": "neutral"})


@pytest.mark.parametrize(("cell", "expected"), [("true", True), ("VRAI", True), ("Oui", True), ("1", True), ("faux", False), ("NON", False),
                                                ("0", False), ("False", False), ("", None)])  # fmt: skip
def test_truth_is_said_in_french_english_or_figures(tmp_path: Path, cell: str, expected: bool | None) -> None:
    (sample,) = read(text_file(tmp_path / "s.csv", f"texte,sentiment,adverse_event\n{CLOSING},negative,{cell}\n")).samples
    assert sample.adverse_event is expected


def test_an_empty_cell_is_a_label_not_given(tmp_path: Path) -> None:
    (sample,) = read(text_file(tmp_path / "s.csv", f"text,themes,sentiment,labs,adverse_event\n{CLOSING},,negative, ,\n")).samples
    assert (sample.themes, sample.primary_theme, sample.labs, sample.adverse_event) == (None, None, None, None)


def test_a_spreadsheet_gives_ids_dates_and_booleans_as_words(tmp_path: Path) -> None:
    from datetime import date

    header = ["id", "texte", "date", "themes", "adverse_event"]
    rows: list[list[Any]] = [["Export du lundi"], header, [12, CLOSING, date(2024, 3, 5), "industry", True], [None, " "]]
    found = read(xlsx(tmp_path / "s.xlsx", rows))
    (sample,) = found.samples
    assert (sample.id, sample.date, sample.themes, sample.adverse_event) == ("12", "2024-03-05", ("industry",), True)
    assert sample.at == "s.xlsx, line 3"


def test_ids_that_are_numbers_become_words(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "s.jsonl", {"id": 7, "text": "Un", "sentiment": "neutral"}, {"id": 8.0, "text": "Deux", "sentiment": "neutral"}))
    assert [sample.id for sample in found.samples] == ["7", "8"]


def test_a_list_of_objects_is_read_as_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("\ufeff" + json.dumps([{"text": "Un", "themes": ["causes"]}, {"text": "Deux", "themes": ["pluie"]}], indent=1), encoding="utf-8")
    found = read(path)
    assert [sample.themes for sample in found.samples] == [("causes",)]
    assert listing(found)[0].startswith("s.json, item 2: unknown theme 'pluie'")


def test_a_reviewed_parquet_table_keeps_its_maps(tmp_path: Path) -> None:
    rows = {
        "source_file": ["e", "e"], "source_row": [1, 2], "id": ["1", "2"], "text": [CLOSING, "Pluie"], "tags": [["outil"], []],
        "labs": [["zuzule"], []], "medicines": [["zuzumol=zuzule"], []], "themes": [["industry"], ["other"]],
        "sentiment_by_lab": pa.array([[("zuzule", "negative")], []], type=pa.map_(pa.string(), pa.string())),
        "adverse_event": [False, False], "theme_scores": [[0.9], [0.1]], "model": ["m", "m"], "annotator": ["anne", None],
    }  # fmt: skip
    parquet.write_table(pa.table(rows), tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet")
    (sample,) = found.samples
    assert (sample.sentiment_by_lab, sample.medicines, sample.tags, sample.annotator) == ({"zuzule": "negative"}, ("zuzumol",), (), "anne")
    assert found.skipped == {"row without annotator": 1}


# ---- Tables of ours


def test_in_our_own_table_only_rows_with_an_annotator_count(tmp_path: Path) -> None:
    header = "source_file,source_row,id,text,tags,primary_theme,themes,vendor_sentiment,sentiment,evidence,p_other,theme_scores,model,annotator"
    rows = ["e.csv,1,1,'=SOMME rendue par Zuzule,outil,scandals,industry,positive,negative,industry:usine,0.1,industry=0.9,m1,anne",
            "e.csv,2,2,Il pleut,outil,other,other,,neutral,,0.9,other=0.9,m1,",
            "e.csv,3,3,Il neige,outil,other,other,,neutral,,0.9,other=0.9,m1,   "]  # fmt: skip
    found = read(text_file(tmp_path / "t.csv", "\n".join([header, *rows]), "utf-8-sig"))
    (sample,) = found.samples
    assert (sample.text, sample.sentiment, sample.tags, sample.annotator) == ("=SOMME rendue par Zuzule", "negative", (), "anne")
    assert (sample.primary_theme, sample.themes) == ("scandals", ("scandals", "industry"))
    assert found.skipped == {"row without annotator": 2}
    assert kinds(found) == [("repaired", 2, "themes")]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_in_a_reviewed_table_of_ours_an_empty_list_means_none(tmp_path: Path, kind: str) -> None:
    row = {"source_file": "e", "source_row": "1", "text": CLOSING, "labs": "", "themes": "other", "sub_themes": "", "effects": "",
           "model": "m", "annotator": "anne"}  # fmt: skip
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        text_file(path, ",".join(row) + "\n" + ",".join(row.values()) + "\n")
    else:
        jsonl(path, {**row, "labs": [], "themes": ["other"], "sub_themes": [], "effects": []})
    (sample,) = read(path).samples
    assert (sample.labs, sample.sub_themes, sample.effects, sample.sentiment) == ((), (), None, None)


@pytest.mark.parametrize("column", ["drawn", "suspect_field"])
def test_in_a_file_made_for_annotators_only_rows_with_an_annotator_count(tmp_path: Path, column: str) -> None:
    content = f"text,sentiment,{column},annotator\n'=Un texte,negative,x,anne\nDeux,neutral,x,\n"
    found = read(text_file(tmp_path / "s.csv", content))
    assert [sample.text for sample in found.samples] == ["=Un texte"]
    assert found.skipped == {"row without annotator": 1}


def test_an_apostrophe_in_a_foreign_file_stays(tmp_path: Path) -> None:
    assert read(text_file(tmp_path / "s.csv", "text,sentiment\n'-20 % chez Zuzule',neutral\n")).samples[0].text == "'-20 % chez Zuzule'"


@pytest.mark.parametrize("columns", [{}, {"annotator": " "}])
def test_a_table_that_nobody_reviewed_is_refused(tmp_path: Path, columns: dict[str, str]) -> None:
    path = jsonl(tmp_path / "t.jsonl", {**OURS, "text": CLOSING, "themes": ["industry"], **columns})
    with pytest.raises(SampleError, match=r"^t\.jsonl: no row has an 'annotator'.*write a name in the column 'annotator'"):
        read(path)


# ---- A label set of one's own


@pytest.mark.parametrize(("given", "own"), [
    ("prix|accès", ("prix", "accès")), (["prix", "accès"], ("prix", "accès")), (3, ("3",)), (True, ("true",)),
])  # fmt: skip
def test_the_users_own_column_replaces_every_other_label(tmp_path: Path, given: Any, own: tuple[str, ...]) -> None:
    found = read(jsonl(tmp_path / "s.jsonl", {"text": CLOSING, "Sujet": given, "themes": ["industry"], "sentiment": "negative"}), label="sujet")
    (sample,) = found.samples
    assert (sample.own, sample.themes, sample.sentiment) == (own, None, None)


def test_one_of_our_fields_can_be_the_users_own(tmp_path: Path) -> None:
    (sample,) = read(text_file(tmp_path / "s.csv", f"text;sentiment\n{CLOSING};mitigé\n", "cp1252"), label="sentiment").samples
    assert (sample.own, sample.sentiment) == (("mitigé",), None)


def test_the_listening_tools_tags_can_be_the_users_own_labels(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "t.jsonl", {**OURS, "text": CLOSING, "tags": ["usines"], "annotator": "anne"})
    assert [(sample.own, sample.tags) for sample in read(path, label="tags").samples] == [(("usines",), ())]


def test_a_row_without_an_own_label_is_skipped_and_counted(tmp_path: Path) -> None:
    found = read(text_file(tmp_path / "s.csv", "text,label\nUn,#C\nDeux,\n"), label="label")
    assert [sample.own for sample in found.samples] == [("#C",)]
    assert found.skipped == {"no label": 1}


def test_an_own_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=r"s\.csv: no value under 'sujet'.*Found: 'text', 'label'"):
        read(text_file(tmp_path / "s.csv", "text,label\nUn,a\n"), label="sujet")


# ---- What is wrong is listed


@pytest.mark.parametrize(("change", "kind", "field", "message"), [
    ({"themes": ["industry", "animaux"]}, "unknown label", "themes", "unknown theme 'animaux'"),
    ({"themes": None, "primary_theme": "animaux"}, "unknown label", "primary_theme", "unknown primary_theme 'animaux'"),
    ({"sub_themes": ["chats"]}, "unknown label", "sub_themes", "unknown sub-theme 'chats'"),
    ({"sentiment": "mitigé"}, "unknown label", "sentiment", "unknown sentiment 'mitigé'"),
    ({"sentiment_by_lab": {"zuzule": "bof"}}, "unknown label", "sentiment_by_lab", "unknown sentiment 'bof'"),
    ({"adverse_event": "peut-être"}, "unknown label", "adverse_event", "'adverse_event' holds 'peut-être'"),
    ({"themes": 3}, "wrong type", "themes", "'themes' holds 3, where a list of words is expected"),
    ({"labs": ["zuzule", 3]}, "wrong type", "labs", "where a list of words is expected"),
    ({"sentiment": {"a": "b"}}, "wrong type", "sentiment", "where a word is expected"),
    ({"sentiment": True}, "wrong type", "sentiment", "where a word is expected"),
    ({"sentiment": ["positive", "negative"]}, "several values", "sentiment", "where one value is expected"),
    ({"sentiment_by_lab": ["negative"]}, "wrong type", "sentiment_by_lab", "pairs such as sanofi=negative"),
    ({"sentiment_by_lab": "zuzule"}, "wrong type", "sentiment_by_lab", "pairs such as sanofi=negative"),
    ({"date": ["hier"]}, "wrong type", "date", "where a word is expected"),
    ({"text": " "}, "no text", "text", "no text"),
    ({"text": 3}, "no text", "text", "no text"),
])  # fmt: skip
def test_what_is_wrong_is_listed_with_its_line_and_leaves_the_sample_out(
    tmp_path: Path, change: dict[str, Any], kind: str, field: str, message: str
) -> None:
    good = {"text": CLOSING, "themes": ["industry"], "sentiment": "negative"}
    found = read(jsonl(tmp_path / "s.jsonl", {**good, "text": "Un autre"}, {**good, **change}))
    assert [sample.text for sample in found.samples] == ["Un autre"]
    assert kinds(found) == [(kind, 2, field)]
    assert listing(found)[0].startswith("s.jsonl, line 2: ") and message in listing(found)[0]


def test_each_unknown_label_of_a_row_is_listed(tmp_path: Path) -> None:
    found = read(text_file(tmp_path / "s.csv", "text,themes,sentiment\nUn,pluie|neige,bof\n"))
    messages = [problem.message.split(".")[0] for problem in found.problems]
    assert messages == ["unknown theme 'pluie'", "unknown theme 'neige'", "unknown sentiment 'bof'"]
    assert found.samples == ()


def test_lines_that_cannot_be_read_are_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = text_file(tmp_path / "s.jsonl", '{"text": "Un", "sentiment": "neutral"}\n{"text": \n\n[3]\n{"text": "Deux", "sentiment": "neutral"}\n')
    found = read(path)
    assert [sample.text for sample in found.samples] == ["Un", "Deux"]
    assert kinds(found) == [("unreadable", 2, ""), ("unreadable", 4, "")]


def test_a_csv_row_with_too_many_cells_is_listed(tmp_path: Path) -> None:
    found = read(text_file(tmp_path / "s.csv", "text,sentiment\nUn, deux, trois,neutral\nQuatre,neutral\n"))
    assert kinds(found) == [("unreadable", 2, "")]
    assert [sample.text for sample in found.samples] == ["Quatre"]


@pytest.mark.parametrize(("given", "themes", "primary"), [
    ({"themes": ["industry"], "primary_theme": "scandals"}, ("scandals", "industry"), "scandals"),
    ({"themes": ["other", "causes"]}, ("causes",), "causes"),
    ({"themes": ["other", "causes"], "primary_theme": "other"}, ("other",), "other"),
    ({"themes": ["causes"], "primary_theme": "other"}, ("other",), "other"),
    ({"themes": ["industry"], "sub_themes": ["cancer"]}, ("industry", "pathologies"), None),
    ({"themes": ["other"], "sub_themes": ["cancer"]}, ("pathologies",), "pathologies"),
])  # fmt: skip
def test_a_contradiction_with_one_way_out_is_repaired_and_listed(
    tmp_path: Path, given: dict[str, Any], themes: tuple[str, ...], primary: str | None
) -> None:
    found = read(jsonl(tmp_path / "s.jsonl", {"text": CLOSING, **given}))
    (sample,) = found.samples
    assert (sample.themes, sample.primary_theme) == (themes, primary)
    assert {problem.kind for problem in found.problems} == {"repaired"}


def test_a_sub_theme_beside_a_primary_other_is_removed_and_listed(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "s.jsonl", {"text": CLOSING, "themes": ["other"], "primary_theme": "other", "sub_themes": ["cancer", "off_topic"]}))
    assert (found.samples[0].themes, found.samples[0].sub_themes) == (("other",), ("off_topic",))
    assert kinds(found) == [("repaired", 1, "sub_themes")]


@pytest.mark.parametrize(("themes", "primary"), [(["causes"], "causes"), (["causes", "industry"], None), ([], None)])
def test_the_primary_theme_is_the_only_theme_and_never_guessed_among_several(tmp_path: Path, themes: list[str], primary: str | None) -> None:
    found = read(jsonl(tmp_path / "s.jsonl", {"text": CLOSING, "themes": themes, "sentiment": "neutral"}))
    assert found.samples[0].primary_theme == primary
    assert found.problems == ()


def test_french_labels_are_known_whatever_their_case_and_accents(tmp_path: Path) -> None:
    (sample,) = read(text_file(tmp_path / "s.csv", "texte,Thèmes,sous-thèmes\nUn,GRANDES CAUSES|pathologies,diabete et obesite\n")).samples
    assert (sample.themes, sample.sub_themes) == (("causes", "pathologies"), ("diabetes_obesity",))


# ---- Copies of one text


def test_identical_copies_are_merged_and_counted(tmp_path: Path) -> None:
    a = jsonl(tmp_path / "a.jsonl", {"id": "1", "text": CLOSING, "sentiment": "negative", "annotator": "anne", "tags": ["x"]})
    b = jsonl(tmp_path / "b.jsonl", {"id": "2", "text": f"RT @zut: {CLOSING.upper()} https://t.co/x", "sentiment": "negative", "annotator": "bruno",
                                     "adverse_event": False, "group": "g", "tags": ["y"]})  # fmt: skip
    found = read(a, b)
    (sample,) = found.samples
    assert (sample.id, sample.text, sample.adverse_event, sample.group, sample.tags) == ("1", CLOSING, False, "g", ("x", "y"))
    assert (found.merged, found.problems, len(found.read)) == (1, (), 2)


@pytest.mark.parametrize(("first", "second", "kind"), [("anne", "bruno", "contradiction"), ("anne", "anne", "duplicate"), (None, None, "duplicate")])
def test_copies_that_differ_are_listed_with_their_values_and_the_field_is_left_out(
    tmp_path: Path, first: str | None, second: str | None, kind: str
) -> None:
    a = jsonl(tmp_path / "a.jsonl", {"text": CLOSING, "sentiment": "negative", "adverse_event": False, "annotator": first})
    b = jsonl(tmp_path / "b.jsonl", {"text": "Il pleut.", "sentiment": "neutral"}, {"text": CLOSING, "sentiment": "neutral", "annotator": second})
    found = read(a, b)
    assert [(sample.sentiment, sample.adverse_event) for sample in found.samples] == [(None, False), ("neutral", None)]
    (problem,) = found.problems
    assert (problem.file, problem.line, problem.kind, problem.field) == ("b.jsonl", 2, kind, "sentiment")
    assert "negative (a.jsonl, line 1" in problem.message and "neutral (b.jsonl, line 2" in problem.message
    assert [sample.sentiment for sample in found.read] == ["negative", "neutral", "neutral"]


def test_the_order_of_themes_is_no_contradiction(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "a.jsonl", *({"text": CLOSING, "themes": themes} for themes in (["causes", "industry"], ["industry", "causes"]))))
    assert (found.samples[0].themes, found.problems, found.merged) == (("causes", "industry"), (), 1)


def test_a_text_with_nothing_but_contradictions_is_dropped_and_counted(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "a.jsonl", *({"text": CLOSING, "sentiment": said} for said in ("positive", "negative"))))
    assert (found.samples, found.skipped, found.merged) == ((), {"text with nothing but contradictions": 1}, 1)


def test_a_primary_theme_and_themes_of_two_copies_must_fit(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"primary_theme": "industry"}, {"themes": ["causes", "scandals"], "sentiment": "negative"}]
    found = read(jsonl(tmp_path / "a.jsonl", *({"text": CLOSING, **record} for record in records)))
    (sample,) = found.samples
    assert (sample.primary_theme, sample.themes, sample.sentiment) == (None, None, "negative")
    assert kinds(found) == [("contradiction", 1, "primary_theme")]


def test_texts_of_links_alone_are_not_one_text(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "a.jsonl", *({"text": f"https://exemple.fr/{n}", "sentiment": "neutral"} for n in range(2))))
    assert len(found.samples) == 2


def test_copies_that_differ_by_a_handle_may_name_other_labs(tmp_path: Path) -> None:
    records = [{"text": f"Merci @{lab} !", "labs": [lab], "sentiment": "positive"} for lab in ("zuzule", "bidule")]
    found = read(jsonl(tmp_path / "a.jsonl", *records))
    assert [(sample.text, sample.labs, sample.sentiment) for sample in found.samples] == [("Merci @zuzule !", ("zuzule",), "positive")]
    assert found.problems == ()


def test_the_title_of_a_copy_is_not_put_before_the_whole_text(tmp_path: Path) -> None:
    records = [{"text": "RUPTURE\nIl en manque."}, {"title": "Rupture", "text": "Il en manque."}]
    found = read(jsonl(tmp_path / "a.jsonl", *({**record, "sentiment": "neutral"} for record in records)))
    assert [(sample.title, sample.text, found.merged) for sample in found.samples] == [(None, "RUPTURE\nIl en manque.", 1)]


def test_another_title_makes_another_text(tmp_path: Path) -> None:
    found = read(jsonl(tmp_path / "a.jsonl", *({"text": "Voir plus", "title": title, "sentiment": "neutral"} for title in ("Un", "Deux"))))
    assert [sample.title for sample in found.samples] == ["Un", "Deux"]


def test_a_corrected_suspect_wins_over_the_sample_it_corrects(tmp_path: Path) -> None:
    samples = jsonl(tmp_path / "a.jsonl", {"text": CLOSING, "sentiment": "positive", "themes": ["industry"]})
    head = "suspect_field,text,primary_theme,themes,sentiment,annotator\n"
    rows = f"sentiment,{CLOSING},industry,industry,negative,anne\nprimary_theme,{CLOSING},scandals,industry,positive,anne\n"
    found = read(samples, text_file(tmp_path / "b.csv", head + rows))
    (sample,) = found.samples
    assert (sample.sentiment, sample.primary_theme, sample.themes) == ("negative", "scandals", ("scandals", "industry"))
    corrected = [problem for problem in found.problems if problem.kind == "corrected"]
    assert [problem.field for problem in corrected] == ["themes", "primary_theme", "sentiment"]
    assert "'sentiment' is now 'negative' instead of 'positive'" in corrected[2].message


# ---- Files that give nothing


@pytest.mark.parametrize(("content", "message"), [
    ("", "s.csv: empty"),
    ("text,sentiment\n", r"s\.csv: no label \(no row\)"),
    ("auteur,sentiment\nanne,neutral\n", r"s\.csv: no text in any row\. Name the column .* 'text' or 'texte'\. Found: 'auteur', 'sentiment'"),
    ("text,auteur\nUn,anne\n", r"s\.csv: no label \(1 × no label\)\. Name a column themes.* or pass --label COLUMN\. Found: 'text', 'auteur'"),
    ("[[1]", "s.csv: "),
    ('[{"text": "Un"', "s.csv, line 1: not JSON"),
])  # fmt: skip
def test_a_file_that_gives_nothing_is_refused_with_the_reason(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        read(text_file(tmp_path / "s.csv", content))


@pytest.mark.parametrize("content", [b"PK\x03\x04 rien", b"PAR1 rien", b"\xd0\xcf\x11\xe0 rien"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.xlsx").write_bytes(content)
    with pytest.raises(SampleError, match=r"s\.xlsx: not a readable"):
        read(tmp_path / "s.xlsx")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=r"absent\.csv: no such file"):
        read(tmp_path / "absent.csv")


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        jsonl(tmp_path / folder / "s.jsonl", {"text": CLOSING, "sentiment": "bof"}, {"text": "Un", "sentiment": "neutral"})
    lines = listing(read(tmp_path / "a/s.jsonl", tmp_path / "b/s.jsonl"))
    assert [line.split(", line")[0] for line in lines] == [str(tmp_path / "a/s.jsonl"), str(tmp_path / "b/s.jsonl")]


def test_problems_are_written_for_excel_without_formulas(tmp_path: Path) -> None:
    write_problems(tmp_path / "p.csv", [Problem("s.csv", 3, "unknown label", "themes", "=1+1 été")])
    assert (tmp_path / "p.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "p.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["file", "line", "kind", "field", "message"], ["s.csv", "3", "unknown label", "themes", "'=1+1 été"]]
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


NAMES = st.sampled_from([
    "text", "id", "label", "labels", "themes", "primary_theme", "sentiment", "adverse_event", "sentiment_by_lab", "annotator", "annotation_id",
    "answer", "accept", "_input_hash", "data", "annotations", "completed_by", "result", "Comments", "drawn", "tags", "meta", "type", "value",
    "choices",
])  # fmt: skip
WORDS = st.sampled_from(["accept", "reject", "causes", "negative", "choices", "Bonjour", "a|b", "x=y", "", "["])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(NAMES, JSON, min_size=1, max_size=8), min_size=1, max_size=4))
def test_whatever_json_holds_the_samples_are_sound_or_the_file_is_refused(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    path = jsonl(tmp_path_factory.getbasetemp() / "fuzz.jsonl", *records)
    try:
        found = read(path)
    except SampleError as error:
        assert str(error).startswith("fuzz.jsonl")
        return
    for sample in found.samples:
        assert isinstance(sample, Sample) and sample.text.strip() and isinstance(sample.id, str)
        assert set(sample.themes or ()) <= set(TAXONOMY.theme_ids)
        assert sample.sentiment in (None, "negative", "neutral", "positive")
        assert sample.themes is None or sample.primary_theme is None or sample.primary_theme in sample.themes
