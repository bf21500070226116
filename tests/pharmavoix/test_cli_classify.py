"""`pharmavoix classify`, from the words typed to the files written."""

import csv
import hashlib
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from models.classifier import Classifier, load_classifier
from models.store import DEFAULT_MODEL
from pharmavoix import __version__, batch
from pharmavoix.cli import main
from pharmavoix.privacy import Pseudonyms
from pharmavoix.table import COLUMNS

KEY = b"une clef pour les tests"
NAMES = Pseudonyms(KEY)
EXPORT = """id,date,plateforme,auteur,compte,url,texte,langue,likes,partages
1,2024-01-05,twitter,Zoé,@zoe_du_13,https://twitter.com/zoe_du_13/status/1,Encore une rupture de Doliprane chez Sanofi et personne ne répond,fr,3,1
2,2024-02-10,twitter,Sanofi France,@SanofiFR,https://twitter.com/SanofiFR/status/2,Nos équipes se mobilisent pour Octobre rose,fr,10,4
3,2024-03-15,twitter,Max,@max,https://twitter.com/max/status/3,RT @zoe_du_13: Encore une rupture de Doliprane chez Sanofi et personne ne répond https://exemple.fr/a,fr,0,0
4,2024-04-20,forum,Lia,lia,https://exemple.fr/forum/lia/4,Pfizer opens a new research site near Lyon this year,en,,
5,2024-05-25,twitter,Tom,@tom,https://twitter.com/tom/status/5,,fr,1,1
6,2024-06-30,twitter,Ana,@ana,https://twitter.com/ana/status/6,=1+1 n’est pas une posologie,fr,1,1
"""


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with an export and a key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.csv").write_text(EXPORT, encoding="utf-8")
    (tmp_path / "clef").write_bytes(KEY)
    return tmp_path


