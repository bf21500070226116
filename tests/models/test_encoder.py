import numpy as np
import pytest

from models.encoder import Encoder
from models.store import DEFAULT_MODEL

TEXTS = [
    "Rupture de stock d'amoxicilline depuis lundi, on fait comment pour les petits ?",
    "Bravo à l'équipe de Lyon",
    "non",
    "Le laboratoire annonce des résultats de phase 3 décevants dans l'asthme sévère, le titre décroche de 12 % à l'ouverture.",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(DEFAULT_MODEL)


def test_a_vector_is_the_same_alone_in_a_batch_of_64_and_beside_a_very_long_text(encoder: Encoder) -> None:
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    in_batch = encoder.encode((TEXTS * 16)[:64])[: len(TEXTS)]
    beside_long = encoder.encode([*TEXTS, "un très long message " * 400])[: len(TEXTS)]
    assert np.array_equal(alone, in_batch)
    assert np.array_equal(alone, beside_long)


def test_the_number_of_threads_changes_nothing(encoder: Encoder) -> None:
    assert np.array_equal(encoder.encode(TEXTS), Encoder(DEFAULT_MODEL, threads=1).encode(TEXTS))


def test_both_halves_have_length_one_and_empty_text_is_read(encoder: Encoder) -> None:
    vectors = encoder.encode(["", *TEXTS])
    assert vectors.shape == (1 + len(TEXTS), encoder.width)
    assert np.allclose(np.linalg.norm(vectors.reshape(-1, 2, encoder.width // 2), axis=2), 1.0, atol=1e-6)


def test_close_meanings_are_closer_than_far_ones(encoder: Encoder) -> None:
    a, b, c = encoder.encode(["Il manque du paracétamol en pharmacie", "Pénurie de Doliprane dans les officines", "Le match est reporté à dimanche"])
    assert a @ b > a @ c + 0.02
