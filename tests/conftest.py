from collections.abc import Iterator

import pytest

from models.classifier import Classifier, load_classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The shipped model, loaded once."""
    return load_classifier()


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the programs they start, away from the models that whoever runs them has adopted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.delenv("PHARMAVOIX_MODELS_DIR", raising=False)
        yield
