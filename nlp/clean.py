"""Cleaning that keeps offsets: what a post says, without what its platform added.

Entities are decoded, apostrophes and spaces made one kind, hashtags split for reading, emoji named in French,
retweet marks, links and persons' handles taken away. Every kept character remembers where it came from.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import emoji

__all__ = ["Cleaned", "clean", "split_hashtag"]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text; ``starts[i]`` and ``ends[i]`` bound the piece of the original that gave character i."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the original text of ``text[start:end]`` (which must not be empty)."""
        return self.starts[start], self.ends[end - 1]


_RETWEET = re.compile(r"^(?:\s*(?:RT|QT|MT)\s+@\w+\s*:?)+\s*", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LINK = re.compile(r"(?:https?://|www\.)\S+|\bpic\.twitter\.com/\S+")
_TAG = re.compile(r"</?(?:b|i|em|strong|br|p|hl)(?:\s[^<>]{0,80})?/?>", re.IGNORECASE)
_HASHTAG = re.compile(r"#(\w+)")
_HANDLE = re.compile(r"(?<!\w)@\w+:?")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f\u00ad\ud800-\udfff]")
_APOSTROPHES = re.compile("[\u2019\u2018\u02bc\u00b4`]")
# Marks still changing after so many turns are nested deeper than any export nests them: they become spaces, so that an end is sure.
_TURNS = 8
_MARKS = re.compile("[&<>#@]")
_SPACES = re.compile(r"\s+")
_ELISION = re.compile(r"\b((?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu))\s?'\s+(?=\w)", re.IGNORECASE)
_REPEATS = re.compile(r"([^\W\d])\1{3,}|([!?.])\2{3,}")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|_+")


def split_hashtag(tag: str) -> str:
    """Return a hashtag's words with spaces between.

    Examples
    --------
    >>> split_hashtag("OctobreRose2021")
    'Octobre Rose 2021'
    >>> split_hashtag("COVID19")
    'COVID19'
    """
    if tag.isupper() or tag.islower():
        return tag.replace("_", " ").strip()
    return " ".join(part for part in _CAMEL.sub(" ", tag).split(" ") if part)


@lru_cache(maxsize=4096)
def _emoji_words(character: str) -> str:
    name = emoji.demojize(character, language="fr", delimiters=("", ""))
    return "" if name == character else f" {name.replace('_', ' ')} "


class _Draft:
    """A text under change, with the origin of each character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = list(range(len(text)))
        self.ends = list(range(1, len(text) + 1))

    def replace(self, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> None:
        matches = [(m.start(), m.end(), by(m)) for m in pattern.finditer(self.text)]
        self.put([change for change in matches if self.text[change[0] : change[1]] != change[2]])

    def put(self, changes: list[tuple[int, int, str]]) -> None:
        if not changes:
            return
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, new in changes:
            pieces += [self.text[done:start], new]
            starts += self.starts[done:start] + [self.starts[start]] * len(new)
            ends += self.ends[done:start] + [self.ends[end - 1]] * len(new)
            done = end
        self.text = "".join([*pieces, self.text[done:]])
        self.starts = starts + self.starts[done:]
        self.ends = ends + self.ends[done:]


def _decoded(match: re.Match[str]) -> str:
    character = html.unescape(match.group())
    # &nbsp; and the like become plain spaces; an entity that names nothing stays as it is.
    return " " if character.isspace() else character


def clean(text: str, *, replacements: Sequence[tuple[int, int, str]] = ()) -> Cleaned:
    """Return ``text`` cleaned for reading, with offsets; cleaning twice equals cleaning once.

    ``replacements`` (start, end, new words; in order, not overlapping) are put in first, but for those that
    lie in the retweet mark.

    Examples
    --------
    >>> clean("RT @labo: J’ai mal &amp; j' attends #DonDuSang https://t.co/x").text
    "J'ai mal & j'attends Don Du Sang"
    """
    draft = _Draft(text)
    mark = _RETWEET.match(text)
    kept_from = mark.end() if mark else 0
    draft.put([change for change in replacements if change[0] >= kept_from])
    before, turns = None, 0
    while draft.text != before:  # a decoded entity can reveal a link or another entity
        before, turns = draft.text, turns + 1
        if turns == _TURNS:
            draft.replace(_MARKS, lambda m: " ")
        _clean_once(draft)
    return Cleaned(draft.text, tuple(draft.starts), tuple(draft.ends))


def _clean_once(draft: _Draft) -> None:
    draft.replace(_ENTITY, _decoded)
    draft.replace(_INVISIBLE, lambda m: "")
    draft.replace(_TAG, lambda m: " ")
    draft.replace(_RETWEET, lambda m: "")
    draft.replace(_LINK, lambda m: " ")
    draft.replace(_HANDLE, lambda m: " ")
    draft.replace(_HASHTAG, lambda m: split_hashtag(m.group(1)))
    if not draft.text.isascii():
        draft.put([(e["match_start"], e["match_end"], _emoji_words(e["emoji"])) for e in emoji.emoji_list(draft.text)])
    draft.replace(_APOSTROPHES, lambda m: "'")
    draft.replace(_ELISION, lambda m: f"{m.group(1)}'")
    draft.replace(_REPEATS, lambda m: (m.group(1) or m.group(2)) * 3)
    draft.replace(_SPACES, lambda m: " ")
    stripped = draft.text.strip()
    if stripped != draft.text:
        first = draft.text.find(stripped) if stripped else len(draft.text)
        last = first + len(stripped)
        draft.text, draft.starts, draft.ends = stripped, draft.starts[first:last], draft.ends[first:last]
