"""The lab registry: who the pharmaceutical companies are, what they are called, who speaks for them and where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from seeds.errors import RegistryError
from seeds.jsonl import read_jsonl, word, words

__all__ = ["INVENTED_LABS", "LABS", "Account", "Homonym", "Lab", "LabRegistry", "SharedName", "read_labs"]

LABS = Path(__file__).parent / "labs.jsonl"
INVENTED_LABS = Path(__file__).parent / "labs_invented.jsonl"
"""Labs that do not exist, on which invented wrongdoing is laid: only training and tests read them."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, page or channel that speaks for a lab on a network."""

    network: str
    account: str
    kind: str
    since: int | None


@dataclass(frozen=True, slots=True)
class Homonym:
    """A context in which a name of the lab means something else."""

    name: str
    means: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    near: tuple[str, ...]
    case: bool  # a form wholly in lower case is refused
    needs_pharma: bool  # accepted only beside a pharma word or another lab


@dataclass(frozen=True, slots=True)
class SharedName:
    """A name that another lab holds, and that means this one beside one of ``near``."""

    name: str
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lab:
    """One pharmaceutical company, by its canonical id."""

    id: str
    name: str
    country: str
    former_names: tuple[str, ...]
    aliases: tuple[str, ...]
    misspellings: tuple[str, ...]
    handles: tuple[str, ...]
    hashtags: tuple[str, ...]
    subsidiaries: tuple[str, ...]
    foundations: tuple[str, ...]
    accounts: tuple[Account, ...]
    homonyms: tuple[Homonym, ...]
    shared_names: tuple[SharedName, ...]

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield each written form with its kind, handles and hashtags apart."""
        yield self.name, "name"
        for kind in ("former_names", "aliases", "misspellings", "subsidiaries", "foundations"):
            for name in getattr(self, kind):
                yield name, kind


@dataclass(frozen=True)
class LabRegistry:
    """Every lab, in the order of the file."""

    labs: tuple[Lab, ...]

    @cached_property
    def by_id(self) -> dict[str, Lab]:
        """The labs by id."""
        return {lab.id: lab for lab in self.labs}

    def __iter__(self) -> Iterator[Lab]:
        return iter(self.labs)

    def __len__(self) -> int:
        return len(self.labs)


def read_labs(paths: Iterable[Path] = (LABS,)) -> LabRegistry:
    """Read and check one or many lab files.

    Examples
    --------
    >>> read_labs().by_id["msd"].country
    'US'
    """
    labs: dict[str, Lab] = {}
    for path in paths:
        for line, record in read_jsonl(path, error=RegistryError):
            try:
                lab = _lab(record)
            except (KeyError, TypeError) as cause:
                raise RegistryError(f"{path}, line {line}: {cause!s} is missing or of the wrong type. See seeds/README.md for the form.") from cause
            if lab.id in labs:
                raise RegistryError(f"{path}, line {line}: the lab id {lab.id!r} stands twice. Join the two lines.")
            labs[lab.id] = lab
    return LabRegistry(tuple(labs.values()))


_WORD_LISTS = ("former_names", "aliases", "misspellings", "handles", "hashtags", "subsidiaries", "foundations")


def _lab(record: dict[str, Any]) -> Lab:
    return Lab(
        id=word(record["id"]),
        name=word(record["name"]),
        country=record["country"],
        accounts=tuple(Account(a["network"], a["account"], a["kind"], a.get("since")) for a in record["accounts"]),
        homonyms=tuple(_homonym(h) for h in record["homonyms"]),
        shared_names=tuple(SharedName(s["name"], words(s["near"])) for s in record["shared_names"]),
        **{key: words(record[key]) for key in _WORD_LISTS},
    )


def _homonym(record: dict[str, Any]) -> Homonym:
    return Homonym(
        name=record["name"],
        means=record["means"],
        before=words(record["before"]),
        after=words(record["after"]),
        near=words(record["near"]),
        case=record["case"],
        needs_pharma=record["needs_pharma"],
    )
