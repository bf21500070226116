"""The language of a text, among those that French exports hold."""

from functools import lru_cache

import py3langid

__all__ = ["LANGUAGES", "detect_language"]

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "nl", "pt")
"""ISO 639-1 codes told apart: fewer choices, fewer errors on short posts."""

# By how much another language must beat French (in log likelihood) to be believed: on short posts a lab's name, a
# drug's or a typo looks foreign; plain English or Dutch of half a dozen words passes it.
_MARGIN = 25.0
_LAST_LATIN = "\u024f"


@lru_cache(maxsize=1)
def _choose_languages() -> None:
    py3langid.set_languages(list(LANGUAGES))


def detect_language(cleaned: str) -> str | None:
    """Return the ISO 639-1 code of a cleaned text's language, or None when it is too short or mixed to tell.

    ``und`` (undetermined) is a text in another script.

    Examples
    --------
    >>> detect_language("Encore une rupture de stock à la pharmacie ce matin")
    'fr'
    """
    letters = [character for character in cleaned if character.isalpha()]
    if not letters:
        return None
    _choose_languages()
    scores = dict(py3langid.rank(cleaned))
    likeliest = max(scores, key=scores.__getitem__)
    if likeliest != "ar" and sum(letter > _LAST_LATIN for letter in letters) > len(letters) / 2:
        return "und"
    if likeliest != "fr" and scores[likeliest] - scores["fr"] < _MARGIN:
        return None
    return str(likeliest)
