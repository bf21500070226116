"""Answers of a model, made by hand for tests."""

from models.labels import Labels

THEMES = ("pathologies", "innovation", "causes", "industry", "scandals", "other")
POLARITIES = ("negative", "neutral", "positive")


def spread(winner: str, labels: tuple[str, ...], p: float) -> dict[str, float]:
    return {label: p if label == winner else (1 - p) / (len(labels) - 1) for label in labels}


def answer(
    *,
    theme: str | None = None,
    sentiment: str | None = None,
    p: float = 0.8,
    themes: tuple[str, ...] = (),
    labs: tuple[str, ...] = (),
    event: bool | None = None,
    own: tuple[str, ...] = (),
    own_labels: tuple[str, ...] = (),
    review: bool = False,
) -> Labels:
    return Labels(
        labs=labs,
        lab_mentions=(),
        medicines=(),
        language="fr",
        primary_theme=theme,
        themes=themes or ((theme,) if theme else ()),
        sub_themes=(),
        sentiment=sentiment,
        sentiment_by_lab=dict.fromkeys(labs, sentiment) if sentiment else {},
        adverse_event=event,
        p_theme=spread(theme, THEMES, p) if theme else {},
        p_sentiment=spread(sentiment, POLARITIES, p) if sentiment else {},
        p_adverse_event=None if event is None else (p if event else 1 - p),
        theme_scores={t: 0.9 if t in (themes or (theme,)) else 0.1 for t in THEMES} if theme else {},
        needs_review=review,
        evidence=(),
        own=own,
        p_own=spread(own[0], own_labels, p) if own else {},
    )
