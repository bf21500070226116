"""Files opened as tables of text cells, whatever holds them: CSV, XLSX, JSON Lines, JSON, Parquet."""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from seeds.errors import ExportError

__all__ = ["Broken", "Record", "Table", "open_table"]

HEADER_ROWS = 15
"""How far down a header is looked for, below banners and preambles."""

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its cells by column, and the line of the file where it ends (None in a spreadsheet)."""

    row: int
    line: int | None
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not be cut into its cells."""

    row: int
    line: int | None
    reason: str
    text: str


@dataclass(frozen=True)
class Table:
    """A file opened: ``kind`` and ``dialect`` say how, ``columns`` are its header."""

    path: Path
    name: str
    kind: str
    dialect: str
    columns: tuple[str, ...]
    header_row: int  # from 0
    sheet: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"

    def records(self) -> Iterator[Record | Broken]:
        """Yield the rows in order, those that cannot be cut included."""
        if self.kind == "csv":
            return _csv_records(self)
        if self.kind == "xlsx":
            return _xlsx_records(self)
        if self.kind == "parquet":
            return _parquet_records(self)
        return _json_records(self)


def open_table(path: Path, *, name: str, score: "HeaderScore", delimiter: str | None = None) -> Table:
    """Open a file by its content; ``score`` says how much a row looks like a header."""
    try:
        with path.open("rb") as file:
            head = file.read(65536)
    except FileNotFoundError as cause:
        raise ExportError(f"{name}: no such file. Check the path.") from cause
    except IsADirectoryError as cause:
        raise ExportError(f"{name}: a folder, where a file is expected. Give the files in it.") from cause
    except OSError as cause:
        raise ExportError(f"{name}: cannot be read ({cause.strerror}).") from cause
    if not head.strip(b"\x00\xff\xfe\xef\xbb\xbf \r\n\t"):
        raise ExportError(f"{name}: empty. Export it again; a header and at least one row are expected.")
    if head.startswith(b"PK\x03\x04"):
        return _open_xlsx(path, name, score)
    if head.startswith(b"PAR1"):
        return _open_parquet(path, name)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _open_xlsx(path, name, score)  # an old .xls: calamine reads it too
    encoding = _encoding(path, head)
    start = head.decode(encoding, errors="replace").lstrip("\ufeff \r\n\t")
    if start.startswith(("{", "[")) and not start.startswith("[["):
        return _open_json(path, name, encoding)
    return _open_csv(path, name, encoding, score, delimiter)


class HeaderScore:
    """Says how much a row looks like a header: how many of its cells are known column names."""

    def __init__(self, known: frozenset[str], normalise: Any) -> None:
        self._known = known
        self._normalise = normalise

    def __call__(self, cells: Sequence[str]) -> int:
        """Return the number of known names among ``cells``."""
        return sum(self._normalise(cell) in self._known for cell in cells)


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if b"\x00" in head[:100]:
        return "utf-16-le" if head[1:2] == b"\x00" else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _damaged_utf8(path) or "cp1252"
    return "utf-8"


def _damaged_utf8(path: Path) -> str | None:
    """Return ``utf-8`` for a file whose accents are UTF-8 but for a few bad bytes: read as cp1252 they would all be lost."""
    with path.open("rb") as file:
        text = file.read(1 << 22).decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(not character.isascii() for character in text) - bad
    return "utf-8" if good > 4 * bad else None


@contextmanager
def _text(table: Table) -> Iterator[Any]:
    # Bytes without a character become U+FFFD, and are counted, rather than stop the reading.
    errors = "replace" if table.encoding in ("cp1252", "utf-8", "utf-8-sig") else "strict"
    try:
        with table.path.open(encoding=table.encoding, errors=errors, newline="") as file:
            yield file
    except UnicodeError as cause:
        raise ExportError(f"{table.name}: not readable as {table.encoding} ({cause}). Save it again as UTF-8.") from cause


# ---- CSV


def _open_csv(path: Path, name: str, encoding: str, score: HeaderScore, delimiter: str | None) -> Table:
    draft = Table(path, name, "csv", "", (), 0, encoding=encoding)
    with _text(draft) as file:
        first = [line for _, line in zip(range(200), file, strict=False)]
    best: tuple[tuple[int, int], int, str, list[str]] = ((-1, 0), 0, ",", [])
    for sign in [delimiter] if delimiter else ["\t", ";", ",", "|"]:
        rows = [row for _, row in zip(range(HEADER_ROWS), csv.reader(first, delimiter=sign), strict=False)]
        at = _header_place(rows, score)
        rank = (score([_header(cell) for cell in rows[at]]), len(rows[at]))
        if rank > best[0]:
            best = (rank, at, sign, rows[at])
    _, at, sign, row = best
    names = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
    return Table(
        path, name, "csv", f"{encoding}, {names.get(sign, sign)}", _unique(row), at, delimiter=sign, encoding=encoding
    )


