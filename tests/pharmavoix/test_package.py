"""What a person meets first: the command's start, the public API, the wheel."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import pharmavoix

ROOT = Path(__file__).parents[2]


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, env=os.environ | environment, check=False)


def test_help_answers_in_under_half_a_second_of_cpu_time(tmp_path: Path) -> None:
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'pharmavoix', '--help'], check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime)"
    )
    seconds = min(float(run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(ROOT)).stdout) for _ in range(3))
    assert seconds < 0.5


COMMANDS = ["classify", "demo", "models list", "models show", "models verify", "labs list", "labs find", "taxonomy"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_fits_one_screen_and_ends_with_an_example(command: str, tmp_path: Path) -> None:
    answer = run(sys.executable, "-m", "pharmavoix", *command.split(), "--help", cwd=tmp_path, PYTHONPATH=str(ROOT), COLUMNS="100")
    assert answer.returncode == 0
    assert len(answer.stdout.splitlines()) <= 50
    assert answer.stdout.rstrip().splitlines()[-1].strip().startswith(f"Example: pharmavoix {command}")


@pytest.mark.parametrize("stray", ["models.py", "nlp.py"])
def test_a_stray_module_of_our_name_is_said_in_one_sentence(tmp_path: Path, stray: str) -> None:
    (tmp_path / stray).write_text("")
    answer = run(sys.executable, "-c", "import pharmavoix", cwd=tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert answer.returncode == 1
    assert re.search(rf"ImportError: PharmaVoix's package '{stray[:-3]}' is hidden by '.*{stray}'; rename that file", answer.stderr)


def test_the_public_api_is_small_and_works() -> None:
    assert set(pharmavoix.__all__) == {"Classifier", "Labels", "PharmavoixError", "__version__", "load"}
    classifier = pharmavoix.load()
    assert isinstance(classifier, pharmavoix.Classifier)
    assert isinstance(classifier("Novartis rachète une biotech"), pharmavoix.Labels)
    assert [labels.labs for labels in classifier.pipe(["Pfizer livre", "rien"])] == [("pfizer",), ()]


@pytest.mark.slow
def test_the_wheel_holds_all_it_needs_and_classifies_from_another_folder(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip")
    built = run(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT), cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    wheel = next(tmp_path.glob("*.whl"))
    installed = tmp_path / "installed"
    done = run(*pip, "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "posts.csv").write_text("id,texte\n1,Sanofi ferme une usine\n", encoding="utf-8")
    # The libraries come from this environment, our packages from the wheel: -S leaves the checkout's own path out.
    path = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
    program = (
        "import pharmavoix, sys; from pharmavoix.cli import main; print(pharmavoix.__file__); "
        "sys.argv = ['pharmavoix', 'classify', 'posts.csv', '-o', 'out.csv', '--keep-authors']; main()"
    )
    answer = run(sys.executable, "-S", "-c", program, cwd=elsewhere, PYTHONPATH=path)
    assert answer.returncode == 0, answer.stderr
    assert str(installed) in answer.stdout
    assert "sanofi" in (elsewhere / "out.csv").read_text(encoding="utf-8-sig")


def test_the_demo_ends_with_one_screen_of_uncorrected_counts(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pharmavoix", "demo", "-o", str(tmp_path / "demo"))
    answer = run(*command, cwd=tmp_path, PYTHONPATH=str(ROOT), XDG_CONFIG_HOME=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert "uncorrected" in answer.stdout
    assert "Sanofi" in answer.stdout
    assert len(answer.stdout.splitlines()) <= 45
    assert {p.name for p in (tmp_path / "demo").iterdir()} == {"labels.csv", "labels.csv.rejected.csv", "labels.csv.manifest.json"}
