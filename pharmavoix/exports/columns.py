"""Which column of an export holds which field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pharmavoix.exports.aliases import ALIASES, FIELDS, normalise
from seeds.errors import ExportError

__all__ = ["Columns", "columns_by_alias", "parse_map", "with_map"]


@dataclass(frozen=True, slots=True)
class Columns:
    """For each field its columns: of ``text`` the first that is filled is read, of counts the sum."""

    format: str
    by_field: Mapping[str, tuple[str, ...]]

    def __getitem__(self, field: str) -> tuple[str, ...]:
        return self.by_field.get(field, ())


def columns_by_alias(header: Sequence[str]) -> Columns:
    """Return the columns by the generic alias table; a column serves one field."""
    known = {normalise(name): name for name in reversed(header)}
    by_field: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for field in FIELDS:
        found = [known[alias] for alias in ALIASES[field] if alias in known and known[alias] not in taken]
        if field != "text":
            found = found[:1]
        by_field[field] = tuple(found)
        taken.update(found)
    return Columns("generic", by_field)


def parse_map(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``field=Column`` pairs as given to ``--map``."""
    chosen = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or field not in FIELDS:
            raise ExportError(f"--map {pair!r}: expected FIELD=COLUMN with a field among {', '.join(sorted(FIELDS))}.")
        chosen[field] = column
    return chosen


def with_map(columns: Columns, chosen: Mapping[str, str], header: Sequence[str], *, name: str) -> Columns:
    """Return ``columns`` with those named by hand in their place."""
    by_normal = {normalise(column): column for column in header}
    by_field = dict(columns.by_field)
    for field, wanted in chosen.items():
        column = by_normal.get(normalise(wanted))
        if column is None:
            raise ExportError(f"{name}: no column {wanted!r} for --map {field}={wanted}. The columns are {', '.join(map(repr, header[:30]))}.")
        for other, held in by_field.items():
            by_field[other] = tuple(c for c in held if c != column)
        by_field[field] = (column,)
    return Columns(columns.format, by_field)
