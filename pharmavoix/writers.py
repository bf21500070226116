"""Tables written whole or not at all: CSV, XLSX, JSON Lines, Parquet, a folder of Parquet parts."""

import csv
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from pharmavoix.table import COLUMNS, KINDS, flat
from seeds.errors import ExportError

__all__ = ["RejectedWriter", "TableWriter", "companions", "open_writer"]

_SUFFIXES = (".csv", ".jsonl", ".parquet", ".xlsx")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # apostrophes before it too, so that reading gives them back


class TableWriter(Protocol):
    """Takes rows; the file appears under its name when the block ends without an error."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def open_writer(out: str, *, excel_fr: bool = False, extra: Sequence[str] = ()) -> TableWriter:
    """Return the writer for ``out`` by its name; ``-`` is CSV on standard output.

    ``extra`` are further columns after those of the table (the source's own).
    """
    columns = (*COLUMNS, *extra)
    if out == "-":
        return _CsvWriter(None, columns, excel_fr=excel_fr)
    path = Path(out)
    kind = path.suffix.casefold()
    if excel_fr and kind != ".csv":
        raise ExportError(f"{out}: --excel-fr writes CSV. Give a name that ends in .csv.")
    if path.is_dir() or not kind:
        return _ParquetFolder(path, columns)
    if kind not in _SUFFIXES:
        raise ExportError(f"{out}: unknown kind {kind!r}. Choose {', '.join(_SUFFIXES)}, or a folder.")
    if not path.parent.is_dir():
        raise ExportError(f"{out}: the folder {str(path.parent)!r} does not exist. Make it first.")
    if kind == ".csv":
        return _CsvWriter(path, columns, excel_fr=excel_fr)
    return {".jsonl": _JsonlWriter, ".parquet": _ParquetWriter, ".xlsx": _XlsxWriter}[kind](path, columns)


def companions(out: str) -> tuple[Path, Path] | None:
    """Return where the rejected rows and the manifest of ``out`` go; None for standard output."""
    if out == "-":
        return None
    path = Path(out)
    if path.is_dir() or not path.suffix:
        return path / "_rejected.csv", path / "_manifest.json"
    return path.with_name(path.name + ".rejected.csv"), path.with_name(path.name + ".manifest.json")


class _Whole:
    """A file written beside its place and moved there at the end."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.columns = tuple(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
            if kind is None:
                self.part.replace(self.path)
        finally:
            self.part.unlink(missing_ok=True)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def _defused(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


class _CsvWriter(_Whole):
    """CSV with a signature, so that Excel reads the accents; formulas defused."""

    def __init__(self, path: Path | None, columns: Sequence[str], *, excel_fr: bool) -> None:
        super().__init__(path or Path("-"), columns)
        self._decimal = "," if excel_fr else "."
        self._to_stdout = path is None
        self._file: IO[str]
        if path is None:
            self._file = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)
        else:
            self._file = self.part.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, delimiter=";" if excel_fr else ",", lineterminator="\r\n")
        self._writer.writerow(self.columns)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            cells = flat(row, decimal=self._decimal)
            # Numbers are ours and may begin with a minus; every other cell could be somebody's formula.
            self._writer.writerow([cells.get(c, "") if KINDS.get(c) in ("number", "integer") else _defused(cells.get(c, "")) for c in self.columns])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._to_stdout:
            self._file.close()
        else:
            super().__exit__(kind, error, trace)

    def close(self) -> None:
        self._file.close()


class _JsonlWriter(_Whole):
    """One JSON object a line, with real lists and maps."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path, columns)
        self._file = self.part.open("w", encoding="utf-8", newline="\n")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._file.write(json.dumps({c: _json(row.get(c)) for c in self.columns}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


def _json(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


class _XlsxWriter(_Whole):
    """A sheet of strings and numbers, header frozen and filtered; a further sheet past the limit of rows."""

    _ROWS = 1_048_576
    _CELL = 32_767

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import xlsxwriter

        super().__init__(path, columns)
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(str(self.part), options)
        self._bold = self._book.add_format({"bold": True})
        self._row = 0
        self._sheet: Any = None
        self._new_sheet()

    def _new_sheet(self) -> None:
        self._finish_sheet()
        self._sheet = self._book.add_worksheet(f"posts {len(self._book.worksheets()) + 1}" if self._sheet else "posts")
        for at, column in enumerate(self.columns):
            self._sheet.write_string(0, at, column, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def _finish_sheet(self) -> None:
        if self._sheet is not None:
            self._sheet.autofilter(0, 0, max(1, self._row - 1), len(self.columns) - 1)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            if self._row >= self._ROWS:
                self._new_sheet()
            cells = flat(row)
            for at, column in enumerate(self.columns):
                cell = cells.get(column, "")
                if cell == "":
                    continue
                if KINDS.get(column) in ("number", "integer"):
                    self._sheet.write_number(self._row, at, row[column])
                else:
                    self._sheet.write_string(self._row, at, self._fitting(cell))
            self._row += 1

    def _fitting(self, cell: str) -> str:
        return cell if len(cell) <= self._CELL else cell[: self._CELL - 1] + "…"

    def close(self) -> None:
        self._finish_sheet()
        self._book.close()


def _schema(columns: Sequence[str]) -> Any:
    import pyarrow as pa

    kinds = {
        "list": pa.list_(pa.string()),
        "map": pa.map_(pa.string(), pa.string()),
        "scores": pa.map_(pa.string(), pa.float64()),
        "boolean": pa.bool_(),
        "number": pa.float64(),
        "integer": pa.int64(),
    }
    return pa.schema([(column, kinds.get(KINDS.get(column, ""), pa.string())) for column in columns])


def _arrow(rows: Sequence[Mapping[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    def value(row: Mapping[str, Any], name: str) -> Any:
        found = row.get(name)
        return list(found.items()) if isinstance(found, dict) else found

    return pa.table({name: pa.array([value(row, name) for row in rows], type=schema.field(name).type) for name in schema.names}, schema=schema)


class _ParquetWriter(_Whole):
    """One Parquet file with real lists and maps."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        from pyarrow import parquet

        super().__init__(path, columns)
        self._schema = _schema(self.columns)
        self._writer = parquet.ParquetWriter(self.part, self._schema, compression="zstd")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._writer.write_table(_arrow(rows, self._schema))

    def close(self) -> None:
        self._writer.close()


class _ParquetFolder:
    """A folder of Parquet parts, one a batch of rows; old parts go when the new ones are whole."""

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        self._is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._schema = _schema(columns)
        self._parts: list[Path] = []

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        from pyarrow import parquet

        if rows:
            part = self._folder / f".part-{len(self._parts):05d}.parquet.part"
            parquet.write_table(_arrow(rows, self._schema), part, compression="zstd")
            self._parts.append(part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            for part in self._parts:
                part.unlink(missing_ok=True)
            if self._is_new:
                self._folder.rmdir()
            return
        for old in self._folder.glob("part-*.parquet"):
            old.unlink()
        for part in self._parts:
            part.replace(self._folder / part.name.removeprefix(".").removesuffix(".part"))


class RejectedWriter(_Whole):
    """The rows that could not be used, each with its reason; an empty table when there are none."""

    HEADER = ("source_file", "source_row", "line", "column", "reason", "text")

    def __init__(self, path: Path) -> None:
        super().__init__(path, self.HEADER)
        self._file = self.part.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow(self.HEADER)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._writer.writerow([_defused(str(row[c])) if row[c] is not None else "" for c in self.HEADER])

    def close(self) -> None:
        self._file.close()
