"""What a report page is built of: tables, charts with their figures, paragraphs, texts quoted."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["Block", "Cell", "Chart", "Charts", "Fold", "Paragraph", "Quote", "Quotes", "Section", "Table"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; ``shade`` from 0 to 9 darkens it, ``is_strong`` frames it."""

    text: str
    shade: int = 0
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows whose first cell is their heading."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; ``is_warning`` frames it."""

    text: str
    is_warning: bool = False
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, what it says, and the same numbers as a table."""

    svg: Markup
    caption: str
    numbers: Table


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side."""

    charts: Sequence[Chart]
    kind: str = "charts"


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that open on demand (and in print)."""

    summary: str
    tables: Sequence[Table]
    kind: str = "fold"


@dataclass(frozen=True, slots=True)
class Quote:
    """A text in pieces (words, whether they decided), with what is said of it."""

    pieces: Sequence[tuple[str, bool]]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Quotes:
    """Texts one after another."""

    quotes: Sequence[Quote]
    kind: str = "quotes"


Block = Table | Paragraph | Charts | Fold | Quotes


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page under its own heading."""

    id: str
    title: str
    blocks: Sequence[Block]
