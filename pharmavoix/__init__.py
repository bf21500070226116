"""PharmaVoix: French posts about pharmaceutical companies, classified.

Examples
--------
>>> import pharmavoix
>>> classifier = pharmavoix.load()
>>> labels = classifier("Sanofi annonce 1 700 suppressions de postes en Europe")
>>> labels.labs, labels.primary_theme
(('sanofi',), 'industry')
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.classifier import Classifier
    from models.labels import Labels
    from seeds.errors import PharmavoixError

__all__ = ["Classifier", "Labels", "PharmavoixError", "__version__", "load"]

__version__ = "0.1.0"


def _check_neighbours() -> None:
    """Refuse to start when a stray module of the same name hides one of our packages."""
    here = Path(__file__).resolve().parents[1]
    for name in ("seeds", "nlp", "models"):
        spec = find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found != here / name / "__init__.py":
            raise ImportError(
                f"PharmaVoix's package {name!r} is hidden by '{found}'; rename that file, or run the `pharmavoix` command from another folder."
            )


_check_neighbours()


def load(model: "str | Path" = "default", *, models_dir: "Path | None" = None, threads: int = 0) -> "Classifier":
    """Return a classifier: call it with a text, or its ``pipe`` with many.

    ``model`` is a folder, the id of an adopted model, ``shipped`` for the model that ships, or ``default`` for the one that was made
    the default with `pharmavoix models use` (else the shipped one). ``models_dir`` is where adopted models are (default: the user's
    data folder). ``threads`` 0 takes every core.
    """
    from models.classifier import load_classifier
    from pharmavoix.model_folder import resolve_model

    return load_classifier(resolve_model(model, models_dir), threads=threads)


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `pharmavoix --help` must not wait for the models.
    if name == "Classifier":
        from models.classifier import Classifier

        return Classifier
    if name == "Labels":
        from models.labels import Labels

        return Labels
    if name == "PharmavoixError":
        from seeds.errors import PharmavoixError

        return PharmavoixError
    raise AttributeError(f"module 'pharmavoix' has no attribute {name!r}")
