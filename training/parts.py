"""What an evaluation compares: for each kind of label, the gold beside what the model said."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.labels import Labels
from seeds.samples import Sample
from training.metrics import FEWEST_CASES

__all__ = ["PARTS", "Kind", "Part", "find_parts"]

PARTS = ("primary_theme", "themes", "sub_themes", "sentiment", "sentiment_by_lab", "labs", "adverse_event", "own")


class Kind(StrEnum):
    """How many labels a text has, and so which figures make sense."""

    ONE = "one"  # accuracy and macro-F1
    MANY = "many"  # macro- and micro-F1
    SET = "set"  # members of an open set (labs): precision and recall of all together
    FLAG = "flag"  # yes or no: precision and recall of the yes


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of label, on the texts that have gold for it and an answer.

    ``at[i]`` is the place of the text among the samples; ``gold[i]`` and ``said[i]`` are always tuples (a flag is
    ``("true",)`` or empty); ``p[i]`` holds the probability of each label.
    """

    name: str
    kind: Kind
    at: tuple[int, ...]
    gold: tuple[tuple[str, ...], ...]
    said: tuple[tuple[str, ...], ...]
    p: tuple[Mapping[str, float], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label in the model's order, then those that only the gold or the answers hold."""
        known = dict.fromkeys(label for p in self.p[:1] for label in p)
        met = {label for labels in (*self.gold, *self.said) for label in labels}
        return (*known, *sorted(met - known.keys()))

    @property
    def averaged(self) -> tuple[str, ...]:
        """The labels with enough gold cases to be scored, in order."""
        cases = Counter(label for labels in self.gold for label in set(labels))
        return tuple(label for label in self.labels if cases[label] >= FEWEST_CASES)

    @property
    def confidence(self) -> tuple[float, ...]:
        """The winner's probability, for parts that are calibrated."""
        return tuple(max(p.values()) for p in self.p)

    @property
    def is_calibrated(self) -> bool:
        """Whether there is a probability to hold against what was right."""
        return self.kind is Kind.ONE and bool(self.p[0])

    @property
    def right(self) -> tuple[bool, ...]:
        """Whether each answer is wholly right, the order of labels aside."""
        return tuple(set(g) == set(s) for g, s in zip(self.gold, self.said, strict=True))

    def only(self, places: frozenset[int]) -> "Part":
        """Return the part on some of the texts (places among the samples)."""
        kept = [i for i, place in enumerate(self.at) if place in places]
        at, gold, said, p = (tuple(column[i] for i in kept) for column in (self.at, self.gold, self.said, self.p))
        return Part(self.name, self.kind, at, gold, said, p)  # type: ignore[arg-type]


Row = tuple[int, tuple[str, ...], tuple[str, ...], Mapping[str, float]]


def find_parts(samples: Sequence[Sample], labels: Sequence[Labels]) -> dict[str, Part]:
    """Return each part that has gold and answers, by its name in metrics.json."""
    pairs = list(enumerate(zip(samples, labels, strict=True)))
    rows: dict[str, tuple[Kind, list[Row]]] = {
        "primary_theme": (Kind.ONE, [(i, (s.primary_theme,), (a.primary_theme,), a.p_theme)
                                     for i, (s, a) in pairs if s.primary_theme is not None and a.primary_theme is not None]),
        "themes": (Kind.MANY, [(i, s.themes, a.themes, a.theme_scores) for i, (s, a) in pairs if s.themes is not None and a.themes]),
        "sub_themes": (Kind.MANY, [(i, s.sub_themes, a.sub_themes, {}) for i, (s, a) in pairs if s.sub_themes is not None and a.themes]),
        "sentiment": (Kind.ONE, [(i, (s.sentiment,), (a.sentiment,), a.p_sentiment)
                                 for i, (s, a) in pairs if s.sentiment is not None and a.sentiment is not None]),
        "sentiment_by_lab": (Kind.ONE, list(_by_lab(samples, labels))),
        "labs": (Kind.SET, [(i, s.labs, a.labs, {}) for i, (s, a) in pairs if s.labs is not None]),
        "adverse_event": (Kind.FLAG, [(i, ("true",) * s.adverse_event, ("true",) * a.adverse_event, {"true": a.p_adverse_event or 0.0})
                                      for i, (s, a) in pairs if s.adverse_event is not None and a.adverse_event is not None]),
        "own": _own(samples, labels),
    }  # fmt: skip
    return {name: Part(name, kind, *_columns(found)) for name, (kind, found) in rows.items() if found}


def _columns(rows: Sequence[Row]) -> tuple[
    tuple[int, ...], tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...], tuple[Mapping[str, float], ...]
]:  # fmt: skip
    at, gold, said, p = zip(*rows, strict=True)
    return at, gold, said, p


def _by_lab(samples: Sequence[Sample], labels: Sequence[Labels]) -> Iterator[Row]:
    """Yield a row for each lab with a gold polarity that the model found as well."""
    for place, (sample, answer) in enumerate(zip(samples, labels, strict=True)):
        for lab, polarity in (sample.sentiment_by_lab or {}).items():
            if lab in answer.sentiment_by_lab:
                yield place, (polarity,), (answer.sentiment_by_lab[lab],), {}


def _own(samples: Sequence[Sample], labels: Sequence[Labels]) -> tuple[Kind, list[Row]]:
    rows: list[Row] = [
        (i, s.own, a.own, a.p_own) for i, (s, a) in enumerate(zip(samples, labels, strict=True)) if s.own is not None and a.p_own
    ]
    single = all(len(gold) == 1 == len(said) for _, gold, said, _ in rows)
    return (Kind.ONE if single else Kind.MANY), rows
