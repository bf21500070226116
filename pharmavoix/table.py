"""The table of labelled posts: its columns, their types, and a post with its labels as one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.labels import Labels
from pharmavoix.accounts import LabAccounts
from pharmavoix.post import Post
from pharmavoix.privacy import Pseudonyms

__all__ = ["COLUMNS", "KINDS", "RowWriter", "flat"]

# list, map, number, boolean; every other column is text.
KINDS: dict[str, str] = {
    "source_row": "integer",
    **dict.fromkeys(("tags", "labs", "medicines", "themes", "sub_themes", "effects", "evidence"), "list"),
    **dict.fromkeys(("sentiment_by_lab",), "map"),
    "theme_scores": "scores",
    **dict.fromkeys(("adverse_event", "needs_review"), "boolean"),
    **dict.fromkeys(("followers", "reach", "likes", "shares", "comments", "views", "interactions"), "number"),
    **dict.fromkeys(
        ("p_pathologies", "p_innovation", "p_causes", "p_industry", "p_scandals", "p_other", "p_negative", "p_neutral", "p_positive",
         "p_adverse_event"), "number"),
}  # fmt: skip

COLUMNS: tuple[str, ...] = tuple(
    """source_file source_row id date platform url author author_handle voice owner title text language followers reach likes
    shares comments views interactions tags duplicate_of labs medicines primary_theme themes sub_themes sentiment
    sentiment_by_lab vendor_sentiment adverse_event effects needs_review evidence p_pathologies p_innovation p_causes
    p_industry p_scandals p_other p_negative p_neutral p_positive p_adverse_event theme_scores model""".split()
)


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Turns a post and its labels into a row, authors under pseudonyms unless ``pseudonyms`` is None."""

    model_id: str
    accounts: LabAccounts
    pseudonyms: Pseudonyms | None
    keep_source: bool = False
    own_label: str | None = None  # the column of a label set of the user's own

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The columns that a label set of the user's own adds: its label, and the probability of each."""
        if self.own_label is None:
            return ()
        name = f"own_{self.own_label}" if self.own_label in COLUMNS else self.own_label
        return (name, f"{name}_scores")

    def id(self, post: Post) -> str:
        """Return the id as it is written: one that is an address loses the handle in it."""
        return self._url(post.id, post) if post.id == post.url else post.id

    def row(self, post: Post, labels: Labels, *, duplicate_of: str | None) -> dict[str, Any]:
        """Return the row as a dict with the columns in order; lists and maps stay lists and maps.

        ``duplicate_of`` is an id as written.
        """
        owned = post.owner is not None
        values: dict[str, Any] = {
            "source_file": post.source_file,
            "source_row": post.source_row,
            "id": self.id(post),
            "date": post.date,
            "platform": post.platform,
            "url": self._url(post.url, post) if post.url else None,
            "author": post.author if owned else self._name(post.author),
            "author_handle": post.author_handle if owned else self._name(post.author_handle),
            "voice": post.voice,
            "owner": post.owner,
            "title": post.title,
            "text": post.text,
            "language": post.language or labels.language,
            **{name: getattr(post, name) for name in ("followers", "reach", "likes", "shares", "comments", "views", "interactions")},
            "tags": list(post.tags),
            "duplicate_of": duplicate_of,
            "labs": list(labels.labs),
            "medicines": [f"{m.medicine}={m.lab}" if m.lab else m.medicine for m in _once(labels)],
            "primary_theme": labels.primary_theme,
            "themes": list(labels.themes),
            "sub_themes": list(labels.sub_themes),
            "sentiment": labels.sentiment,
            "sentiment_by_lab": dict(labels.sentiment_by_lab),
            "vendor_sentiment": post.vendor_sentiment,
            "adverse_event": labels.adverse_event,
            "effects": [],
            "needs_review": labels.needs_review,
            "evidence": [f"{e.theme}:{' '.join(e.words.replace('|', ' ').split())}" for e in labels.evidence],
            **{f"p_{theme}": p for theme, p in labels.p_theme.items()},
            **{f"p_{polarity}": p for polarity, p in labels.p_sentiment.items()},
            "p_adverse_event": labels.p_adverse_event,
            "theme_scores": dict(labels.theme_scores),
            "model": self.model_id,
        }
        row = {column: values.get(column) for column in COLUMNS}
        if self.own_columns:
            row |= zip(self.own_columns, ("|".join(labels.own), "|".join(f"{label}={p}" for label, p in labels.p_own.items())), strict=True)
        if self.keep_source:
            row |= {f"src_{column}": self._url(cell, post) for column, cell in post.source.items()}
        return row

    def _name(self, name: str | None) -> str | None:
        return name if name is None or self.pseudonyms is None else self.pseudonyms.name(name)

    def _url(self, url: str, post: Post) -> str:
        handle = None if post.owner else post.author_handle
        return url if self.pseudonyms is None else self.pseudonyms.url(url, kept=self.accounts.handles, handle=handle)


def _once(labels: Labels) -> list[Any]:
    return list({m.medicine: m for m in labels.medicines}.values())


def flat(row: Mapping[str, Any], *, decimal: str = ".") -> dict[str, str]:
    """Return a row as text cells, as CSV and XLSX hold it: ``|`` between the parts of a list, ``=`` in a map."""
    return {column: _cell(value, decimal) for column, value in row.items()}


def _cell(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return text if decimal == "." else text.replace(".", decimal)
    if isinstance(value, list):
        return "|".join(str(part).replace("|", " ") for part in value)
    if isinstance(value, dict):
        return "|".join(f"{key}={_cell(part, '.')}" for key, part in value.items())
    return str(value)
