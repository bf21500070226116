"""The taxonomy: themes and sub-themes with their French labels and definitions, read from taxonomy.json."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from seeds.errors import TaxonomyError
from seeds.jsonl import word

__all__ = ["DEFAULT_TAXONOMY", "SubTheme", "Taxonomy", "ThemeDefinition", "read_taxonomy"]

DEFAULT_TAXONOMY = Path(__file__).parent / "taxonomy.json"
_TEXTS = ("id", "label_fr", "definition")


@dataclass(frozen=True, slots=True)
class SubTheme:
    """One sub-theme."""

    id: str
    label_fr: str
    definition: str


@dataclass(frozen=True, slots=True)
class ThemeDefinition:
    """One theme with its sub-themes."""

    id: str
    label_fr: str
    definition: str
    sub_themes: tuple[SubTheme, ...]


@dataclass(frozen=True)
class Taxonomy:
    """Every theme, in the order of the columns ``p_<theme>``."""

    themes: tuple[ThemeDefinition, ...]

    @cached_property
    def theme_ids(self) -> tuple[str, ...]:
        """The theme ids, in order."""
        return tuple(theme.id for theme in self.themes)

    @cached_property
    def parent_of(self) -> dict[str, str]:
        """The theme of each sub-theme."""
        return {sub.id: theme.id for theme in self.themes for sub in theme.sub_themes}

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that change with any id (labels and definitions may be reworded freely)."""
        ids = [[theme.id, [sub.id for sub in theme.sub_themes]] for theme in self.themes]
        return hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:12]


def read_taxonomy(path: Path = DEFAULT_TAXONOMY) -> Taxonomy:
    """Read and check a taxonomy file.

    Examples
    --------
    >>> read_taxonomy().theme_ids
    ('pathologies', 'innovation', 'causes', 'industry', 'scandals', 'other')
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _refuse_unknown(content, ("themes", "version"), path)
        themes = tuple(_theme(record, path) for record in content["themes"])
    except OSError as cause:
        raise TaxonomyError(f"{path}: cannot be read ({cause.strerror}). Give the path of a taxonomy file.") from cause
    except (json.JSONDecodeError, UnicodeDecodeError) as cause:
        raise TaxonomyError(f"{path}: not JSON ({cause}). See seeds/taxonomy.json for the form.") from cause
    except (KeyError, TypeError) as cause:
        raise TaxonomyError(
            f"{path}: {cause!s} is missing or of the wrong type. Each theme needs id, label_fr, definition and sub_themes."
        ) from cause
    taxonomy = Taxonomy(themes)
    _check(taxonomy, path)
    return taxonomy


def _theme(record: dict[str, Any], path: Path) -> ThemeDefinition:
    _refuse_unknown(record, (*_TEXTS, "sub_themes"), path)
    subs = []
    for sub in record["sub_themes"]:
        _refuse_unknown(sub, _TEXTS, path)
        subs.append(SubTheme(**{key: word(sub[key]) for key in _TEXTS}))
    return ThemeDefinition(**{key: word(record[key]) for key in _TEXTS}, sub_themes=tuple(subs))


def _refuse_unknown(record: Any, known: tuple[str, ...], path: Path) -> None:
    if not isinstance(record, dict):
        raise TypeError(f"{record!r}, where an object is expected,")
    unknown = sorted(record.keys() - set(known))
    if unknown:
        raise TaxonomyError(f"{path}: the key {unknown[0]!r} is unknown. Choose among {', '.join(sorted(known))}.")


def _check(taxonomy: Taxonomy, path: Path) -> None:
    ids = [*taxonomy.theme_ids, *(sub.id for theme in taxonomy.themes for sub in theme.sub_themes)]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise TaxonomyError(f"{path}: the id {twice[0]!r} stands twice. Every theme and sub-theme needs an id of its own.")
    for name in ids:
        if not (name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()):
            raise TaxonomyError(f"{path}: {name!r} cannot be an id. Use lower-case letters, digits and underscores.")
    if len(taxonomy.themes) < 2:
        raise TaxonomyError(f"{path}: {len(taxonomy.themes)} theme found; a classifier needs two or more.")
    if "other" not in taxonomy.theme_ids:
        raise TaxonomyError(f"{path}: the theme 'other' is missing. It takes the texts that belong to no theme.")
