"""What a model must beat: the commonest label, lists of keywords, and words alone (TF-IDF with logistic regression)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from nlp.clean import clean
from nlp.fold import fold
from nlp.observe import joined
from seeds.samples import POLARITIES, Sample
from training.keywords import ADVERSE_EVENT, NEGATIVE, POSITIVE, THEMES
from training.metrics import binary_figures, multi_label_figures, single_label_figures
from training.parts import Kind, Part

__all__ = ["by_keywords", "by_majority", "keyword_labels", "learned_baselines", "majority", "words_alone"]


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


def keyword_labels(text: str) -> dict[str, tuple[str, ...]]:
    """Return the labels that the keyword lists give to a text, by part.

    The primary theme is the one with most words found (ties in the guide's order), ``other`` where none is; the polarity
    is that of the longer list of words found, ``neutral`` on a tie.

    Examples
    --------
    >>> keyword_labels("Rupture de stock à l'usine, une honte pour les malades")
    {'primary_theme': ('industry',), 'themes': ('industry', 'pathologies'), 'sentiment': ('negative',), 'adverse_event': ()}
    """
    folded = fold(text).text
    found = {theme: _count(words, folded) for theme, words in THEMES.items()}
    themes = sorted((theme for theme in found if found[theme]), key=lambda theme: -found[theme]) or ["other"]
    balance = _count(POSITIVE, folded) - _count(NEGATIVE, folded)
    return {
        "primary_theme": (themes[0],),
        "themes": tuple(themes),
        "sentiment": ("positive" if balance > 0 else "negative" if balance < 0 else "neutral",),
        "adverse_event": ("true",) if _count(ADVERSE_EVENT, folded) else (),
    }


def _count(words: Iterable[str], folded: str) -> int:
    return sum(f" {word} " in folded for word in words)


def by_majority(parts: Mapping[str, Part], training_counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the figures of always giving the commonest label: of the model's training texts where it is known, else of this test."""
    figures = {}
    for name in ("primary_theme", "sentiment", "adverse_event", "own"):
        if name in parts and parts[name].kind in (Kind.ONE, Kind.FLAG):
            part = parts[name]
            counts = Counter(training_counts.get(name) or Counter(label for gold in part.gold for label in gold or ("false",)))
            commonest = counts.most_common(1)[0][0]
            answer = () if part.kind is Kind.FLAG and commonest == "false" else (commonest,)
            scores = _scores(part, [answer] * len(part.gold))
            figures[name] = {"label": commonest, "commonest_of": "training" if training_counts.get(name) else "test", **scores}
    return figures


def by_keywords(parts: Mapping[str, Part], texts: Sequence[str]) -> dict[str, Any]:
    """Return the figures of the keyword lists on ``texts`` (all the samples'), for the parts whose labels they know."""
    said = [keyword_labels(text) for text in texts]
    themes = {*THEMES, "other"}
    known = {"primary_theme": themes, "themes": themes, "sentiment": set(POLARITIES), "adverse_event": {"true"}}
    return {
        name: _scores(parts[name], [said[at][name] for at in parts[name].at])
        for name, labels in known.items()
        if name in parts and {label for gold in parts[name].gold for label in gold} <= labels
    }


def _scores(part: Part, said: Sequence[Sequence[str]]) -> dict[str, Any]:
    if part.kind is Kind.FLAG:
        return binary_figures([bool(gold) for gold in part.gold], [bool(labels) for labels in said])
    if part.kind is Kind.ONE:
        scores, kept = single_label_figures([g for (g,) in part.gold], [s for (s,) in said]), ("accuracy", "macro_f1")
    else:
        scores, kept = multi_label_figures(part.gold, said), ("macro_f1", "micro_f1")
    return {key: scores[key] for key in kept}


def learned_baselines(train: Sequence[Sample], samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the figures of the commonest label and of words alone, both learned from ``train``."""
    figures: dict[str, Any] = {"majority": {}, "words": {}}
    read = [clean(joined(s.title, s.text)).text for s in samples]
    for part in ("primary_theme", "sentiment", "adverse_event"):
        known = [s for s in train if getattr(s, part) is not None]
        asked = [i for i, s in enumerate(samples) if getattr(s, part) is not None]
        if not known or not asked:
            continue
        texts, gold = [read[i] for i in asked], [str(getattr(samples[i], part)) for i in asked]
        learned = [str(getattr(s, part)) for s in known]
        said = {"majority": majority(learned, texts), "words": words_alone([clean(joined(s.title, s.text)).text for s in known], learned, texts)}
        for name, labels in said.items():
            if part == "adverse_event":
                figures[name][part] = binary_figures([g == "True" for g in gold], [label == "True" for label in labels])
            else:
                figures[name][part] = {k: v for k, v in single_label_figures(gold, labels).items() if k in ("accuracy", "macro_f1")}
    return figures
