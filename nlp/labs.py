"""Labs named in a text, each with its span and the reason why it was accepted or rejected."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import ahocorasick_rs

from nlp.clean import split_hashtag
from nlp.fold import Folded, fold, fold_words
from nlp.names import Found, Name, NameMatcher, glued
from nlp.person_cues import BEFORE_PERSONS_AND_PLACES, FIRST_NAMES
from nlp.pharma_words import PHARMA_WORDS
from seeds.labs import Homonym, Lab, LabRegistry, read_labs
from seeds.medicines import read_medicines

__all__ = ["LabFinder", "LabMention", "default_lab_finder"]


@dataclass(frozen=True, slots=True)
class LabMention:
    """A candidate: ``text[start:end]`` may name ``lab``; ``reason`` says why it was taken or not."""

    lab: str
    start: int
    end: int
    surface: str
    accepted: bool
    reason: str


_HASHTAG = re.compile(r"#(\w+)")
_AMPERSAND = re.compile(r" ?& ?")
# A name at either end of a glued hashtag (#vaccinpfizer) is trusted from this length on: shorter ones stand in common words.
_GLUED_LENGTH = 6


class LabFinder:
    """Finds the labs of a registry in texts."""

    def __init__(self, registry: LabRegistry) -> None:
        self._registry = registry
        self._matcher = NameMatcher(_names(registry))
        self._glued = {
            glued(written): lab.id
            for lab in registry
            for written, kind in lab.names()
            if kind in ("name", "aliases", "subsidiaries", "misspellings") and len(glued(written)) >= _GLUED_LENGTH
        }
        self._homonyms = {
            (lab.id, form): _folded_rules([h for h in lab.homonyms if fold_words(h.name) == fold_words(homonym.name)])
            for lab in registry
            for homonym in lab.homonyms
            for form in (fold_words(homonym.name), f"#{glued(homonym.name)}")
        }
        self._shared = {
            fold_words(shared.name): (lab.id, tuple(f" {fold_words(cue)} " for cue in shared.near))
            for lab in registry
            for shared in lab.shared_names
        }
        self._pharma = ahocorasick_rs.AhoCorasick([f" {word} " for word in (*PHARMA_WORDS, *_medicine_names())])

    def find(self, text: str) -> tuple[LabMention, ...]:
        """Return every candidate of ``text``, accepted or not, in order.

        Examples
        --------
        >>> [m.lab for m in default_lab_finder().find("Sanofi-Aventis et #Pfizer") if m.accepted]
        ['sanofi', 'pfizer']
        """
        folded = fold(text)
        candidates = [c for c in self._matcher.find(folded) if not _inside_handle(text, c)]
        # Two companies in one text speak for each other, even when each name is ambiguous alone.
        named = {c.name.id for c in candidates}
        context = folded.text.replace("#", "")  # #vaccin and #bundesliga tell as much as the words
        about_pharma = len(named) > 1 or bool(candidates and self._pharma.find_matches_as_indexes(context))
        found = [self._judged(text, folded, c, context=context, about_pharma=about_pharma) for c in candidates]
        found += self._in_hashtags(text, {(m.start, m.end) for m in found})
        return tuple(sorted(found, key=lambda m: m.start))

    def _rules(self, candidate: Found) -> tuple[Homonym, ...]:
        return self._homonyms.get((candidate.name.id, candidate.name.form), ())

    def _judged(self, text: str, folded: Folded, found: Found, *, context: str, about_pharma: bool) -> LabMention:
        lab = found.name.id
        surface = text[found.start : found.end]
        shared = self._shared.get(found.name.form)
        if shared and any(cue in context for cue in shared[1]):
            lab = shared[0]
        reason = None
        if found.name.kind == "hashtag":
            reason = next((rule.means for rule in self._rules(found) if any(cue in context for cue in rule.near)), None)
        elif found.name.kind != "handle":
            reason = self._refusal(text, folded, found, context=context, about_pharma=about_pharma)
        return LabMention(lab, found.start, found.end, surface, reason is None, reason or found.name.kind)

    def _refusal(self, text: str, folded: Folded, found: Found, *, context: str, about_pharma: bool) -> str | None:
        before, after = folded.text[: found.at], folded.text[found.until :]
        rules = self._rules(found)
        surface = text[found.start : found.end]
        if rules and _after_person_or_place(text, before, found):
            return "a person's, a street's or a shop's name"
        for rule in rules:
            if any(before.endswith(cue) for cue in rule.before) or any(after.startswith(cue) for cue in rule.after):
                return rule.means
            if any(cue in context for cue in rule.near):
                return rule.means
            if rule.case and surface.islower():
                return f"{rule.means}: written in lower case"
        if any(rule.needs_pharma for rule in rules) and not about_pharma:
            return "no word about medicines beside an ambiguous name"
        return None

    def _in_hashtags(self, text: str, known: set[tuple[int, int]]) -> Iterator[LabMention]:
        for match in _HASHTAG.finditer(text):
            span = match.span()
            if any(start < span[1] and end > span[0] for start, end in known):
                continue
            words = fold_words(split_hashtag(match.group(1))).split()
            tag = "".join(words)
            parts = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
            labs = [self._glued[part] for part in sorted(parts & self._glued.keys(), key=len, reverse=True)]
            labs += [lab for name, lab in self._glued.items() if not labs and (tag.startswith(name) or tag.endswith(name))]
            if labs:
                yield LabMention(labs[0], *span, match.group(), True, "in a hashtag")


@lru_cache(maxsize=1)
def _medicine_names() -> frozenset[str]:
    """Return the medicines' names, folded: beside one of them an ambiguous name is a company's."""
    return frozenset(
        fold_words(name) for medicine in read_medicines() if not medicine.homonym for name in (medicine.name, *medicine.aliases)
    )


@lru_cache(maxsize=1)
def default_lab_finder() -> LabFinder:
    """Return the finder of the shipped registry, built once."""
    return LabFinder(read_labs())


_CUES = tuple(f" {cue} " for cue in BEFORE_PERSONS_AND_PLACES)
_FIRST_NAMES = frozenset(FIRST_NAMES)


def _after_person_or_place(text: str, before: str, found: Found) -> bool:
    """Tell whether the word before, with nothing but a space between, makes the name a person's or a place's."""
    if found.start < 2 or text[found.start - 1] != " " or not (text[found.start - 2].isalnum() or text[found.start - 2] == "."):
        return False
    return before.endswith(_CUES) or before.rstrip().rsplit(" ", 1)[-1] in _FIRST_NAMES


def _inside_handle(text: str, found: Found) -> bool:
    """Tell whether the name is only a part of a handle (@pfizer_fan) or of a link."""
    after = text[found.end : found.end + 1]
    before = text[: found.start].rsplit(maxsplit=1)[-1] if text[: found.start] and not text[found.start - 1].isspace() else ""
    if before.startswith(("http://", "https://", "www.")) or "@" in before or "_" in before:
        return True
    return after == "_" and text[found.start] in "@#" or (after == "_" and before.endswith("_"))


def _names(registry: LabRegistry) -> Iterator[Name]:
    for lab in registry:
        yield from _declared_accounts(lab)  # before the handles made from names: @Merck is MSD's
    for lab in registry:
        yield from _lab_names(lab)
    # A shared name (Merck) belongs to the lab that lists it as its own.


def _lab_names(lab: Lab) -> Iterator[Name]:
    for written, kind in lab.names():
        form = fold_words(written)
        yield Name(lab.id, form, kind)
        if "&" in form:
            for joint in ("&", " & ", "&amp ", " &amp ", " et ", " and ", " "):
                yield Name(lab.id, _AMPERSAND.sub(joint, form), kind)
        yield Name(lab.id, f"#{glued(written)}", "hashtag")
        yield Name(lab.id, f"@{glued(written)}", "handle")


def _declared_accounts(lab: Lab) -> Iterator[Name]:
    for handle in lab.handles:
        yield Name(lab.id, f"@{fold_words(handle.lstrip('@'))}", "handle")
    for account in lab.accounts:
        if account.network == "twitter":
            yield Name(lab.id, f"@{fold_words(account.account.lstrip('@'))}", "handle")
    for hashtag in lab.hashtags:
        yield Name(lab.id, f"#{fold_words(hashtag.lstrip('#'))}", "hashtag")


def _folded_rules(rules: Iterable[Homonym]) -> tuple[Homonym, ...]:
    return tuple(
        Homonym(
            name=rule.name,
            means=rule.means,
            before=tuple(f" {fold_words(cue)} " for cue in rule.before),
            after=tuple(f" {fold_words(cue)} " for cue in rule.after),
            near=tuple(f" {fold_words(cue)} " for cue in rule.near),
            case=rule.case,
            needs_pharma=rule.needs_pharma,
        )
        for rule in rules
    )
