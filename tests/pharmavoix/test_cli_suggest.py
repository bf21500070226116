"""`pharmavoix suggest`, from the words typed to the file written; no model runs."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from pharmavoix import suggestions
from pharmavoix.cli import main
from pharmavoix.table import COLUMNS
from pharmavoix.writers import open_writer
from seeds.taxonomy import read_taxonomy
from tests.training.invented import invented_texts
from training.samples import read_sample_files
from training.suggest import SuggestConfig

ROOT = Path(__file__).parents[2]
THEMES = read_taxonomy().theme_ids
LABS = ("sanofi", "roche", "servier", "pfizer")
ROWS = 300


@dataclass(frozen=True)
class Answer:
    status: int
    err: str


Run = Callable[..., Answer]


def row(at: int, text: str) -> dict[str, Any]:
    """A row as classify writes it: each third one doubtful, each lab, theme and voice in its turn."""
    doubtful, theme, lab = at % 3 == 0, THEMES[at % 6], LABS[at % 4]
    p = {f"p_{t}": 0.02 for t in THEMES} | {f"p_{theme}": 0.48 if doubtful else 0.9, f"p_{THEMES[at % 6 - 1]}": 0.44 if doubtful else 0.02}
    values = {
        "source_file": "export.csv", "source_row": at + 1, "id": f"{1290000000000000000 + at}", "date": f"2024-{at % 12 + 1:02d}-05",
        "platform": ("twitter", "forum", "web")[at % 3], "voice": "earned" if at % 5 else "owned", "owner": None if at % 5 else lab,
        "text": text, "language": "fr", "likes": 12.0, "interactions": 12.5, "tags": ["vaccin", "à relire"], "labs": [lab, "bayer"],
        "medicines": ["doliprane=sanofi"], "primary_theme": theme, "themes": [theme], "sub_themes": [], "sentiment": "neutral",
        "sentiment_by_lab": {lab: "neutral", "bayer": "negative"}, "adverse_event": at % 10 == 0, "effects": [], "needs_review": doubtful,
        "evidence": ["industry:mot"], **p, "p_negative": 0.1, "p_neutral": 0.8, "p_positive": 0.1,
        "p_adverse_event": 0.3 if at % 10 == 0 else 0.01, "theme_scores": {theme: 0.75, "other": 0.125}, "model": "m1",
    }  # fmt: skip
    return {column: values.get(column) for column in COLUMNS}


TEXTS = invented_texts(ROWS)
TABLE = [row(at, text) for at, text in enumerate(TEXTS)]


def write(name: str, rows: Sequence[dict[str, Any]] = TABLE, **options: Any) -> str:
    with open_writer(name, **options) as writer:
        writer.write(rows)
    return name


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def suggest(here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def typed(*arguments: str, count: int = 40, out: str = "s.jsonl") -> Answer:
        monkeypatch.setattr(sys, "argv", ["pharmavoix", "suggest", *arguments, "-n", str(count), "-o", out])
        with pytest.raises(SystemExit) as left:
            main()
        return Answer(int(left.value.code or 0), capfd.readouterr().err)

    return typed


def suggested(path: str = "s.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def cells(path: str, delimiter: str = ",") -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def refused(answer: Answer, *said: str) -> None:
    assert answer.status == 2
    assert answer.err.count("\n") == 1 and answer.err.startswith("pharmavoix: ")
    for part in said:
        assert part in answer.err


def test_the_file_has_our_columns_then_an_empty_annotator_and_why_each_was_drawn(suggest: Run) -> None:
    answer = suggest(write("t.csv"), out="s.csv")
    assert answer.status == 0
    table = cells("s.csv")
    assert tuple(table[0]) == (*COLUMNS, "annotator", "drawn")
    assert {each["annotator"] for each in table} == {""}
    assert Counter(each["drawn"] for each in table) == {"random": 8, "doubt": 22, "variety": 10}
    assert len({each["text"] for each in table}) == 40
    assert "40 posts of 300 rows: 22 of doubt, 10 of variety, 8 drawn at random from 300 distinct texts in French" in answer.err


def test_doubt_takes_what_asks_for_review_and_the_whole_spreads(suggest: Run) -> None:
    suggest(write("t.csv"))
    table = suggested()
    assert all(each["needs_review"] or each["p_adverse_event"] > 0.1 for each in table if each["drawn"] == "doubt")
    assert {each["primary_theme"] for each in table} == set(THEMES)
    assert {(each["owner"] or each["labs"][0]) for each in table} == set(LABS)
    assert {each["voice"] for each in table} == {"owned", "earned"}
    assert len({each["date"][:7] for each in table}) >= 10


KINDS = {
    "t.csv": {}, "fr.csv": {"excel_fr": True}, "t.xlsx": {}, "t.jsonl": {}, "t.parquet": {}, "parts": {},
}  # fmt: skip


@pytest.mark.parametrize(("name", "options"), KINDS.items(), ids=KINDS)
def test_each_kind_of_table_gives_the_same_rows_with_lists_maps_and_numbers_whole(suggest: Run, name: str, options: dict[str, Any]) -> None:
    assert suggest(write(name, **options)).status == 0
    known = {each["id"]: each for each in TABLE}
    table = suggested()
    assert len(table) == 40
    for each in table:
        assert {column: each[column] for column in COLUMNS} == known[each["id"]]
    found = [(each["id"], each["drawn"]) for each in table]
    suggest(write("again.jsonl"))
    assert found == [(each["id"], each["drawn"]) for each in suggested()]


def test_a_folder_may_hold_many_parts_and_inputs_may_be_many(suggest: Run) -> None:
    with open_writer("parts") as writer:
        writer.write(TABLE[:100])
        writer.write(TABLE[100:200])
    answer = suggest("parts", write("t.csv", TABLE[150:]))
    assert "of 350 rows" in answer.err and "300 distinct texts" in answer.err


def test_a_long_reading_says_how_far_it_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pharmavoix.suggestions._TELL_EVERY", 100)
    said: list[str] = []
    suggestions.suggest([write("t.csv", TABLE[:250])], "s.csv", SuggestConfig(5), tell=said.append)
    assert said == ["suggest: 100 rows read, in t.csv", "suggest: 200 rows read, in t.csv"]


def test_further_sheets_of_a_spreadsheet_are_read(suggest: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pharmavoix.writers._XlsxWriter._ROWS", 101)
    write("t.xlsx", TABLE[:250])
    assert CalamineWorkbook.from_path("t.xlsx").sheet_names == ["posts", "posts 2", "posts 3"]
    assert "of 250 rows" in suggest("t.xlsx").err


def test_a_formula_in_a_text_is_defused_and_the_text_comes_back(suggest: Run) -> None:
    rows = [{**TABLE[0], "text": "=1+1 comprimé, dit la notice", "author": "@zoe"}]
    suggest(write("t.csv", rows), out="s.csv", count=1)
    (line,) = cells("s.csv")
    assert (line["text"], line["author"]) == ("'=1+1 comprimé, dit la notice", "'@zoe")
    suggest("s.csv", count=1)
    assert suggested()[0]["text"] == "=1+1 comprimé, dit la notice"


@pytest.mark.parametrize("out", ["s.csv", "s.xlsx", "s.jsonl"])
def test_what_is_suggested_is_a_sample_file_once_somebody_signs_it(suggest: Run, out: str) -> None:
    suggest(write("t.csv"), out="s.jsonl")
    rows = suggested()
    for each in rows[:3]:
        each["annotator"] = "Zoé"
    write(out, rows, extra=("annotator", "drawn"))
    samples = read_sample_files([Path(out)], taxonomy=read_taxonomy())
    assert {sample.text for sample in samples.samples} == {each["text"] for each in rows[:3]}
    assert sum(samples.skipped.values()) == 37


def test_excel_fr_writes_semicolons_and_decimal_commas(suggest: Run) -> None:
    suggest(write("t.csv"), "--excel-fr", out="s.csv")
    assert {each["interactions"] for each in cells("s.csv", ";")} == {"12,5"}


def test_label_studio_gets_tasks_with_predictions_and_the_labelling_page(suggest: Run) -> None:
    answer = suggest(write("t.csv"), "--to", "label-studio", out="s.json")
    assert answer.status == 0 and "s.json.config.xml" in answer.err
    tasks = json.loads(Path("s.json").read_text("utf-8"))
    known = {each["id"]: each for each in TABLE}
    assert Counter(task["data"]["drawn"] for task in tasks) == {"random": 8, "doubt": 22, "variety": 10}
    for task in tasks:
        said = {answer["from_name"]: answer["value"]["choices"] for answer in task["predictions"][0]["result"]}
        given = known[task["data"]["id"]]
        assert task["data"]["text"] == given["text"]
        assert (said["primary_theme"], said["adverse_event"]) == ([given["primary_theme"]], [str(given["adverse_event"]).lower()])
    page = ElementTree.fromstring(Path("s.json.config.xml").read_text("utf-8"))
    assert {choice.get("value") for choice in page.iter("Choice")} > set(THEMES)


def test_more_asked_than_there_are_gives_all_of_them_and_says_so(suggest: Run) -> None:
    answer = suggest(write("t.csv", TABLE[:30] + TABLE[:10]), count=100)
    assert answer.status == 0
    assert "30 posts of 40 rows" in answer.err and "100 were asked" in answer.err
    assert len(suggested()) == 30


def test_what_was_annotated_is_not_suggested_again(suggest: Run) -> None:
    write("t.csv")
    suggest("t.csv", out="first.jsonl")
    first = [{**each, "annotator": "Zoé", "primary_theme": "other"} for each in suggested("first.jsonl")]
    answer = suggest("t.csv", write("signed.csv", first, extra=("annotator", "drawn")))
    assert not {each["text"] for each in first} & {each["text"] for each in suggested()}
    assert "40 texts were left out: they have an annotator already" in answer.err
    assert "from 260 distinct texts" in answer.err


def test_annotations_count_whichever_input_holds_them(suggest: Run) -> None:
    signed = [{**each, "annotator": "Zoé"} for each in TABLE if each["id"][-3:] not in ("100", "177", "254")]
    answer = suggest(write("t.csv"), write("signed.csv", signed, extra=("annotator", "drawn")), count=3)
    assert {each["id"][-3:] for each in suggested()} == {"100", "177", "254"}
    assert "from 3 distinct texts" in answer.err and "297 texts were left out" in answer.err


def test_annotations_are_never_overwritten(suggest: Run) -> None:
    write("t.csv")
    suggest("t.csv", out="s.xlsx")
    assert suggest("t.csv", out="s.xlsx").status == 0  # nobody has written in it
    write("s.xlsx", [{**TABLE[0], "annotator": "Zoé"}], extra=("annotator", "drawn"))
    before = Path("s.xlsx").read_bytes()
    refused(suggest("t.csv", out="s.xlsx"), "s.xlsx: holds somebody's annotations", "Choose another name")
    assert Path("s.xlsx").read_bytes() == before


def test_rows_in_other_languages_wait_until_nothing_else_is_left(suggest: Run) -> None:
    rows = [{**each, "language": "en" if at % 2 else None} for at, each in enumerate(TABLE[:60])]
    suggest(write("t.jsonl", rows), count=30)
    assert {each["language"] for each in suggested()} == {None}
    assert "10 of them are not in French" in suggest("t.jsonl", count=40).err


def test_a_table_saved_again_by_a_french_spreadsheet_is_read(suggest: Run, here: Path) -> None:
    write("t.csv", TABLE[:60], excel_fr=True)
    text = Path("t.csv").read_text("utf-8-sig").replace(";true;", ";VRAI;").replace(";false;", ";FAUX;")
    Path("t.csv").write_bytes(text.encode("cp1252"))
    assert suggest("t.csv", count=60).status == 0
    assert {each["id"]: each["needs_review"] for each in suggested()} == {each["id"]: each["needs_review"] for each in TABLE[:60]}


def test_a_row_that_cannot_be_read_is_said_with_status_1(suggest: Run) -> None:
    write("t.jsonl", TABLE[:50])
    lines = Path("t.jsonl").read_text("utf-8").splitlines()
    Path("t.jsonl").write_text("\n".join([*lines[:20], lines[20][:40], *lines[21:]]), "utf-8")
    answer = suggest("t.jsonl", count=10)
    assert answer.status == 1
    assert "1 rows could not be read. First: t.jsonl, line 21: not JSON" in answer.err
    assert len(suggested()) == 10


def test_an_export_that_was_not_classified_is_refused(suggest: Run) -> None:
    Path("export.csv").write_text("id,texte,langue\n1,Bonjour,fr\n", "utf-8")
    answer = suggest("export.csv")
    refused(answer, "export.csv: not a table of labelled posts, without 'text', 'language', 'adverse_event'", "Run `pharmavoix classify` on it first")
    assert not Path("s.jsonl").exists()


def test_a_cell_that_is_no_number_is_named(suggest: Run) -> None:
    write("t.csv", TABLE[:5])
    text = Path("t.csv").read_text("utf-8-sig").replace("0.48", "moitié", 1)
    Path("t.csv").write_text(text, "utf-8-sig")
    refused(suggest("t.csv"), "t.csv, line 2: 'p_pathologies' is 'moitié', where a number is expected")


@pytest.mark.parametrize(("arguments", "out", "said"), [
    (("t.csv", "--to", "excel"), "s.csv", "--to 'excel': choose table or label-studio"),
    (("t.csv",), "s.parquet", "s.parquet: --to table writes .csv or .jsonl or .xlsx"),
    (("t.csv", "--to", "label-studio"), "s.csv", "s.csv: --to label-studio writes .json"),
    (("t.csv",), "nowhere/s.csv", "the folder 'nowhere' does not exist"),
    (("t.csv",), "t.csv", "t.csv: writing it would replace an input"),
    (("t.csv", "--excel-fr"), "s.xlsx", "--excel-fr writes CSV"),
    (("absent.csv",), "s.csv", "absent.csv: no such file"),
    (("empty",), "s.csv", "empty: no Parquet file in this folder"),
    (("blank.csv",), "s.csv", "blank.csv: no post to suggest"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused_in_one_sentence(suggest: Run, here: Path, arguments: Sequence[str], out: str, said: str) -> None:
    write("t.csv", TABLE[:5])
    write("blank.csv", [{**TABLE[0], "text": "https://exemple.fr/a"}])
    (here / "empty").mkdir()
    refused(suggest(*arguments, out=out), said)
    assert not Path("s.csv").exists()


def test_the_help_fits_one_screen_and_ends_with_an_example() -> None:
    command = (sys.executable, "-m", "pharmavoix", "suggest", "--help")
    help = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"}, check=True).stdout
    assert len(help.splitlines()) <= 40
    assert help.rstrip().splitlines()[-1].strip().startswith("Example: pharmavoix suggest")
