"""A text as a report shows it: personal marks masked, the words that decided set apart."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from seeds.labs import read_labs

__all__ = ["masked", "pieces"]

_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    (re.compile(r"(?:https?://|www\.)\S+"), "[…]"),
    (re.compile(r"(?<![\w+])(?:(?:\+|00)\d{1,3}[\s.-]?(?:\(0\)\s?)?\d(?:[\s./-]?\d){6,12}|0[1-9](?:[\s./-]?\d{2}){4})(?!\d)"), "[…]"),
    (re.compile(r"(?<!\w)@(\w+)"), "@…"),
)
_LONGEST = 500  # characters of a text

Span = tuple[int, int]


@lru_cache(maxsize=1)
def _lab_handles() -> frozenset[str]:
    return frozenset(name.lstrip("@").casefold() for lab in read_labs() for name in (*lab.handles, *(a.account for a in lab.accounts)))


def _hidden(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what must not be shown, with what stands in its place; labs' own handles may be."""
    done: list[Span] = []
    for pattern, instead in _MASKS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if instead == "@…" and match[1].casefold() in _lab_handles():
                continue
            if all(end <= s or start >= e for s, e in done):
                done.append((start, end))
                yield start, end, instead


def masked(text: str) -> str:
    """Return ``text`` without handles of persons, e-mail addresses, telephone numbers and links.

    Examples
    --------
    >>> masked("@jeanne34 écrivez à a.b@mail.fr ou au 06 12 34 56 78, merci @SanofiFR")
    '@… écrivez à …@… ou au […], merci @SanofiFR'
    """
    return "".join(words for words, _ in pieces(text, (), longest=len(text)))


def pieces(text: str, decided: Iterable[Span], *, longest: int = _LONGEST) -> Sequence[tuple[str, bool]]:
    """Return ``text`` masked, in pieces that tell whether the words decided; longer than ``longest`` it is cut."""
    hidden = sorted(_hidden(text))
    told = [(start, end) for start, end in decided if all(end <= s or start >= e for s, e, _ in hidden)]
    changes = sorted([*((s, e, instead, False) for s, e, instead in hidden), *((s, e, text[s:e], True) for s, e in told)])
    found, done = [], 0
    for start, end, words, decides in changes:
        if start >= done:
            found += [(text[done:start], False), (words, decides)]
            done = end
    found.append((text[done:], False))
    shown, room = [], longest
    for words, decides in found:
        if words and room > 0:
            shown.append((words if len(words) <= room else words[:room] + "…", decides))
            room -= len(words)
    return shown
