"""Many names looked up in one pass over a text (Aho-Corasick), on word boundaries, case and accents aside."""

from collections.abc import Iterable
from dataclasses import dataclass

import ahocorasick_rs

from nlp.fold import Folded, fold_words

__all__ = ["Found", "Name", "NameMatcher", "glued"]


@dataclass(frozen=True, slots=True)
class Name:
    """One written form of what ``id`` stands for."""

    id: str
    form: str  # folded
    kind: str


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text: ``start`` and ``end`` in the original, ``at`` and ``until`` in the folded text."""

    name: Name
    start: int
    end: int
    at: int
    until: int


def glued(name: str) -> str:
    """Return ``name`` as a hashtag or handle writes it: folded, nothing between the words.

    Examples
    --------
    >>> glued("Johnson & Johnson")
    'johnsonjohnson'
    """
    return fold_words(name).replace(" ", "").replace("&", "")


class NameMatcher:
    """Finds the names it was built with; a form that several ids claim gives the first of them."""

    def __init__(self, names: Iterable[Name]) -> None:
        by_form: dict[str, Name] = {}
        for name in names:
            if name.form:
                by_form.setdefault(name.form, name)
        self._names = tuple(by_form.values())
        self._automaton = ahocorasick_rs.AhoCorasick([f" {name.form} " for name in self._names])

    def find(self, folded: Folded) -> list[Found]:
        """Return what was found, the longest first where two overlap, in the order of the text."""
        hits = [
            (start + 1, end - 1, index)
            for index, start, end in self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        ]
        hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken: list[Found] = []
        covered = bytearray(len(folded.text))
        for start, end, index in hits:
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                origin = folded.origin
                taken.append(Found(self._names[index], origin[start], origin[end - 1] + 1, start, end))
        taken.sort(key=lambda found: found.at)
        return taken
