"""Word and character features beside the encoder's vector: what the linear heads read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from nlp.fold import Folded, fold

__all__ = ["Features", "Term", "characters", "fit_features", "terms", "words"]


@dataclass(frozen=True, slots=True)
class Term:
    """One or two words of a text, folded, with their place in it."""

    form: str
    start: int
    end: int


def terms(text: str) -> Iterator[Term]:
    """Yield the words of ``text``, then its pairs of neighbours."""
    singles = list(_singles(fold(text)))
    yield from singles
    for left, right in zip(singles, singles[1:], strict=False):
        yield Term(f"{left.form} {right.form}", left.start, right.end)


def _singles(folded: Folded) -> Iterator[Term]:
    start = 1
    for place, character in enumerate(folded.text):
        if character == " ":
            if place > start:
                yield Term(folded.text[start:place], folded.origin[start], folded.origin[place - 1] + 1)
            start = place + 1


def words(text: str) -> list[str]:
    """Return the forms of `terms`."""
    return [term.form for term in terms(text)]


def characters(text: str) -> list[str]:
    """Return the pieces of 3 to 5 characters inside words, spaces around a word counted."""
    pieces = []
    for word in fold(text).text.split():
        framed = f" {word[:40]} "
        for size in (3, 4, 5):
            pieces += [framed[i : i + size] for i in range(max(1, len(framed) - size + 1))]
    return pieces


@dataclass(frozen=True, slots=True)
class Features:
    """Vocabularies with their weights (idf), and how much each block counts beside the vector."""

    words: tuple[str, ...]
    word_idf: NDArray[np.float64]
    characters: tuple[str, ...]
    character_idf: NDArray[np.float64]
    word_weight: float
    character_weight: float

    @property
    def size(self) -> int:
        """How many word and character features there are."""
        return len(self.words) + len(self.characters)


class FeatureReader:
    """Turns texts into rows of word and character features."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._words = _vectorizer(words, features.words, features.word_idf)
        self._characters = _vectorizer(characters, features.characters, features.character_idf)

    def read(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return the features of ``texts``, shape (texts, size): each block of length 1, times its weight."""
        blocks = [
            _block(self._words, texts) * self._features.word_weight,
            _block(self._characters, texts) * self._features.character_weight,
        ]
        return sparse.csr_matrix(sparse.hstack(blocks))


def _block(vectorizer: TfidfVectorizer | None, texts: Sequence[str]) -> sparse.csr_matrix:
    return sparse.csr_matrix((len(texts), 0)) if vectorizer is None else vectorizer.transform(texts)


def _vectorizer(analyser: Callable[[str], list[str]], vocabulary: Sequence[str], idf: NDArray[np.float64]) -> TfidfVectorizer | None:
    if not vocabulary:  # a fine-tuned model reads vectors alone
        return None
    vectorizer = TfidfVectorizer(analyzer=analyser, vocabulary=list(vocabulary), sublinear_tf=True)
    vectorizer.idf_ = np.asarray(idf, dtype=np.float64)
    return vectorizer


def fit_features(
    texts: Sequence[str], *, most_words: int, most_characters: int, word_weight: float, character_weight: float
) -> Features:
    """Choose the vocabularies on ``texts``: the commonest terms seen in at least two (pieces: four) of them."""
    word = TfidfVectorizer(analyzer=words, min_df=2, max_features=most_words).fit(texts)
    piece = TfidfVectorizer(analyzer=characters, min_df=4, max_features=most_characters).fit(texts)
    return Features(
        words=tuple(word.get_feature_names_out()),
        word_idf=word.idf_,
        characters=tuple(piece.get_feature_names_out()),
        character_idf=piece.idf_,
        word_weight=word_weight,
        character_weight=character_weight,
    )
