"""Export rows to posts: every row becomes a post or a rejection that says why."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pharmavoix.exports.aliases import KNOWN_HEADERS, normalise
from pharmavoix.exports.columns import Columns, columns_by_alias, with_map
from pharmavoix.exports.talkwalker import AUTHOR_PREFIXES, is_talkwalker, talkwalker_columns, talkwalker_platform
from pharmavoix.exports.values import DateReader, is_ruined_id, read_number, read_polarity
from pharmavoix.post import Post, Rejected
from seeds.containers import Broken, HeaderScore, Record, Table, open_table
from seeds.errors import ExportError

__all__ = ["FORMATS", "Export", "kept_source_columns", "open_export"]

FORMATS = ("generic", "talkwalker")

# Half an emoji, a control character, or what a byte that means nothing was read as.
_UNREADABLE = re.compile("[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\ufffd]")
_MARKUP = re.compile(r"</?(?:b|em|hl)(?:\s[^<>]*)?>", re.IGNORECASE)
_AUTHOR_COLUMNS = re.compile(
    r"author|auteur|user|utilisateur|screen|pseudo|handle|compte|journaliste|e-?mail|^ip$|^name$|^nom$|full ?name", re.IGNORECASE
)
_PLATFORMS = {
    "x": "twitter", "twitter / x": "twitter", "x (twitter)": "twitter", "tweet": "twitter", "fb": "facebook", "ig": "instagram", "insta": "instagram",
    "presse": "news", "presse en ligne": "news", "actualites": "news", "media en ligne": "news", "blogs": "blog", "forums": "forum", "yt": "youtube",
}  # fmt: skip


@dataclass
class Export:
    """A file taken for an export: its table, its columns, and the order of its dates."""

    table: Table
    columns: Columns
    dates: DateReader
    rows: int
    repaired: int = 0
    unread_dates: int = 0

    def posts(self) -> Iterator[Post | Rejected]:
        """Yield each row as a post or a rejection, in order."""
        for record in self.table.records():
            if isinstance(record, Broken):
                yield Rejected(self.table.name, record.row, record.line, None, record.reason, record.text)
            else:
                yield self._post(record)

    def _post(self, record: Record) -> Post | Rejected:
        cells, is_repaired = _repaired(record.cells)
        text_column, text = self._text(cells)
        if not text:
            columns = " or ".join(repr(c) for c in self.columns["text"])
            return self._rejected(record, text_column, f"no text: column {columns} is empty; a row needs a text to be classified", "")
        identifier = self._first(cells, "id")
        if is_ruined_id(identifier):
            column = self.columns["id"][0]
            reason = (
                f"the id {identifier!r} was rounded by a spreadsheet and is lost; "
                "export again with ids as text, or choose another column with --map id=..."
            )
            return self._rejected(record, column, reason, text)
        self.repaired += is_repaired
        url = self._first(cells, "url") or None
        date_cell = self._first(cells, "date")
        date = self.dates.read(date_cell) if date_cell else None
        self.unread_dates += bool(date_cell) and date is None
        likes, shares, comments = (self._sum(cells, field) for field in ("likes", "shares", "comments"))
        parts = [count for count in (likes, shares, comments) if count is not None]
        return Post(
            source_file=self.table.name,
            source_row=record.row,
            id=_plain(identifier) or url or f"{self.table.name}#{record.row}",
            text=text,
            title=_decoded(self._first(cells, "title")) or None,
            date=date,
            platform=self._platform(cells),
            url=url,
            author=self._first(cells, "author") or None,
            author_handle=self._first(cells, "author_handle").lstrip("@") or None,
            voice=_voice(self._first(cells, "voice")),
            language=_language(self._first(cells, "language")),
            followers=self._sum(cells, "followers"),
            reach=self._sum(cells, "reach"),
            likes=likes,
            shares=shares,
            comments=comments,
            views=self._sum(cells, "views"),
            interactions=sum(parts) if parts else self._sum(cells, "interactions"),
            tags=tuple(part.strip() for part in re.split(r"[|,;]", self._first(cells, "tags")) if part.strip()),
            vendor_sentiment=read_polarity(self._first(cells, "vendor_sentiment")),
            source={c: cells.get(c, "") for c in kept_source_columns(self.table.columns, self.columns)},
        )

    def _rejected(self, record: Record, column: str | None, reason: str, text: str) -> Rejected:
        return Rejected(self.table.name, record.row, record.line, column, reason, text)

    def _text(self, cells: Mapping[str, str]) -> tuple[str | None, str]:
        """Return the first text column that is filled, and its text; the title where none is."""
        for column in (*self.columns["text"], *self.columns["title"]):
            text = _decoded(cells.get(column, ""))
            if text:
                return column, text
        return (self.columns["text"] or (None,))[0], ""

    def _first(self, cells: Mapping[str, str], field: str) -> str:
        for column in self.columns[field]:
            cell = cells.get(column, "").strip()
            if cell:
                return cell
        return ""

    def _sum(self, cells: Mapping[str, str], field: str) -> float | None:
        numbers = [n for column in self.columns[field] if (n := read_number(cells.get(column, ""))) is not None]
        # Talkwalker writes 0 for what it does not know: a 0 in followers or reach says nothing.
        if self.columns.format == "talkwalker" and field in ("followers", "reach", "views") and not any(numbers):
            return None
        return sum(numbers) if numbers else None

    def _platform(self, cells: Mapping[str, str]) -> str | None:
        cell = self._first(cells, "platform")
        if not cell:
            return None
        if self.columns.format == "talkwalker":
            return talkwalker_platform(cell)
        folded = normalise(cell)
        return _PLATFORMS.get(folded, folded)


def kept_source_columns(header: Sequence[str], columns: Columns) -> tuple[str, ...]:
    """Return the source's own columns that may be kept: those that tell who the author is are left out."""
    authors = {*columns["author"], *columns["author_handle"]}
    return tuple(c for c in header if c not in authors and not _AUTHOR_COLUMNS.search(c) and not c.startswith(AUTHOR_PREFIXES))


