"""Labels that are likely wrong, ranked with cleanlab into a file that a person can go through."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seeds.samples import Sample
from training.samples import write_csv

__all__ = ["Suspect", "rank_suspects", "write_suspects"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that the model contradicts."""

    sample: Sample
    field: str
    given: str
    model_says: str
    p_given: float
    p_model: float
    quality: float  # 0 surely wrong, 1 surely right (normalised margin)
    flagged: bool  # cleanlab takes it for an error, the classes' usual confusions considered


def rank_suspects(samples: Sequence[Sample], probabilities: Mapping[str, Floats], labels: Mapping[str, tuple[str, ...]]) -> list[Suspect]:
    """Return the labels that the model contradicts, flagged ones first, the worst first.

    Parameters
    ----------
    probabilities
        By field, shape (samples, labels), from a model that did not learn from the sample it judges. Fields other than
        primary_theme, sentiment, adverse_event and own are passed over; a lone column of adverse_event is the yes.
    labels
        By field, the names of the columns.

    Notes
    -----
    A sample with no label in a field is left out there, and so is a field in which fewer than two labels were given.
    """
    found: list[Suspect] = []
    for field in ("primary_theme", "sentiment", "adverse_event", "own"):
        if field in probabilities:
            found += _suspects(samples, field, *_columns(field, probabilities[field], labels[field]))
    return sorted(found, key=lambda each: (not each.flagged, each.quality))


def _columns(field: str, probabilities: Floats, labels: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    if field == "adverse_event" and probabilities.shape[1] == 1:
        return np.hstack([1 - probabilities, probabilities]), ("false", "true")
    return probabilities, tuple(labels)


def _suspects(samples: Sequence[Sample], field: str, probabilities: Floats, labels: tuple[str, ...]) -> list[Suspect]:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    rows = [row for row, sample in enumerate(samples) if _given(sample, field) in labels]
    # Labels that nobody gave are taken out: cleanlab counts on each class having a case.
    present = sorted({labels.index(str(_given(samples[row], field))) for row in rows})
    if len(present) < 2:
        return []
    names = [labels[column] for column in present]
    given = np.array([names.index(str(_given(samples[row], field))) for row in rows])
    said = probabilities[np.ix_(rows, present)]
    said = said / np.maximum(said.sum(axis=1, keepdims=True), 1e-12)
    quality = get_label_quality_scores(given, said, method="normalized_margin")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a rare label may go unflagged; it is ranked all the same
        flagged = find_label_issues(given, said, n_jobs=1)
    best = said.argmax(axis=1)
    return [
        Suspect(samples[row], field, names[mine], names[its], float(p[mine]), float(p[its]), float(score), bool(flag))
        for row, mine, its, p, score, flag in zip(rows, given, best, said, quality, flagged, strict=True)
        if its != mine
    ]


def _given(sample: Sample, field: str) -> str | None:
    value = getattr(sample, field)
    if isinstance(value, tuple):  # of several labels of one's own none is the one
        return value[0] if len(value) == 1 else None
    return str(value).lower() if isinstance(value, bool) else value


_WHAT = ("rank", "suspect_field", "given", "model_says", "p_given", "p_model", "quality", "flagged", "at")
_SAMPLE = ("id", "title", "text", "date", "voice", "platform", "group", "primary_theme", "themes", "sentiment", "adverse_event")


def write_suspects(path: Path, suspects: Sequence[Suspect]) -> None:
    """Write suspects for a spreadsheet: what is suspect, then the sample with its labels to correct.

    It is a sample file too, in which a row counts once a person has put a name under ``annotator``.
    """
    own = ("own",) if any(suspect.sample.own for suspect in suspects) else ()
    rows = ([*_judged(rank, each), *(_cell(getattr(each.sample, name)) for name in (*_SAMPLE, *own)), ""] for rank, each in enumerate(suspects, 1))
    write_csv(path, (*_WHAT, *_SAMPLE, *own, "annotator"), rows)


def _judged(rank: int, of: Suspect) -> list[Any]:
    figures = [round(figure, 4) for figure in (of.p_given, of.p_model, of.quality)]
    return [rank, of.field, of.given, of.model_says, *figures, _cell(of.flagged), of.sample.at or ""]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "|".join(value) if isinstance(value, tuple) else str(value or "")
