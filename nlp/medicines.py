"""Medicines named in a text, each with its span and the lab that held it on the text's date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import ahocorasick_rs

from nlp.fold import fold, fold_words
from nlp.names import Name, NameMatcher, glued
from nlp.pharma_words import PHARMA_WORDS
from seeds.medicines import MedicineRegistry, read_medicines

__all__ = ["MedicineFinder", "MedicineMention", "default_medicine_finder"]


@dataclass(frozen=True, slots=True)
class MedicineMention:
    """``text[start:end]`` names ``medicine``, held by ``lab`` (None where many labs make it)."""

    medicine: str
    lab: str | None
    start: int
    end: int
    surface: str


class MedicineFinder:
    """Finds the medicines of a registry in texts."""

    def __init__(self, registry: MedicineRegistry) -> None:
        self._registry = registry
        self._matcher = NameMatcher(_names(registry))
        self._pharma = ahocorasick_rs.AhoCorasick([f" {word} " for word in PHARMA_WORDS])

    def find(self, text: str, *, day: date | None = None) -> tuple[MedicineMention, ...]:
        """Return the medicines of ``text`` in order; ``day`` decides whose they were.

        Examples
        --------
        >>> [(m.medicine, m.lab) for m in default_medicine_finder().find("Depuis le lévothyrox, je dors mal")]
        [('levothyrox', 'merck-kgaa')]
        """
        folded = fold(text)
        mentions = []
        for found in self._matcher.find(folded):
            medicine = self._registry.by_id[found.name.id]
            surface = text[found.start : found.end]
            if medicine.homonym and surface.islower() and not self._pharma.find_matches_as_indexes(folded.text):
                continue
            mentions.append(MedicineMention(medicine.id, medicine.lab_on(day), found.start, found.end, surface))
        return tuple(mentions)


@lru_cache(maxsize=1)
def default_medicine_finder() -> MedicineFinder:
    """Return the finder of the shipped registry, built once."""
    return MedicineFinder(read_medicines())


def _names(registry: MedicineRegistry) -> Iterator[Name]:
    for medicine in registry:
        for written in (medicine.name, *medicine.aliases, *medicine.misspellings):
            yield Name(medicine.id, fold_words(written), "name")
            yield Name(medicine.id, f"#{glued(written)}", "hashtag")