def _repaired(cells: Mapping[str, str]) -> tuple[Mapping[str, str], bool]:
    """Return the cells with half an emoji (a lone surrogate, which no file can hold) replaced, and whether one was."""
    if not any(map(_UNREADABLE.search, cells.values())):
        return cells, False
    return {column: _UNREADABLE.sub("\ufffd", cell) for column, cell in cells.items()}, True


def _decoded(cell: str) -> str:
    text = cell
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _MARKUP.sub("", text)
    return text.strip()


def _plain(identifier: str) -> str:
    """Return an id without the quotes and the apostrophe that some tools and spreadsheets put around it."""
    return identifier.strip('"').removeprefix("'")


_LANGUAGES = {"francais": "fr", "french": "fr", "fra": "fr", "fre": "fr", "anglais": "en", "english": "en", "eng": "en",
              "allemand": "de", "german": "de", "espagnol": "es", "spanish": "es", "italien": "it", "italian": "it",
              "neerlandais": "nl", "dutch": "nl", "portugais": "pt", "portuguese": "pt", "arabe": "ar", "arabic": "ar"}  # fmt: skip
_UNKNOWN_LANGUAGES = frozenset({"", "und", "qme", "zxx", "xx", "unknown", "inconnue", "inconnu", "n/a", "-"})


def _language(cell: str) -> str | None:
    """Return the code of a language given by name (Français), by code (fr) or with a country (fr-FR)."""
    folded = normalise(cell)
    if folded in _UNKNOWN_LANGUAGES:
        return None
    return _LANGUAGES.get(folded) or re.split(r"[-_]", folded)[0]


def _voice(cell: str) -> str | None:
    return cell.casefold() if cell.casefold() in ("owned", "earned") else None


def open_export(
    path: Path, *, name: str, format: str | None = None, chosen: Mapping[str, str] | None = None, delimiter: str | None = None
) -> Export:
    """Open a file, recognise what it is by its content, and look once through it for the order of its dates.

    Raises
    ------
    ExportError
        The file is missing, empty, unreadable, or has no column of texts.
    """
    score = HeaderScore(KNOWN_HEADERS, normalise)
    table = open_table(path, name=name, score=score, delimiter=delimiter)
    columns = _columns(table.columns, format)
    if chosen:
        columns = with_map(columns, chosen, table.columns, name=name)
    if not columns["text"] and not columns["title"]:
        shown = ", ".join(map(repr, table.columns[:12]))
        raise ExportError(f"{name}: no text column among {shown}. Name it with --map text=COLUMN.")
    dates = DateReader()
    rows = 0
    for record in table.records():
        rows += 1
        if isinstance(record, Record):
            dates.see(record.cells.get(column, "") for column in columns["date"][:1])
    if not rows:
        raise ExportError(f"{name}: empty, a header without a row below it. Export it again.")
    return Export(table, columns, dates, rows)


def _columns(header: Sequence[str], format: str | None) -> Columns:
    if format is not None and format not in FORMATS:
        raise ExportError(f"--format {format!r}: unknown. Choose among {', '.join(sorted(FORMATS))}.")
    if format == "talkwalker" or (format is None and is_talkwalker(header)):
        return talkwalker_columns(header)
    return columns_by_alias(header)