@pytest.fixture
def run(here: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Types a command; the shipped model is loaded once for all."""

    def loaded(folder: Path, *, threads: int) -> Classifier:
        return classifier if folder == DEFAULT_MODEL else load_classifier(folder, threads=threads)

    def typed(*arguments: str, stdin: str = "") -> Answer:
        monkeypatch.setattr(batch, "load_classifier", loaded)
        monkeypatch.setattr(sys, "argv", ["pharmavoix", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as left:
            main()
        said = capfd.readouterr()
        return Answer(int(left.value.code or 0), said.out, said.err)

    return typed


@pytest.fixture
def classify(run: Run) -> Run:
    """Classifies e.csv unless told otherwise, six rows of which one has no text."""

    def typed(*arguments: str, inputs: tuple[str, ...] = ("e.csv",), out: str = "t.csv", stdin: str = "") -> Answer:
        return run("classify", *inputs, "-o", out, "--key", "clef", "--max-rejected", "1", *arguments, stdin=stdin)

    return typed


def rows(path: str | Path = "t.csv", delimiter: str = ",") -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def ids(path: str = "t.csv") -> list[str]:
    return [row["id"] for row in rows(path)]


def test_rows_are_labelled_in_order_under_the_columns_of_the_contract(classify: Run) -> None:
    assert classify().status == 0
    table = rows()
    assert tuple(table[0]) == COLUMNS
    assert [row["id"] for row in table] == ["1", "2", "3", "4", "6"]
    assert (table[0]["labs"], table[0]["medicines"], table[0]["date"], table[0]["likes"], table[0]["interactions"]) == (
        "sanofi", "doliprane=sanofi", "2024-01-05", "3", "4")  # fmt: skip
    assert (table[3]["labs"], table[3]["language"], table[3]["needs_review"], table[3]["interactions"]) == ("pfizer", "en", "true", "")


def test_the_probabilities_sum_to_one_and_the_primary_theme_is_the_likeliest(classify: Run) -> None:
    classify()
    for row in rows():
        themes = {t: float(row[f"p_{t}"]) for t in ("pathologies", "innovation", "causes", "industry", "scandals", "other")}
        assert sum(themes.values()) == pytest.approx(1, abs=1e-3)
        assert sum(float(row[f"p_{s}"]) for s in ("negative", "neutral", "positive")) == pytest.approx(1, abs=1e-3)
        assert themes[row["primary_theme"]] == max(themes.values())
        assert row["primary_theme"] in row["themes"].split("|")


def read_xlsx() -> list[str]:
    header, *table = CalamineWorkbook.from_path("t.xlsx").get_sheet_by_name("posts").to_python()
    return [str(row[header.index("text")]) for row in table]


READERS: dict[str, Callable[[], list[str]]] = {
    "t.jsonl": lambda: [json.loads(line)["text"] for line in Path("t.jsonl").read_text("utf-8").splitlines()],
    "t.xlsx": read_xlsx,
    "t.parquet": lambda: [row["text"] for row in parquet.read_table("t.parquet").to_pylist()],
    "labels": lambda: [row["text"] for row in parquet.read_table("labels").to_pylist()],
}


@pytest.mark.parametrize("kind", READERS)
def test_every_kind_of_output_holds_the_texts_and_its_companions(classify: Run, kind: str) -> None:
    assert classify(out=kind).status == 0
    assert READERS[kind]() == [row["texte"] for row in csv.DictReader(io.StringIO(EXPORT)) if row["texte"]]
    beside = Path(kind) / "_" if kind == "labels" else Path(f"{kind}.")
    assert [Path(f"{beside}{name}").is_file() for name in ("rejected.csv", "manifest.json")] == [True, True]


def test_a_labelled_table_can_be_classified_again(classify: Run) -> None:
    classify("--keep-authors")
    assert classify("--keep-authors", inputs=("t.csv",), out="u.csv").status == 0
    kept = ("id", "date", "text", "author", "labs", "primary_theme", "sentiment", "p_scandals", "likes", "voice", "duplicate_of")
    assert [[row[c] for c in kept] for row in rows("u.csv")] == [[row[c] for c in kept] for row in rows("t.csv")]


def test_a_dash_reads_standard_input_and_writes_standard_output(classify: Run, here: Path) -> None:
    classify()
    answer = classify(inputs=("-",), out="-", stdin=EXPORT)
    assert answer.status == 0
    table = list(csv.DictReader(io.StringIO(answer.out)))
    assert {row.pop("source_file") for row in table} == {"stdin"}
    assert table == [{c: v for c, v in row.items() if c != "source_file"} for row in rows()]
    assert sorted(path.name for path in here.iterdir()) == ["clef", "e.csv", "t.csv", "t.csv.manifest.json", "t.csv.rejected.csv"]


def test_map_names_a_column_by_hand(classify: Run) -> None:
    classify("--map", "text=auteur", "--map", "id=Plateforme")
    assert (rows()[0]["text"], rows()[0]["id"], rows()[0]["author"]) == ("Zoé", "twitter", "")


def test_since_without_a_date_column_is_refused_not_answered_with_nothing(here: Path, run: Run) -> None:
    (here / "sans.csv").write_text("texte;Date de publicaton\nSanofi recrute;02/03/2024\n", encoding="utf-8")
    answer = run("classify", "sans.csv", "-o", "t.csv", "--since", "2024-01-01", "--key", "clef")
    assert answer.status == 2
    assert "sans.csv: no date column was found" in answer.err
    assert "--map date=COLUMN" in answer.err
    assert not (here / "t.csv").exists()


def test_since_and_until_keep_both_their_days(classify: Run) -> None:
    answer = classify("--since", "2024-02-10", "--until", "2024-04-20")
    assert ids() == ["2", "3", "4"]
    assert "6 rows in = 3 out + 1 rejected + 2 filtered" in answer.err


def test_a_post_without_a_date_is_outside_every_period(classify: Run, here: Path) -> None:
    (here / "e.csv").write_text("id,date,texte\n1,,Encore une rupture\n2,2024-01-01,Encore une rupture\n")
    classify("--since", "2023-01-01")
    assert ids() == ["2"]


@pytest.mark.parametrize("code", ["fr", "FR"])
def test_only_language_keeps_the_posts_of_one_language(classify: Run, code: str) -> None:
    answer = classify("--only-language", code)
    assert ids() == ["1", "2", "3", "6"]
    assert "6 rows in = 4 out + 1 rejected + 1 filtered" in answer.err


@pytest.mark.parametrize(
    ("voice", "expected"),
    [
        ("auto", [("earned", ""), ("owned", "sanofi")]),
        ("owned", [("owned", ""), ("owned", "sanofi")]),
        ("earned", [("earned", ""), ("earned", "")]),
    ],
)
def test_voice_is_by_the_account_or_by_hand(classify: Run, voice: str, expected: list[tuple[str, str]]) -> None:
    classify("--voice", voice)
    assert [(row["voice"], row["owner"]) for row in rows()[:2]] == expected


def test_authors_are_pseudonyms_in_every_column_and_labs_keep_their_names(classify: Run) -> None:
    classify("--keep-source")
    first, lab, _, other, _ = rows()
    assert (first["author"], first["author_handle"]) == (NAMES.name("Zoé"), NAMES.name("zoe_du_13"))
    assert first["url"] == first["src_url"] == f"https://twitter.com/{NAMES.name('zoe_du_13')}/status/1"
    assert other["url"] == f"https://exemple.fr/forum/{NAMES.name('lia')}/4"
    assert (lab["author"], lab["author_handle"], lab["url"]) == ("Sanofi France", "SanofiFR", "https://twitter.com/SanofiFR/status/2")
    assert not [row for row in rows() if "Zoé" in row.values() or "Lia" in row.values()]


def test_keep_authors_keeps_them(classify: Run) -> None:
    classify("--keep-authors")
    assert (rows()[0]["author"], rows()[0]["author_handle"], rows()[0]["url"]) == ("Zoé", "zoe_du_13", "https://twitter.com/zoe_du_13/status/1")


def test_keep_source_appends_the_sources_columns_but_the_authors(classify: Run) -> None:
    classify("--keep-source")
    kept = ("src_id", "src_date", "src_plateforme", "src_url", "src_texte", "src_langue", "src_likes", "src_partages")
    assert tuple(rows()[0])[len(COLUMNS) :] == kept
    assert [row["src_likes"] for row in rows()] == ["3", "10", "0", "", "1"]


def test_excel_fr_writes_what_a_french_spreadsheet_reads(classify: Run) -> None:
    assert classify("--excel-fr").status == 0
    assert all(re.fullmatch(r"0(,\d+)?|1", row["p_causes"]) for row in rows(delimiter=";"))
    assert [row["id"] for row in rows(delimiter=";")] == ["1", "2", "3", "4", "6"]


def test_duplicates_point_to_the_first_and_carry_its_labels(classify: Run) -> None:
    answer = classify()
    assert [row["duplicate_of"] for row in rows()] == ["", "", "1", "", ""]
    labels = [{c: row[c] for c in ("labs", "primary_theme", "sentiment", "p_scandals", "theme_scores")} for row in (rows()[0], rows()[2])]
    assert labels[0] == labels[1]
    assert "4 distinct texts" in answer.err


def test_a_duplicate_points_to_the_id_as_written_when_it_is_an_address(classify: Run, here: Path) -> None:
    content = "compte,url,texte\nlia,https://exemple.fr/lia/1,Encore une rupture\nmax,https://exemple.fr/max/2,RT @lia: ENCORE une rupture https://exemple.fr/a\n"
    (here / "e.csv").write_text(content)
    classify()
    first, second = rows()
    assert second["duplicate_of"] == first["id"] == f"https://exemple.fr/{NAMES.name('lia')}/1"


def test_the_same_post_in_two_exports_is_a_duplicate(classify: Run, here: Path) -> None:
    (here / "f.csv").write_text(EXPORT, encoding="utf-8")
    assert "10 out + 2 rejected" in classify("--max-rejected", "2", inputs=("e.csv", "f.csv")).err
    assert [row["duplicate_of"] for row in rows()] == ["", "", "1", "", "", "1", "2", "1", "4", "6"]


@pytest.mark.slow
def test_two_workers_give_the_rows_of_one(classify: Run, here: Path) -> None:
    texts = [f"Le labo n° {n} annonce {n % 7} postes supprimés, Servier et Pfizer se taisent" for n in range(70)]
    (here / "e.csv").write_text("texte\n" + "".join(f'"{text}"\n' for text in texts), encoding="utf-8")
    assert classify("--workers", "1", out="one.csv").status == 0
    assert classify("--workers", "2", out="two.csv").status == 0
    assert len(rows("one.csv")) == 70
    assert rows("two.csv") == rows("one.csv")


@pytest.mark.parametrize(("limit", "status"), [("0", 1), ("1", 0), ("10%", 1), ("20 %", 0), ("0,2", 0), ("0.1", 1)])
def test_more_rejected_rows_than_accepted_give_status_1_and_the_whole_table(run: Run, limit: str, status: int) -> None:
    answer = run("classify", "e.csv", "-o", "t.csv", "--key", "clef", "--max-rejected", limit)
    assert answer.status == status
    assert len(rows()) == 5
    assert "First rejected: e.csv, line 6: no text: column 'texte' is empty" in answer.err


def test_by_default_one_row_in_a_hundred_may_be_rejected(run: Run) -> None:
    assert run("classify", "e.csv", "-o", "t.csv", "--key", "clef").status == 1


def test_a_rejected_row_is_written_with_its_place_and_reason(classify: Run) -> None:
    classify()
    (row,) = rows("t.csv.rejected.csv")
    assert (row["source_file"], row["source_row"], row["line"], row["column"]) == ("e.csv", "5", "6", "texte")
    assert row["reason"].startswith("no text")


def test_the_manifest_says_what_went_in_what_came_out_and_how(classify: Run, here: Path) -> None:
    classify("--since", "2024-02-01", "--keep-source")
    said = json.loads((here / "t.csv.manifest.json").read_text("utf-8"))
    (given,) = said["inputs"]
    assert (given["file"], given["sha256"]) == ("e.csv", hashlib.sha256((here / "e.csv").read_bytes()).hexdigest())
    assert (given["format"], given["dialect"], given["columns"]["text"]) == ("generic", "utf-8, comma", ["texte"])
    counts = said["counts"]
    assert (counts["rows_in"], counts["rows_out"], counts["rejected"], counts["filtered"]) == (6, 4, 1, 1)
    assert (counts["duplicates"], counts["distinct_texts"]) == (0, 4)
    assert (said["settings"]["since"], said["settings"]["keep_source"], said["out"]) == ("2024-02-01", True, "t.csv")
    assert said["model"]["id"] == rows()[0]["model"]
    assert said["versions"]["pharmavoix"] == __version__
    assert KEY.decode() not in json.dumps(said) and said["seconds"] >= 0


@pytest.fixture(scope="session")
def damaged_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("models") / "damaged"
    shutil.copytree(DEFAULT_MODEL, folder)
    with (folder / "heads.safetensors").open("r+b") as file:
        file.seek(-1, io.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, io.SEEK_END)
        file.write(bytes([last ^ 1]))
    yield folder
    shutil.rmtree(folder)


def refused(answer: Answer, here: Path, *said: str) -> None:
    """Assert status 2, one line that says each of ``said``, and no file beside the inputs."""
    assert answer.status == 2
    assert re.fullmatch(r"pharmavoix: [^\n]+\.\n", answer.err), answer.err
    assert "Traceback" not in answer.err
    for part in said:
        assert part in answer.err
    assert answer.out == ""
    left = [path.name for path in here.rglob("*") if re.search(r"part|manifest|rejected|^t\.|^labels", path.name)]
    assert left == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ("e.csv: empty", "Export it again")),
        ("id,texte\n", ("e.csv: empty, a header without a row below it", "Export it again")),
        ("Date;Note\n2024-01-02;3\n", ("e.csv: no text column among 'Date', 'Note'", "--map text=COLUMN")),
        ('[{"texte": "a"},\n{"texte": ]', ("e.csv, line 2: not JSON", "Export it again")),
        ("[1, 2]", ("e.csv: no JSON object found", "is expected")),
        (b"PK\x03\x04" + bytes(100), ("e.csv: not a readable spreadsheet", "Save it again")),
        (b"\xff\xfe" + ("texte\n" + "bien\n" * 400).encode("utf-16-le") + b"\x00", ("e.csv: not readable as utf-16", "Save it again")),
    ],
)
def test_an_input_that_cannot_be_used_is_refused(classify: Run, here: Path, content: str | bytes, said: tuple[str, ...]) -> None:
    (here / "e.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    refused(classify(), here, *said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "digimond"), ("--format 'digimond'", "Choose among generic, talkwalker")),
        (("--map", "texte=Message"), ("--map 'texte=Message'", "a field among author")),
        (("--map", "text"), ("--map 'text'", "expected FIELD=COLUMN")),
        (("--map", "text=Corps"), ("e.csv: no column 'Corps'", "The columns are 'id'")),
        (("--voice", "paid"), ("--voice 'paid'", "choose auto, owned or earned")),
        (("--delimiter", ";;"), ("--delimiter ';;'", "expected one character")),
        (("--max-rejected", "peu"), ("--max-rejected 'peu'", "a count such as 20 or a share such as 1%")),
        (("--key", "nulle_part"), ("nulle_part: the key cannot be read", "Give a file")),
        (("--model", "nulle_part"), ("nulle_part: no model here", "Give a model folder, or 'default'")),
        (("--model", "."), ("no model here (model.json is missing)", "Give a model folder, or 'default'")),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(classify: Run, here: Path, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    refused(classify(*arguments), here, *said)


@pytest.mark.parametrize(
    ("inputs", "out", "said"),
    [
        (("rien.csv",), "t.csv", ("rien.csv: no such file", "Check the path")),
        (("e.csv", "rien.csv"), "t.csv", ("rien.csv: no such file",)),
        ((".",), "t.csv", (".: a folder, where a file is expected", "Give the files in it")),
        (("e.csv",), "t.txt", ("t.txt: unknown kind '.txt'", "Choose .csv, .jsonl, .parquet, .xlsx, or a folder")),
        (("e.csv",), "nulle_part/t.csv", ("the folder 'nulle_part' does not exist", "Make it first")),
        (("e.csv",), "e.csv", ("e.csv: writing it would replace the input 'e.csv'", "Choose another name")),
        (("e.csv",), "./e.csv", ("would replace the input", "Choose another name")),
        (("e.csv",), ".", ("would replace the input", "Choose another name")),
        (("-",), "t.csv", ("stdin: empty",)),
    ],
)
def test_a_place_that_cannot_be_used_is_refused(classify: Run, here: Path, inputs: tuple[str, ...], out: str, said: tuple[str, ...]) -> None:
    refused(classify(inputs=inputs, out=out), here, *said)
    assert (here / "e.csv").read_text("utf-8") == EXPORT


def test_the_rejected_rows_of_a_table_are_not_read_and_replaced_at_once(classify: Run, here: Path) -> None:
    classify()
    before = (here / "t.csv.rejected.csv").read_bytes()
    assert "would replace the input 't.csv.rejected.csv'" in classify(inputs=("t.csv.rejected.csv",)).err
    assert (here / "t.csv.rejected.csv").read_bytes() == before


def test_a_model_with_one_changed_bit_is_refused(classify: Run, here: Path, damaged_model: Path) -> None:
    answer = classify("--model", str(damaged_model))
    refused(answer, here, "heads.safetensors: damaged, its SHA-256 is not the one in model.json", "Copy the model again")


def test_a_failure_half_way_leaves_the_table_that_was_there(classify: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classify()
    before = {path.name: path.read_bytes() for path in here.iterdir()}

    def full(*ignored: object, **_: object) -> None:
        raise OSError(28, "No space left on device", "t.csv")

    monkeypatch.setattr("pharmavoix.writers._CsvWriter.write", full)
    answer = classify("--keep-authors")
    assert (answer.status, answer.err) == (2, "pharmavoix: t.csv: No space left on device. Check the place and the space left.\n")
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ('{"themes": [{"id": "a"}]}', "'sub_themes' is missing or of the wrong type"),
        ("[]", "is missing or of the wrong type"),
        ('{"themes": []}', "0 theme found; a classifier needs two or more"),
    ],
)
def test_a_bad_taxonomy_file_is_refused(run: Run, here: Path, content: str, said: str) -> None:
    (here / "taxonomie.json").write_text(content)
    refused(run("taxonomy", "taxonomie.json"), here, "taxonomie.json: ", said)


def test_a_missing_taxonomy_file_is_refused(run: Run, here: Path) -> None:
    refused(run("taxonomy", "rien.json"), here, "rien.json: cannot be read", "Give the path of a taxonomy file")


def test_debug_shows_the_whole_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pharmavoix", "classify", "rien.csv", "-o", "t.csv", "--key", "clef", "--debug"])
    with pytest.raises(Exception, match=r"rien\.csv: no such file"):
        main()
