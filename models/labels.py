"""What the classifier says of one text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nlp.labs import LabMention
from nlp.medicines import MedicineMention

__all__ = ["Evidence", "Labels"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of the original text that spoke for ``theme``; ``weight`` is its part of the logit."""

    theme: str
    start: int
    end: int
    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one text; a part that the model was not trained for is None."""

    labs: tuple[str, ...]
    lab_mentions: tuple[LabMention, ...]
    medicines: tuple[MedicineMention, ...]
    language: str | None
    primary_theme: str | None
    themes: tuple[str, ...]
    sub_themes: tuple[str, ...]
    sentiment: str | None
    sentiment_by_lab: Mapping[str, str]
    adverse_event: bool | None
    p_theme: Mapping[str, float]  # primary theme: sums to 1
    p_sentiment: Mapping[str, float]  # sums to 1
    p_adverse_event: float | None
    theme_scores: Mapping[str, float]  # each theme on its own
    needs_review: bool
    evidence: tuple[Evidence, ...]
    own: tuple[str, ...] = ()  # of a label set of the user's own, where the model learned one
    p_own: Mapping[str, float] = field(default_factory=dict)
