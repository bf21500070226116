"""Figures on slices of a test set: by voice, lab, network, irony, length and period."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nlp.observe import joined
from seeds.samples import Sample
from training.metrics import single_label_figures
from training.parts import Kind, Part

__all__ = ["FEWEST_TEXTS", "slices"]

FEWEST_TEXTS = 20
"""A slice with fewer texts is counted, not scored."""
_FEWEST_OF_A_LAB = 10  # to be listed
_MOST_LABS = 20
_LENGTHS = ((6, "1-6"), (25, "7-25"), (80, "26-80"))
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?")

Named = Callable[[Sample], Iterable[str]]


def slices(samples: Sequence[Sample], parts: Mapping[str, Part]) -> dict[str, dict[str, Any]]:
    """Return the figures of each slice, by the slice's name and its value; a text of unknown value is in none."""
    found = {name: _by(named, samples, parts) for name, named in _namings(samples).items()}
    listed = sorted((lab for lab, s in found["lab"].items() if s["n"] >= _FEWEST_OF_A_LAB), key=lambda lab: (-found["lab"][lab]["n"], lab))
    found["lab"] = {lab: found["lab"][lab] for lab in listed[:_MOST_LABS]}
    return found


def _namings(samples: Sequence[Sample]) -> dict[str, Named]:
    ironic = any("irony" in s.tags for s in samples)
    one_year = len({(s.date or "")[:4] for s in samples if s.date}) == 1
    return {
        "voice": lambda s: [s.voice] if s.voice else [],
        "lab": lambda s: dict.fromkeys(s.labs or ()),
        "platform": lambda s: [s.platform] if s.platform else [],
        # Where nobody tagged irony, its absence says nothing.
        "irony": lambda s: ["irony" if "irony" in s.tags else "no_irony"] if ironic else [],
        "length": lambda s: [_length(s)],
        "period": lambda s: _period(s, by_quarter=one_year),
    }


def _length(sample: Sample) -> str:
    words = len(joined(sample.title, sample.text).split())
    return next((name for most, name in _LENGTHS if words <= most), "81+")


def _period(sample: Sample, *, by_quarter: bool) -> list[str]:
    match = _DATE.match(sample.date or "")
    if not match or (by_quarter and not match[2]):
        return []
    return [f"{match[1]}-Q{(int(match[2]) + 2) // 3}" if by_quarter else match[1]]


def _by(named: Named, samples: Sequence[Sample], parts: Mapping[str, Part]) -> dict[str, Any]:
    places: dict[str, set[int]] = {}
    for place, sample in enumerate(samples):
        for value in named(sample):
            places.setdefault(value, set()).add(place)
    return {value: _figures(frozenset(places[value]), parts) for value in _ordered(places)}


def _ordered(places: Mapping[str, set[int]]) -> list[str]:
    """Return periods and lengths in their own order, other values by how many texts they have."""
    lengths = [name for _, name in _LENGTHS] + ["81+"]
    if set(places) <= set(lengths):
        return [name for name in lengths if name in places]
    if all(_DATE.match(value) for value in places):
        return sorted(places)
    return [value for value, _ in Counter({value: len(at) for value, at in places.items()}).most_common()]


def _figures(places: frozenset[int], parts: Mapping[str, Part]) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(places)}
    if len(places) < FEWEST_TEXTS:
        return {**found, "note": "too few"}
    for name in ("primary_theme", "sentiment", "own"):
        if name in parts and parts[name].kind is Kind.ONE:
            part = parts[name].only(places)
            if len(part.at) < FEWEST_TEXTS:
                found[name] = {"n": len(part.at), "note": "too few"}
            else:
                scores = single_label_figures([g for (g,) in part.gold], [s for (s,) in part.said])
                found[name] = {key: scores[key] for key in ("n", "accuracy", "macro_f1")}
    return found
