"""The medicine registry: brands and substances known in France, with their lab and class."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from seeds.errors import RegistryError
from seeds.jsonl import read_jsonl, word, words

__all__ = ["INVENTED_MEDICINES", "MEDICINES", "Medicine", "MedicineRegistry", "read_medicines"]

MEDICINES = Path(__file__).parent / "medicines.jsonl"
INVENTED_MEDICINES = Path(__file__).parent / "medicines_invented.jsonl"


@dataclass(frozen=True, slots=True)
class Medicine:
    """One brand, substance, vaccine or device."""

    id: str
    name: str
    kind: str
    substance: str | None
    lab: str | None  # None where many labs make it
    drug_class: str
    aliases: tuple[str, ...]
    misspellings: tuple[str, ...]
    labs_by_date: tuple[tuple[date | None, str], ...]  # (last day, lab), oldest first; None: until now
    homonym: bool  # the word means something else too

    def lab_on(self, day: date | None) -> str | None:
        """Return the lab that held the medicine on ``day`` (today's holder when None)."""
        if day is None:
            return self.lab
        for until, lab in self.labs_by_date:
            if until is None or day <= until:
                return lab
        return self.lab


@dataclass(frozen=True)
class MedicineRegistry:
    """Every medicine, in the order of the file."""

    medicines: tuple[Medicine, ...]

    @cached_property
    def by_id(self) -> dict[str, Medicine]:
        """The medicines by id."""
        return {medicine.id: medicine for medicine in self.medicines}

    def __iter__(self) -> Iterator[Medicine]:
        return iter(self.medicines)

    def __len__(self) -> int:
        return len(self.medicines)


def read_medicines(paths: Iterable[Path] = (MEDICINES,)) -> MedicineRegistry:
    """Read and check one or many medicine files.

    Examples
    --------
    >>> read_medicines().by_id["levothyrox"].lab
    'merck-kgaa'
    """
    medicines: dict[str, Medicine] = {}
    for path in paths:
        for line, record in read_jsonl(path, error=RegistryError):
            try:
                medicine = _medicine(record)
            except (KeyError, TypeError, ValueError) as cause:
                raise RegistryError(f"{path}, line {line}: {cause!s} is missing or wrong. See seeds/README.md for the form.") from cause
            if medicine.id in medicines:
                raise RegistryError(f"{path}, line {line}: the medicine id {medicine.id!r} stands twice. Join the two lines.")
            medicines[medicine.id] = medicine
    return MedicineRegistry(tuple(medicines.values()))


def _medicine(record: dict[str, Any]) -> Medicine:
    return Medicine(
        id=word(record["id"]),
        name=word(record["name"]),
        kind=record["kind"],
        substance=record["substance"],
        lab=record["lab"],
        drug_class=record["class"],
        aliases=words(record["aliases"]),
        misspellings=words(record["misspellings"]),
        labs_by_date=tuple((date.fromisoformat(p["until"]) if p["until"] else None, p["lab"]) for p in record["labs_by_date"]),
        homonym=record["homonym"],
    )
