"""The floors of the house: each package imports only from those before it."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("seeds", "nlp", "models", "training", "pharmavoix")


def wrong_imports(source: str, module: str) -> Iterator[str]:
    """Yield what ``module`` (dotted) may not import, with its line; imports inside functions count."""
    floor = FLOORS.index(module.split(".")[0])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"{module}, line {node.lineno}: relative import. Write the full name."
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"import_module", "__import__"}:
            names = [str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        else:
            continue
        for name in names:
            package = name.split(".")[0]
            if package == "tests" or package in FLOORS[floor + 1 :]:
                yield f"{module}, line {node.lineno}: imports {name!r}, which stands above {FLOORS[floor]!r}"


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def test_no_module_imports_from_a_floor_above() -> None:
    wrong = []
    for path in modules():
        wrong += wrong_imports(path.read_text(encoding="utf-8"), ".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert wrong == [], "\n".join(wrong)


def test_every_floor_is_walked() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in modules()} == set(FLOORS)


@pytest.mark.parametrize(("source", "module"), [
    ("import nlp.clean", "seeds.labs"),
    ("from models.labels import Labels", "nlp.labs"),
    ("from training import fit", "models.store"),
    ("import pharmavoix", "training.fit"),
    ("def f():\n    from training.fit import fit", "models.store"),
    ("class C:\n    def f(self):\n        if True:\n            import models.store as m", "nlp.clean"),
    ("from importlib import import_module\nimport_module('models.store')", "nlp.clean"),
    ("from . import clean", "nlp.labs"),
    ("from tests.nlp import marked", "pharmavoix.batch"),
])  # fmt: skip
def test_a_wrong_import_is_seen(source: str, module: str) -> None:
    (message,) = wrong_imports(source, module)
    assert message.startswith(f"{module}, line ")


@pytest.mark.parametrize(("source", "module"), [
    ("import json, models.store\nfrom nlp.clean import clean\nfrom training.fit import fit", "pharmavoix.batch"),
    ("from models.store import load_model", "training.fit"),
    ("from nlp.fold import fold", "nlp.labs"),
    ("from modelsx import y", "seeds.labs"),
])  # fmt: skip
def test_an_import_from_below_is_right(source: str, module: str) -> None:
    assert list(wrong_imports(source, module)) == []


def loaded_by(statement: str) -> set[str]:
    """Return the top-level names that a fresh interpreter holds after ``statement``."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(name.split('.')[0] for name in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout.splitlines()[-1]))


# Where torch is not installed nothing can load it: the word is looked for in the sources as well, below.
@pytest.mark.parametrize("statement", [
    "import pharmavoix.batch",
    "import models.classifier",
    "import pharmavoix; pharmavoix.load()('Il pleut sur la pharmacie.')",
], ids=["batch", "classifier", "predict"])  # fmt: skip
def test_predicting_loads_neither_torch_nor_transformers_nor_training(statement: str) -> None:
    assert loaded_by(statement) & {"torch", "transformers", "training", "onnx", "pytest"} == set()


def test_only_training_may_name_torch_or_transformers() -> None:
    named = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [path.relative_to(ROOT).parts[0] for name in names if name.split(".")[0] in {"torch", "transformers"}]
    assert set(named) <= {"training"}


def test_reading_texts_needs_no_model() -> None:
    assert loaded_by("import nlp.observe; nlp.observe.Observer().observe('Il pleut')") & {"models", "training", "pharmavoix", "sklearn"} == set()


def test_the_registries_need_nothing_but_the_standard_library() -> None:
    loaded = loaded_by("from seeds.labs import read_labs; import seeds.samples, seeds.medicines; read_labs()")
    assert loaded & {"nlp", "models", "training", "pharmavoix", "numpy", "spacy"} == set()