def _header_place(rows: Sequence[Sequence[str]], score: HeaderScore) -> int:
    """Return which row is the header: the first with a known name that is no banner, else the first that is filled.

    A banner has few cells beside the table below it. The words of a data row ("post", "site") are often names too, so the
    first row that could be a header wins over one with more such words.
    """
    filled = [sum(bool(_header(cell)) for cell in row) for row in rows]
    wide = [at for at, count in enumerate(filled) if count and count >= 0.6 * max(filled)]
    named = [at for at in wide if score([_header(cell) for cell in rows[at]])]
    first_filled = next((at for at, count in enumerate(filled) if count), 0)
    return named[0] if named else first_filled


def _header(cell: str) -> str:
    return cell.replace("\ufeff", "").replace("ÿþ", "").strip().strip('"').strip()


def _unique(row: Sequence[str]) -> tuple[str, ...]:
    """Return the column names, the second of two equal ones numbered."""
    names: list[str] = []
    for place, cell in enumerate(row):
        name = base = _header(cell) or f"column {place + 1}"
        count = 1
        while name in names:
            name = f"{base}.{count}"
            count += 1
        names.append(name)
    return tuple(names)


def _csv_records(table: Table) -> Iterator[Record | Broken]:
    ended = False
    ours = {"source_file", "source_row"} <= set(table.columns)  # only our writer defuses formulas: a foreign apostrophe stays

    def lines(file: Any) -> Iterator[str]:
        nonlocal ended
        for line in file:
            yield line.replace("\x00", "")
        ended = True

    with _text(table) as file:
        reader = csv.reader(lines(file), delimiter=table.delimiter)
        for _ in range(table.header_row + 1):
            next(reader, None)
        row = 0
        while True:
            begins = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as cause:
                row += 1
                yield Broken(row, reader.line_num, f"not readable as CSV ({cause}); look for a quotation mark that is not closed", "")
                continue
            if not any(cell.strip() for cell in cells):
                continue  # an empty line is no row, nor are the ;;;; that a spreadsheet writes below its table
            row += 1
            if ended:  # a row that asks for lines after the last
                reason = f"a quotation mark that is not closed takes in the rest of the file, lines {begins} to {reader.line_num}; close it"
                yield Broken(row, begins, reason, table.delimiter.join(cells))
                continue
            if len(cells) > len(table.columns) and any(cell.strip() for cell in cells[len(table.columns) :]):
                reason = f"{len(cells)} cells where the header has {len(table.columns)}; quote the texts that hold the delimiter"
                yield Broken(row, reader.line_num, reason, table.delimiter.join(cells))
                continue
            if ours:
                cells = list(map(_undefused, cells))
            yield Record(row, reader.line_num, dict(zip(table.columns, cells, strict=False)))


_DEFUSED = re.compile(r"'+[=+\-@\t\r]")


def _undefused(cell: str) -> str:
    """Take away the apostrophe that our writer puts before what a spreadsheet would run as a formula."""
    return cell[1:] if _DEFUSED.match(cell) else cell


# ---- XLSX


def _open_xlsx(path: Path, name: str, score: HeaderScore) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        best: tuple[int, int, str, list[str]] | None = None
        for sheet in book.sheet_names:
            cut = book.get_sheet_by_name(sheet)
            above = cut.start[0] if cut.start else 0  # empty rows, which to_python leaves out and iter_rows does not
            rows = [[_cell(value) for value in row] for row in cut.to_python(nrows=HEADER_ROWS)]
            if not any(any(row) for row in rows):
                continue
            at = _header_place(rows, score)
            found = score([_header(cell) for cell in rows[at]])
            if best is None or found > best[0]:
                best = (found, above + at, sheet, rows[at])
    except (CalamineError, OSError, ValueError) as cause:
        raise ExportError(f"{name}: not a readable spreadsheet ({cause}). Save it again as .xlsx or .csv.") from cause
    if best is None:
        raise ExportError(f"{name}: empty. Every sheet is without a row.")
    _, at, sheet, cells = best
    return Table(path, name, "xlsx", f"sheet {sheet!r}", _unique(cells), at, sheet=sheet)


