"""`pharmavoix models use`, and what `default` means afterwards."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import pharmavoix
from models.store import DEFAULT_MODEL
from pharmavoix import model_folder
from pharmavoix.cli import main
from pharmavoix.model_folder import adopt, list_models, resolve_model, user_models_dir
from seeds.errors import ModelError

ROOT = Path(__file__).parents[2]


def make(folder: Path, id: str, **card: object) -> Path:
    """A model that loads; its encoder is a few bytes, so that copies are quick."""
    shutil.copytree(DEFAULT_MODEL, folder, ignore=shutil.ignore_patterns("encoder.onnx"))
    (folder / "encoder.onnx").write_bytes(b"no encoder")
    stated = json.loads((folder / "model.json").read_text("utf-8"))
    stated |= {"id": id, **card}
    stated["files"]["encoder.onnx"] = hashlib.sha256(b"no encoder").hexdigest()
    (folder / "model.json").write_text(json.dumps(stated), "utf-8")
    return folder


def damage(folder: Path) -> None:
    (folder / "seen.txt").write_bytes((folder / "seen.txt").read_bytes() + b"x")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kept(here: Path) -> Path:
    """The folder of adopted models, empty."""
    return here / "kept"


@pytest.fixture
def mine(here: Path) -> Path:
    """A model of the user's own."""
    return make(here / "mine", "mon-modele")


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def run(kept: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Types a command; the environment names the folder of adopted models."""
    monkeypatch.setenv("PHARMAVOIX_MODELS_DIR", str(kept))

    def typed(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["pharmavoix", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capfd.readouterr()
        return Answer(int(left.value.code or 0), said.out, said.err)

    return typed


def test_a_model_that_is_used_is_copied_and_becomes_the_default(mine: Path, kept: Path) -> None:
    folder = adopt("mine", kept)
    assert folder == kept / "mon-modele"
    assert resolve_model("default", kept) == folder
    shutil.rmtree(mine)
    assert resolve_model("mon-modele", kept) == folder
    assert model_folder.check_model(folder).id == "mon-modele"
    assert sorted(path.name for path in kept.iterdir()) == ["default.json", "mon-modele"]


def test_default_goes_back_to_the_shipped_model_and_the_adopted_one_stays(mine: Path, kept: Path) -> None:
    assert adopt("default", kept) == DEFAULT_MODEL  # with nothing adopted too
    adopt("mine", kept)
    assert adopt("default", kept) == DEFAULT_MODEL
    assert resolve_model("default", kept) == DEFAULT_MODEL
    assert adopt("mon-modele", kept) == resolve_model("default", kept) == kept / "mon-modele"
    adopt("shipped", kept)
    assert resolve_model("default", kept) == DEFAULT_MODEL


def test_shipped_always_means_the_model_that_ships(mine: Path, kept: Path, here: Path) -> None:
    adopt("mine", kept)
    (here / "shipped").mkdir()
    assert resolve_model("shipped", kept) == DEFAULT_MODEL


def test_a_folder_here_wins_over_an_adopted_model_of_its_name(mine: Path, kept: Path, here: Path) -> None:
    adopt("mine", kept)
    assert resolve_model("mon-modele", kept) == kept / "mon-modele"
    (here / "mon-modele").mkdir()
    assert resolve_model("mon-modele", kept) == Path("mon-modele")


def test_only_the_files_that_the_card_names_are_copied(mine: Path, kept: Path) -> None:
    (mine / "notes.txt").write_text("à moi")
    (mine / "link").symlink_to("/etc")
    (mine / "sub").mkdir()
    folder = adopt("mine", kept)
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.json", *json.loads((mine / "model.json").read_text("utf-8"))["files"]}
    assert not any(path.is_symlink() for path in folder.iterdir())


@pytest.mark.parametrize("id", ["../x", "a/b", "..", ".cache", "", "default", "Shipped", "default.json", "nul\x00", "é", "a" * 101])
def test_an_id_that_is_no_plain_name_is_refused(here: Path, kept: Path, id: str) -> None:
    make(here / "strange", id)
    with pytest.raises(ModelError, match=r"cannot be the name of a folder|no 'id'"):
        adopt("strange", kept)
    assert not kept.exists()


@pytest.mark.parametrize("name", ["../kept", "..", "./mon-modele/../../x"])
def test_an_id_is_looked_up_as_a_name_never_as_a_path(mine: Path, kept: Path, here: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt("mine", kept)
    monkeypatch.chdir(make_empty(here / "deep" / "down"))
    if name == "..":
        assert resolve_model(name, kept) == Path("..")  # a folder here
    else:
        with pytest.raises(ModelError, match=r"no model here.*\(mon-modele\)"):
            resolve_model(name, kept)


def make_empty(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_a_damaged_model_is_not_adopted(mine: Path, kept: Path) -> None:
    damage(mine)
    with pytest.raises(ModelError, match="seen.txt: damaged"):
        adopt("mine", kept)
    assert not kept.exists()


def test_a_model_fitted_on_another_taxonomy_is_not_adopted(here: Path, kept: Path) -> None:
    make(here / "other", "autre", taxonomy="000000000000")
    with pytest.raises(ModelError, match="fitted on taxonomy '000000000000'"):
        adopt("other", kept)
    assert not kept.exists()


def test_a_copy_that_fails_leaves_nothing_and_the_default_as_it_was(mine: Path, kept: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt("mine", kept)
    make(here / "next", "suivant")

    def full(source: Path, target: Path) -> None:
        if source.name == "tokenizer.json":
            raise OSError(28, "No space left on device")
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr("pharmavoix.model_folder.shutil.copyfile", full)
    with pytest.raises(OSError, match="No space"):
        adopt("next", kept)
    assert sorted(path.name for path in kept.iterdir()) == ["default.json", "mon-modele"]
    assert resolve_model("default", kept).name == "mon-modele"


def test_a_model_that_changes_while_it_is_copied_is_refused(mine: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes() + (b" " if source.name == "seen.txt" else b""))

    monkeypatch.setattr("pharmavoix.model_folder.shutil.copyfile", changed)
    with pytest.raises(ModelError, match="seen.txt: damaged"):
        adopt("mine", kept)
    assert list(kept.iterdir()) == []


def test_a_damaged_copy_is_mended_by_adopting_again(mine: Path, kept: Path) -> None:
    damage(adopt("mine", kept))
    assert model_folder.check_model(adopt("mine", kept)).id == "mon-modele"


def test_another_model_with_the_same_id_does_not_replace_the_one_that_is_there(mine: Path, kept: Path, here: Path) -> None:
    adopt("mine", kept)
    make(here / "twin", "mon-modele", made="2030-01-01T00:00:00Z")
    with pytest.raises(ModelError, match="another model has the same id. Remove that folder first"):
        adopt("twin", kept)
    assert model_folder.read_card(kept / "mon-modele")["made"] != "2030-01-01T00:00:00Z"


def spoil_card(folder: Path) -> None:
    folder.joinpath("model.json").write_text("{")


def swap(folder: Path) -> None:
    shutil.rmtree(folder)
    make(folder, "un-autre")


@pytest.mark.parametrize(("harm", "said"), [
    (damage, "seen.txt: damaged"), (spoil_card, "model.json: damaged"), (shutil.rmtree, "was removed"), (swap, "holds the model 'un-autre'"),
    (lambda folder: (folder.parent / "default.json").write_text('{"default'), "default.json: damaged"),
    (lambda folder: (folder.parent / "default.json").write_text('{"default": "../mine"}'), "default.json: names no model"),
    (lambda folder: (folder.parent / "default.json").write_text("[]"), "default.json: names no model"),
])  # fmt: skip
def test_a_default_that_cannot_be_used_is_refused_with_the_way_back(
    mine: Path, kept: Path, run: Run, harm: Callable[[Path], object], said: str
) -> None:
    harm(adopt("mine", kept))
    answer = run("models", "verify")
    assert answer.status == 2
    assert said in answer.err and "`pharmavoix models use default` goes back" in answer.err
    assert re.fullmatch(r"pharmavoix: [^\n]+\n", answer.err)
    assert run("models", "list").out.count("damaged: ") == 1
    assert run("models", "use", "default").status == 0
    assert "pharmavoix-" in run("models", "verify").out


def test_a_name_that_means_nothing_is_refused_with_those_that_do(mine: Path, kept: Path) -> None:
    adopt("mine", kept)
    with pytest.raises(ModelError, match=r"autre: no model here, nor under this id in .*kept \(mon-modele\)\. Give a model folder"):
        resolve_model("autre", kept)


def test_the_list_marks_the_default_and_damaged_models(mine: Path, kept: Path, here: Path, run: Run) -> None:
    shipped = f"shipped ({model_folder.read_card(DEFAULT_MODEL)['id']})"
    assert run("models", "list").out.startswith(f"* {shipped}\t")
    make(here / "second", "second", made="2026-01-02T03:04:05Z", parent="mon-modele", made_of={"samples": 50})
    damage(adopt("mine", kept))
    assert run("models", "use", "second").out.startswith("The default is now second, kept in ")
    lines = run("models", "list").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [f"  {shipped}", "  mon-modele", "* second"]
    assert "damaged: " in lines[1] and "seen.txt" in lines[1]
    assert lines[2].split("\t")[1:] == ["2026-01-02T03:04:05Z", "from mon-modele; samples: 50"]


def test_what_a_foreign_card_says_cannot_drive_the_terminal(here: Path, kept: Path, run: Run) -> None:
    make(here / "strange", "étrange\x1b[2J\n* autre", made="hier\x1b]0;x\x07")
    shown = run("models", "show", "strange").out
    assert "\x1b" not in shown and "\x07" not in shown
    assert shown.splitlines()[0] == "étrange [2J * autre"


def test_show_prints_what_it_is_made_of_and_its_figures_as_a_table(here: Path, run: Run) -> None:
    theme = {"accuracy": 0.75, "macro_f1": 0.5, "macro_f1_ci": [0.41, 0.6], "per_label": {"causes": {"n": 7, "f1": 0.25}}}
    made_of = {"samples": 50, "of the parent": {"texts": 8538}}
    make(here / "m", "m1", parent="p0", against_parent={"samples": {"primary_theme": theme}}, made_of=made_of)
    lines = run("models", "show", "m").out.splitlines()
    assert lines[0] == "m1"
    assert {"  parent    p0", "  samples: 50", "  of the parent: texts: 8538"} <= set(lines)
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    assert ["samples, primary_theme", "0.750", "0.500", "0.410, 0.600"] in rows
    assert ["samples, primary_theme, per_label, causes", "7", "0.250"] in rows
    (name, figures), *_ = model_folder.read_card(DEFAULT_MODEL)["held_out"].items()  # which `make` copies
    assert [name, str(figures["n"]), f"{figures['accuracy']:.3f}", f"{figures['macro_f1']:.3f}"] in rows
    assert any(line.startswith("  themes: given from 0.") for line in lines)


def test_show_json_prints_the_whole_card(mine: Path, run: Run) -> None:
    assert json.loads(run("models", "show", "mine", "--json").out) == json.loads((mine / "model.json").read_text("utf-8"))


def test_show_and_verify_take_the_adopted_default(mine: Path, kept: Path, run: Run) -> None:
    adopt("mine", kept)
    assert run("models", "show").out.startswith("mon-modele\n")
    assert run("models", "verify").out.startswith("mon-modele: 5 files intact")
    assert run("models", "verify", "shipped").out.startswith("pharmavoix-")
    assert run("models", "verify", "--models-dir", "none").out.startswith("pharmavoix-")


def test_classify_and_load_take_the_adopted_default(here: Path, kept: Path, run: Run) -> None:
    shutil.copytree(DEFAULT_MODEL, here / "copy")
    card = json.loads((here / "copy" / "model.json").read_text("utf-8"))
    (here / "copy" / "model.json").write_text(json.dumps(card | {"id": "copie"}), "utf-8")
    adopt("copy", kept)
    (here / "e.csv").write_text("id,texte\n1,Sanofi ferme une usine\n", "utf-8")

    def model_of(*arguments: str) -> str:
        answer = run("classify", "e.csv", "-o", "t.jsonl", "--keep-authors", *arguments)
        assert answer.status == 0, answer.err
        return str(json.loads(Path("t.jsonl").read_text("utf-8"))["model"])

    assert model_of() == model_of("--model", "copie") == "copie"
    assert model_of("--model", "shipped") == model_of("--models-dir", "none") == card["id"]
    assert pharmavoix.load(models_dir=kept).model.id == "copie"
    assert pharmavoix.load("shipped", models_dir=kept).model.id == card["id"]
    assert pharmavoix.load(here / "copy").model.id == "copie"


def test_the_user_data_folder_is_where_adopted_models_go_unless_told_otherwise(mine: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(here / "data"))
    if not user_models_dir().is_relative_to(here):
        pytest.skip("this system keeps user data elsewhere")
    assert adopt("mine") == user_models_dir() / "mon-modele"
    assert resolve_model("default") == user_models_dir() / "mon-modele"
    assert [model.name for model in list_models() if model.is_default] == ["mon-modele"]


@pytest.mark.parametrize("command", ["models list", "models show", "models verify", "models use", "classify"])
def test_each_help_fits_one_screen_and_ends_with_an_example(command: str) -> None:
    words = (sys.executable, "-m", "pharmavoix", *command.split(), "--help")
    help = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"}, check=True).stdout
    assert len(help.splitlines()) <= 40
    assert help.rstrip().splitlines()[-1].strip().startswith(f"Example: pharmavoix {command}")
