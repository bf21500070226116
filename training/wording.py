"""The words and number formats of a language, from the texts in ``report/``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from seeds.errors import PharmavoixError

__all__ = ["LANGUAGES", "REPORT", "Wording", "wording"]

REPORT = Path(__file__).parent / "report"
LANGUAGES = ("en", "fr")
_NARROW = "\u202f"  # the space that French puts inside numbers


@dataclass(frozen=True, slots=True)
class Wording:
    """Says things in one language."""

    lang: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``values`` put in."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def name(self, label: str) -> str:
        """Return what a label or a value is called; one that has no name of its own, its id."""
        return self.texts.get(f"name.{label}", label)

    def number(self, value: float | None, decimals: int = 2) -> str:
        r"""Return a number with the language's decimal mark and thousands apart; a dash for none.

        Examples
        --------
        >>> wording("fr").number(1248.5, 1), wording("en").number(None), wording("en").number(-0.0004)
        ('1\u202f248,5', '–', '0.00')
        """
        if value is None:
            return "–"
        # Rounded first, and 0 added: what rounds to nothing has no sign.
        written = f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")
        return written if self.lang == "en" else written.replace(",", _NARROW).replace(".", ",")

    def plural(self, value: float) -> str:
        """Return ``one`` or ``many``: in French the plural begins at two.

        Examples
        --------
        >>> wording("fr").plural(1.5), wording("en").plural(1.5)
        ('one', 'many')
        """
        return "one" if (abs(value) < 2 if self.lang == "fr" else abs(value) == 1) else "many"

    def percent(self, share: float | None, decimals: int = 0) -> str:
        r"""Return a share in percent.

        Examples
        --------
        >>> wording("fr").percent(0.774), wording("en").percent(0.774, 1)
        ('77\u202f%', '77.4%')
        """
        if share is None:
            return "–"
        return self.number(100 * share, decimals) + ("%" if self.lang == "en" else f"{_NARROW}%")


@lru_cache(maxsize=len(LANGUAGES))
def wording(lang: str) -> Wording:
    """Return the words of ``lang``; raise PharmavoixError for a language that the report is not written in."""
    if lang not in LANGUAGES:
        raise PharmavoixError(f"{lang!r}: the report is not written in this language. Choose among {', '.join(LANGUAGES)}.")
    return Wording(lang, json.loads((REPORT / f"{lang}.json").read_text(encoding="utf-8")))