def _xlsx_records(table: Table) -> Iterator[Record | Broken]:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(table.path)).get_sheet_by_name(str(table.sheet))
    number = 0
    for at, row in enumerate(sheet.iter_rows()):
        if at <= table.header_row or not any(_cell(value) for value in row):
            continue
        number += 1
        yield Record(number, at + 1, dict(zip(table.columns, map(_cell, row), strict=False)))


def _cell(value: Any) -> str:
    """Return a typed value as text: whole numbers without a point, dates in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # 15 digits are what a spreadsheet keeps: a longer whole number was rounded, and is shown with its exponent.
        if not value.is_integer():
            return repr(value)
        return str(int(value)) if abs(value) < 1e15 else f"{value:.15e}"
    if isinstance(value, datetime):
        # A cell formatted as a date holds midnight.
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "|".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


# ---- JSON


def _open_json(path: Path, name: str, encoding: str) -> Table:
    draft = Table(path, name, "json", encoding, (), 0, encoding=encoding)
    columns: dict[str, None] = {}
    rows = 0
    for record in _json_records(draft):
        if isinstance(record, Record):
            columns.update(dict.fromkeys(record.cells))
        rows += 1
        if rows >= 200:
            break
    if not columns:
        raise ExportError(f"{name}: no JSON object found. One object a line, or a list of objects, is expected.")
    return Table(path, name, "json", f"JSON, {encoding}", tuple(columns), 0, encoding=encoding)


def _json_records(table: Table) -> Iterator[Record | Broken]:
    with _text(table) as file:
        filled = (line.lstrip("\ufeff \t") for line in file if line.strip("\ufeff \r\n\t"))
        whole = _is_whole(next(filled, ""), next(filled, None))
        file.seek(0)
        if whole:
            try:
                content = json.loads(file.read().lstrip("\ufeff"))
            except json.JSONDecodeError as cause:
                raise ExportError(f"{table.name}, line {cause.lineno}: not JSON ({cause.msg}). Export it again.") from cause
            yield from _listed(content)
            return
        row = 0
        for number, line in enumerate(file, 1):
            if not line.strip("\ufeff \r\n\t"):
                continue
            row += 1
            try:
                content = json.loads(line.lstrip("\ufeff"))
            except json.JSONDecodeError as cause:
                yield Broken(row, number, f"not JSON ({cause.msg})", line.rstrip("\n"))
                continue
            if isinstance(content, dict):
                yield Record(row, number, _flat(content))
            else:
                yield Broken(row, number, f"a {type(content).__name__}, where a JSON object is expected", line.rstrip("\n"))


def _is_whole(first: str, second: str | None) -> bool:
    """Tell by its first two lines whether a file is one list or object rather than one object a line."""
    if first.startswith("[") or second is None:
        return True
    try:
        json.loads(first)
    except json.JSONDecodeError:
        return not second.startswith("{")  # else a damaged line above others
    return False


def _listed(content: Any) -> Iterator[Record | Broken]:
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        is_post = any(isinstance(value, str) for value in content.values())  # with lists of its own: media, mentions
        content = max(lists, key=len) if lists and not is_post else [content]
    for row, item in enumerate(content, 1):
        if isinstance(item, dict):
            yield Record(row, None, _flat(item))
        else:
            yield Broken(row, None, f"a {type(item).__name__}, where a JSON object is expected", str(item))


def _flat(item: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the values by dotted path."""
    cells: dict[str, str] = {}
    for key, value in item.items():
        if isinstance(value, dict):
            cells.update(_flat(value, f"{prefix}{key}."))
        else:
            cells[prefix + key] = _cell(value)
    return cells


# ---- Parquet


def _open_parquet(path: Path, name: str) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        columns = tuple(parquet.ParquetFile(path).schema_arrow.names)
    except (pyarrow.ArrowException, OSError) as cause:
        raise ExportError(f"{name}: not a readable Parquet file ({cause}).") from cause
    return Table(path, name, "parquet", "Parquet", columns, 0)


def _parquet_records(table: Table) -> Iterator[Record | Broken]:
    import pyarrow
    from pyarrow import parquet

    row = 0
    batches = parquet.ParquetFile(table.path).iter_batches(batch_size=4096)
    while True:
        try:
            batch = next(batches, None)
        except (pyarrow.ArrowException, OSError) as cause:
            raise ExportError(f"{table.name}, after row {row}: not a readable Parquet file ({cause}). Export it again.") from cause
        if batch is None:
            return
        for item in batch.to_pylist():
            row += 1
            yield Record(row, None, {key: _cell(value) for key, value in item.items()})
