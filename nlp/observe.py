"""What can be seen in a text before any model: its clean form, labs, medicines and language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from nlp.clean import Cleaned, clean
from nlp.labs import LabFinder, LabMention, default_lab_finder
from nlp.language import detect_language
from nlp.medicines import MedicineFinder, MedicineMention, default_medicine_finder

__all__ = ["STAND_INS", "Observations", "Observer", "joined"]

STAND_INS = ("Pfizer", "Moderna", "Sanofi", "Novartis", "Bayer")
"""What the model reads for the first lab of a text, the second, and so on: whoever is named, it reads the same
names in the same order, so that a lab's name decides nothing. Real names, since the encoder knows them as companies."""


@dataclass(frozen=True, slots=True)
class Observations:
    """A text with what was seen in it; spans are places in ``text``."""

    text: str
    cleaned: Cleaned  # labs named by their stand-ins
    labs: tuple[LabMention, ...]  # rejected candidates too
    medicines: tuple[MedicineMention, ...]
    language: str | None

    @property
    def lab_ids(self) -> tuple[str, ...]:
        """The labs accepted, each once, in order of appearance."""
        return tuple(dict.fromkeys(mention.lab for mention in self.labs if mention.accepted))


def joined(title: str | None, text: str) -> str:
    """Return what is read: the title, a newline and the text, unless the text begins with the title."""
    if not title or text.startswith(title):
        return text
    return f"{title}\n{text}"


class Observer:
    """Reads texts; the registries are built once."""

    def __init__(self, *, labs: LabFinder | None = None, medicines: MedicineFinder | None = None) -> None:
        self._labs = labs or default_lab_finder()
        self._medicines = medicines or default_medicine_finder()

    def observe(self, text: str, *, day: date | None = None, language: str | None = None) -> Observations:
        """Return the observations of one text; ``day`` decides which lab held a medicine.

        ``language`` is what the source says of it, if it says anything: it is believed.

        Examples
        --------
        >>> Observer().observe("Merci @SanofiFR pour #OctobreRose !").cleaned.text
        'Merci Pfizer pour Octobre Rose !'
        """
        labs = self._labs.find(text)
        cleaned = clean(text, replacements=_stand_ins(labs))
        medicines = self._medicines.find(text, day=day)
        return Observations(text, cleaned, labs, medicines, language or detect_language(cleaned.text))

    def observe_all(self, texts: Iterable[str]) -> Sequence[Observations]:
        """Return the observations of many texts."""
        return [self.observe(text) for text in texts]


def _stand_ins(mentions: Sequence[LabMention]) -> list[tuple[int, int, str]]:
    accepted = [mention for mention in mentions if mention.accepted]
    order = {lab: place for place, lab in enumerate(dict.fromkeys(mention.lab for mention in accepted))}
    return [(m.start, m.end, STAND_INS[order[m.lab] % len(STAND_INS)]) for m in accepted]
