"""How far annotators agree: Krippendorff's alpha over the texts that two or more of them labelled."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from seeds.samples import Sample
from training.samples import normalised

__all__ = ["Agreement", "agreement", "agreement_lines", "nominal_alpha"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement on one field; a theme among several is ``themes:<id>``, the mean of the themes ``themes``."""

    field: str
    texts: int
    annotators: int
    raw: float  # share of pairs of answers to one text that are equal
    alpha: float | None  # None with fewer than two texts, or where everybody always gave the same answer


def agreement(read: Sequence[Sample]) -> list[Agreement]:
    """Return the agreement on each field that two annotators gave for some text.

    ``read`` are annotations before they were merged. Those without a name count as one annotator; of two by the same
    annotator the last counts.
    """
    by_text: dict[str, dict[str, Sample]] = {}
    for sample in read:
        by_text.setdefault(normalised(sample), {})[sample.annotator or ""] = sample
    shared = [by_name for by_name in by_text.values() if len(by_name) > 1]
    ids = sorted({theme for by_name in shared for sample in by_name.values() for theme in sample.themes or ()})
    themes = [_measured(f"themes:{theme}", shared, _has(theme)) for theme in ids]
    measured = [
        _measured("primary_theme", shared, lambda s: s.primary_theme),
        _mean([each for each in themes if each]),
        *themes,
        _measured("sentiment", shared, lambda s: s.sentiment),
        _measured("adverse_event", shared, lambda s: s.adverse_event),
        _measured("own", shared, lambda s: None if s.own is None else frozenset(s.own)),
    ]
    return [each for each in measured if each]


def _has(theme: str) -> Callable[[Sample], bool | None]:
    return lambda sample: None if sample.themes is None else theme in sample.themes


def _measured(field: str, shared: Iterable[dict[str, Sample]], answer: Callable[[Sample], Hashable | None]) -> Agreement | None:
    units = [{name: said for name, sample in by_name.items() if (said := answer(sample)) is not None} for by_name in shared]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        return None
    answers = [list(unit.values()) for unit in units]
    names = {name for unit in units for name in unit}
    return Agreement(field, len(units), len(names), 1 - _disagreement(answers), nominal_alpha(answers))


def _mean(themes: Sequence[Agreement]) -> Agreement | None:
    if not themes:
        return None
    alphas = [each.alpha for each in themes if each.alpha is not None]
    return Agreement(
        "themes",
        max(each.texts for each in themes),
        max(each.annotators for each in themes),
        sum(each.raw for each in themes) / len(themes),
        sum(alphas) / len(alphas) if alphas else None,
    )


def nominal_alpha(units: Sequence[Sequence[Hashable]]) -> float | None:
    """Return Krippendorff's alpha of answers that are names, two or more a unit.

    Examples
    --------
    >>> nominal_alpha([["oui", "oui"], ["non", "non"]])
    1.0
    >>> nominal_alpha([["oui", "oui"], ["oui", "oui"]]) is None
    True
    """
    counts = Counter(said for unit in units for said in unit)
    total = counts.total()
    if len(units) < 2 or len(counts) < 2:
        return None
    expected = 1 - sum(count * (count - 1) for count in counts.values()) / (total * (total - 1))
    return 1 - _disagreement(units) / expected


def _disagreement(units: Sequence[Sequence[Hashable]]) -> float:
    """Return the share of pairs within a unit that differ, each unit weighing as many as its answers."""
    differing = 0.0
    for unit in units:
        equal = sum(count * (count - 1) for count in Counter(unit).values())
        differing += len(unit) - equal / (len(unit) - 1)
    return differing / sum(map(len, units))


def agreement_lines(found: Sequence[Agreement]) -> list[str]:
    """Return the agreement in words, one line a field.

    Examples
    --------
    >>> print(*agreement_lines([Agreement("sentiment", 40, 2, 0.9, 0.81)]))
    sentiment: alpha 0.81, equal answers 90 % (40 texts, 2 annotators)
    """
    if not found:
        return ["agreement: no text was labelled by two annotators"]
    return [f"{a.field}: alpha {_figure(a)}, equal answers {100 * a.raw:.0f} % ({a.texts} texts, {a.annotators} annotators)" for a in found]


def _figure(of: Agreement) -> str:
    if of.alpha is not None:
        return f"{of.alpha:.2f}"
    return "not known (too few texts)" if of.texts < 2 else "not known (one answer only)"
