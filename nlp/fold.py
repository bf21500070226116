"""A text folded for looking names up: no case, no accents, one space between words, offsets kept."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Folded", "fold", "fold_words"]


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, framed by spaces; ``origin[i]`` is the place in the original of character i."""

    text: str
    origin: tuple[int, ...]


@lru_cache(maxsize=65536)
def _fold_character(character: str) -> str:
    if character.isalnum():
        return "".join(c for c in unicodedata.normalize("NFKD", character).casefold() if c.isalnum())
    if character == "\u00ad" or unicodedata.combining(character):
        return ""  # an accent written apart (texts from a Mac), a soft hyphen: the word goes on
    # Marks that keep two words apart or belong to a handle or a company's name.
    return character if character in "@#&" else " "


def fold(text: str) -> Folded:
    """Fold ``text``: hyphens, apostrophes and line breaks become one space.

    Examples
    --------
    >>> fold("Boehringer-Ingelheim, l’été").text
    ' boehringer ingelheim l ete '
    """
    characters = [" "]
    origin = [0]
    for place, character in enumerate(text):
        for folded in _fold_character(character):
            if folded == " " and characters[-1] == " ":
                continue
            characters.append(folded)
            origin.append(place)
    if characters[-1] != " ":
        characters.append(" ")
        origin.append(len(text))
    return Folded("".join(characters), tuple(origin))


def fold_words(text: str) -> str:
    """Return ``text`` folded, without the frame."""
    return fold(text).text.strip()
