"""What a model must beat: the commonest label, and words alone (TF-IDF with logistic regression)."""

from collections import Counter
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

__all__ = ["majority", "words_alone"]


def majority(gold: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return the commonest of ``gold`` for each of ``texts``."""
    commonest = Counter(gold).most_common(1)[0][0]
    return [commonest for _ in texts]


def words_alone(train: Sequence[str], gold: Sequence[str], texts: Sequence[str], *, seed: int = 2018) -> list[str]:
    """Return the labels that TF-IDF on words and characters with logistic regression gives to ``texts``."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, max_features=60000, sublinear_tf=True, strip_accents="unicode"),
    )
    model = make_pipeline(features, LogisticRegression(C=10, class_weight="balanced", max_iter=1000, random_state=seed))
    return [str(label) for label in model.fit(list(train), list(gold)).predict(list(texts))]
