"""The classifier: observations to labels, with a model that was loaded and checked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.encoder import Encoder, Encodes
from models.features import FeatureReader, terms
from models.labels import Evidence, Labels
from models.store import DEFAULT_MODEL, OWN, StoredModel, load_model
from nlp.observe import Observations, Observer
from seeds.errors import ModelError
from seeds.taxonomy import Taxonomy

__all__ = ["Answer", "Classifier", "load_classifier"]

_CHUNK = 256
_EVIDENCE = 3  # pieces shown a text
_SPOKE = 8  # words kept to find them among
_DIGITS = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the heads say of a cleaned text: probabilities by task, and the words that spoke for its theme."""

    probabilities: Mapping[str, tuple[float, ...]]
    spoke: tuple[tuple[str, float], ...]


class Classifier:
    """Says of each text which labs it names, its themes, its polarity and whether it reports an adverse event."""

    def __init__(self, model: StoredModel, *, observer: Observer | None = None, encoder: Encodes | None = None, threads: int = 0) -> None:
        """Make ``model`` ready; ``encoder`` may stand for the model's own (one that remembers what it read)."""
        self.model = model
        self._observer = observer or Observer()
        self._encoder = encoder or Encoder(model.folder, threads=threads, prefix=model.prefix)
        self._reader = FeatureReader(model.features)
        width = next(iter(model.heads.values())).vector_weights.shape[1]
        if width != self._encoder.width:
            raise ModelError(f"{model.folder}: its heads read {width} numbers a text and its encoder gives {self._encoder.width}. Copy it again.")

    def __call__(self, text: str, *, day: date | None = None) -> Labels:
        """Return the labels of one text; ``day`` decides which lab held a medicine."""
        if not isinstance(text, str):
            raise TypeError(f"a text is expected, not {type(text).__name__}")
        return self.label([self.observe(text, day=day)])[0]

    def observe(self, text: str, *, day: date | None = None, language: str | None = None) -> Observations:
        """Return what is seen in a text before the model reads it."""
        return self._observer.observe(text, day=day, language=language)

    def pipe(self, texts: Iterable[str]) -> Iterator[Labels]:
        """Yield the labels of each text, in order, a few hundred at a time."""
        if isinstance(texts, str):
            raise TypeError("pipe takes many texts; call the classifier for one")
        remaining = iter(texts)
        while chunk := list(islice(remaining, _CHUNK)):
            yield from self.label(self._observer.observe_all(chunk))

    def label(self, observed: Sequence[Observations]) -> list[Labels]:
        """Return the labels of observed texts; those that read the same are computed once."""
        texts = list(dict.fromkeys(o.cleaned.text for o in observed))
        answers = dict(zip(texts, self.answer(texts), strict=True))
        return [self.read(o, answers[o.cleaned.text]) for o in observed]

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """Return what the heads say of cleaned texts (`Observations.cleaned`), each once."""
        if not texts:
            return []
        vectors = self._encoder.encode(texts).astype(np.float64)
        lexical = self._reader.read(texts)
        said = {task: head.probabilities(vectors, lexical) for task, head in self.model.heads.items()}
        return [
            Answer({task: tuple(np.round(p[row], _DIGITS).tolist()) for task, p in said.items()}, self._spoke(row, said, lexical))
            for row in range(len(texts))
        ]

    def read(self, observed: Observations, answer: Answer) -> Labels:
        """Return the labels of one observed text from what the heads said of its cleaned form."""
        p_theme = self._probabilities("primary_theme", answer)
        p_sentiment = self._probabilities("sentiment", answer)
        p_adverse = self._probabilities("adverse_event", answer).get("true")
        scores = self._probabilities("themes", answer)
        primary = max(p_theme, key=p_theme.__getitem__) if p_theme else None
        sentiment = max(p_sentiment, key=p_sentiment.__getitem__) if p_sentiment else None
        themes = self._themes(primary, scores)
        return Labels(
            labs=observed.lab_ids,
            lab_mentions=observed.labs,
            medicines=observed.medicines,
            language=observed.language,
            primary_theme=primary,
            themes=themes,
            sub_themes=self._sub_themes(themes, self._probabilities("sub_themes", answer)),
            sentiment=sentiment,
            sentiment_by_lab=dict.fromkeys(observed.lab_ids, sentiment) if sentiment else {},
            adverse_event=None if p_adverse is None else p_adverse >= self.model.thresholds["adverse_event"]["true"],
            p_theme=p_theme,
            p_sentiment=p_sentiment,
            p_adverse_event=p_adverse,
            theme_scores=scores,
            needs_review=self._needs_review(observed, (p_theme, p_sentiment, self._probabilities(OWN, answer))),
            evidence=tuple(_located(observed, primary, dict(answer.spoke))) if primary else (),
            own=self._own(self._probabilities(OWN, answer)),
            p_own=self._probabilities(OWN, answer),
        )

    def _own(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        if not scores:
            return ()
        ranked = sorted(scores, key=lambda label: -scores[label])
        if self.model.heads[OWN].softmax:
            return (ranked[0],)
        limits = self.model.thresholds[OWN]
        return tuple(label for label in ranked if scores[label] >= limits[label])

    def _probabilities(self, task: str, answer: Answer) -> dict[str, float]:
        if task not in answer.probabilities:
            return {}
        return dict(zip(self.model.heads[task].labels, answer.probabilities[task], strict=True))

    def _themes(self, primary: str | None, scores: Mapping[str, float]) -> tuple[str, ...]:
        if primary is None or primary == "other":
            return (primary,) if primary else ()
        limits = self.model.thresholds.get("themes", {})
        also = (t for t, score in scores.items() if t not in (primary, "other") and score >= limits[t])
        return (primary, *sorted(also, key=lambda t: -scores[t]))

    def _sub_themes(self, themes: Sequence[str], scores: Mapping[str, float]) -> tuple[str, ...]:
        limits = self.model.thresholds.get("sub_themes", {})
        parent = self.model.taxonomy.parent_of
        return tuple(
            sub for sub in sorted(scores, key=lambda s: -scores[s]) if parent[sub] in themes and scores[sub] >= limits[sub]
        )

    def _needs_review(self, observed: Observations, said: Sequence[Mapping[str, float]]) -> bool:
        """Tell whether the model is not sure, or reads what it was not made for."""
        if observed.language not in ("fr", None) or not observed.cleaned.text:
            return True
        review = self.model.review
        limits = (review.primary_theme, review.sentiment, review.own)
        return any(max(p.values(), default=1.0) < limit for p, limit in zip(said, limits, strict=True))

    def _spoke(self, row: int, said: Mapping[str, Floats], lexical: sparse.csr_matrix) -> tuple[tuple[str, float], ...]:
        """Return the words whose weights spoke for the likeliest theme against the mean of the others."""
        head = self.model.heads.get("primary_theme")
        if head is None:
            return ()
        at = int(said["primary_theme"][row].argmax())
        start, end = lexical.indptr[row], lexical.indptr[row + 1]
        columns, values = lexical.indices[start:end], lexical.data[start:end]
        words = self.model.features.words
        values, columns = values[columns < len(words)], columns[columns < len(words)]
        weights = head.lexical_weights[:, columns]
        parts = values * (weights[at] - (weights.sum(axis=0) - weights[at]) / (max(1, len(head.labels) - 1)))
        best = np.argsort(-parts, kind="stable")[:_SPOKE]
        return tuple((words[columns[i]], round(float(parts[i]), _DIGITS)) for i in best if parts[i] > 0)


def _located(observed: Observations, theme: str, spoke: Mapping[str, float]) -> Iterator[Evidence]:
    found = sorted((t for t in terms(observed.cleaned.text) if t.form in spoke), key=lambda t: (-spoke[t.form], t.start))
    taken: list[tuple[int, int]] = []
    for term in found:
        start, end = observed.cleaned.original(term.start, term.end)
        if all(end <= s or start >= e for s, e in taken):
            taken.append((start, end))
            yield Evidence(theme, start, end, observed.text[start:end], round(spoke[term.form], _DIGITS))
        if len(taken) == _EVIDENCE:
            return


def load_classifier(
    folder: Path = DEFAULT_MODEL, *, taxonomy: Taxonomy | None = None, observer: Observer | None = None, threads: int = 0
) -> Classifier:
    """Load, check and make ready the model of ``folder``."""
    return Classifier(load_model(folder, taxonomy=taxonomy), observer=observer, threads=threads)
