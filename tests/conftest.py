import pytest

from models.classifier import Classifier, load_classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The shipped model, loaded once."""
    return load_classifier()
