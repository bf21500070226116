"""Where a model and its test set disagree: every error, the worst ones with the words that decided, and the labels to doubt."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.classifier import Classifier
from models.labels import Evidence, Labels
from models.occlusion import deciding_words
from nlp.observe import Observations, joined
from seeds.samples import Sample
from training.parts import Kind, Part

__all__ = ["COLUMNS", "Mistake", "errors_csv", "find_mistakes", "label_shares", "suspects", "worst"]

COLUMNS = ("id", "at", "field", "gold", "predicted", "probability", "needs_review", "words", "text")
WORST = 30
_EXPLAINED = 20  # texts read again word by word
_LONGEST = 60  # words of a text read again
_SURE, _DENIED = 0.9, 0.05  # of a label to doubt: the model's own answer above, the gold below
_FAR = 0.2  # total variation from which a test set is said to be unlike the training set
_FIELDS = ("primary_theme", "themes", "sentiment", "adverse_event", "labs", "own")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One answer that differs from the gold; ``probability`` is the model's of its own answer, None for sets of labels."""

    sample: Sample
    place: int
    field: str
    gold: tuple[str, ...]
    said: tuple[str, ...]
    probability: float | None
    p_gold: float | None
    needs_review: bool
    words: tuple[Evidence, ...]


def find_mistakes(samples: Sequence[Sample], labels: Sequence[Labels], parts: Mapping[str, Part]) -> list[Mistake]:
    """Return every wrong answer, in the order of the texts."""
    found = []
    for field in _FIELDS:
        if field in parts:
            part = parts[field]
            for row, place in enumerate(part.at):
                if not part.right[row]:
                    found.append(_mistake(part, row, samples[place], labels[place]))
    return sorted(found, key=lambda mistake: (mistake.place, _FIELDS.index(mistake.field)))


def _mistake(part: Part, row: int, sample: Sample, answer: Labels) -> Mistake:
    gold, said, p = part.gold[row], part.said[row], part.p[row]
    probability = p_gold = None
    if part.kind is Kind.ONE:
        probability, p_gold = p.get(said[0]), p.get(gold[0], 0.0)
    elif part.kind is Kind.FLAG:
        yes = p["true"]
        probability, p_gold = (yes, 1 - yes) if said else (1 - yes, yes)
        gold, said = gold or ("false",), said or ("false",)
    words = answer.evidence if part.name == "primary_theme" else ()
    return Mistake(sample, part.at[row], part.name, gold, said, probability, p_gold, answer.needs_review, words)


def worst(mistakes: Sequence[Mistake], observed: Sequence[Observations], classifier: Classifier) -> list[Mistake]:
    """Return the surest wrong themes and polarities, with the words that decided.

    The words come from reading the text again without each of its words; where it is long, or enough were read again, from
    the weights of the words (which speak for themes alone).
    """
    judged = [m for m in mistakes if m.field in ("primary_theme", "sentiment") and m.probability is not None]
    surest = sorted(judged, key=lambda m: (-(m.probability or 0), m.place))[:WORST]
    explained, read_again = [], 0
    for mistake in surest:
        seen = observed[mistake.place]
        if read_again < _EXPLAINED and len(seen.cleaned.text.split()) <= _LONGEST:
            read_again += 1
            mistake = replace(mistake, words=deciding_words(classifier, seen, mistake.field))
        explained.append(mistake)
    return explained


def suspects(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Return the gold labels that the model contradicts with confidence, the likeliest errors of labelling first."""
    doubted = [replace(m, words=()) for m in mistakes if m.probability is not None and m.probability > _SURE and (m.p_gold or 0) < _DENIED]
    return sorted(doubted, key=lambda m: ((m.p_gold or 0) - (m.probability or 0), m.place))


def label_shares(parts: Mapping[str, Part], training_counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return each label's share here and in the model's training texts; ``far`` where the two differ by more than a fifth of the texts."""
    found = {}
    for name in ("primary_theme", "sentiment", "adverse_event", "own"):
        counts = training_counts.get(name)
        if not counts or not sum(counts.values()) or name not in parts or parts[name].kind not in (Kind.ONE, Kind.FLAG):
            continue
        here = [label for gold in parts[name].gold for label in gold or ("false",)]
        learned = sum(counts.values())
        shares = {
            label: {"test": round(here.count(label) / len(here), 4), "training": round(counts.get(label, 0) / learned, 4)}
            for label in dict.fromkeys([*counts, *here])
        }
        variation = round(sum(abs(s["test"] - s["training"]) for s in shares.values()) / 2, 4)
        found[name] = {"labels": shares, "total_variation": variation, "far": variation > _FAR}
    return found


def errors_csv(mistakes: Sequence[Mistake], *, label: str | None = None) -> bytes:
    """Return the table of errors (UTF-8 with signature); a cell that would begin a formula gets an apostrophe.

    ``label`` is what the user's own label set is called.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for m in mistakes:
        sure = "" if m.probability is None else f"{m.probability:.4f}"
        words = "|".join(e.words for e in m.words)
        field = label or m.field if m.field == "own" else m.field
        cells = [m.sample.id, m.sample.at or "", field, "|".join(m.gold), "|".join(m.said), sure, str(m.needs_review).lower(), words,
                 joined(m.sample.title, m.sample.text)]  # fmt: skip
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells])
    return file.getvalue().encode("utf-8-sig", "backslashreplace")
