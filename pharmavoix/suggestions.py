"""Suggestions: tables of labelled posts in, the rows worth annotating out."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nlp.clean import clean
from nlp.observe import joined
from pharmavoix.table import COLUMNS, KINDS
from pharmavoix.writers import open_writer
from seeds.containers import Broken, HeaderScore, Table, open_table
from seeds.errors import ExportError
from seeds.taxonomy import read_taxonomy
from training.annotation_formats import label_studio_config, label_studio_tasks
from training.suggest import Candidate, Choice, SuggestConfig, choose, text_key

__all__ = ["KINDS_OF_FILE", "Outcome", "suggest"]

KINDS_OF_FILE: Mapping[str, tuple[str, ...]] = {"table": (".csv", ".jsonl", ".xlsx"), "label-studio": (".json",)}
"""What may be written, and how its name ends."""

_POLARITIES = ("p_negative", "p_neutral", "p_positive")
_THEMES = tuple(c for c in COLUMNS if c.startswith("p_") and c not in (*_POLARITIES, "p_adverse_event"))
_NEEDED = ("text", "language", "adverse_event", "needs_review", *_THEMES, *_POLARITIES, "p_adverse_event")
_ADDED = ("annotator", "drawn")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was chosen and written, and what was left out."""

    choice: Choice
    files: tuple[Path, ...]
    rows: int
    labelled: int  # texts that somebody has labelled already
    unreadable: int
    first_unreadable: str | None


def suggest(
    inputs: Sequence[str], out: str, config: SuggestConfig, *, to: str = "table", excel_fr: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Choose among the rows of ``inputs`` (tables of ours, folders of Parquet parts) and write those worth annotating to ``out``.

    ``tell`` hears now and then how far the reading is.
    """
    _check_out(out, to, inputs, excel_fr=excel_fr)
    reading = _Reading(_open_all(inputs), tell)
    choice = choose(reading.candidates(), labelled=reading.labelled, config=config)
    if not choice.suggested:
        raise ExportError(
            f"{', '.join(inputs)}: no post to suggest ({reading.rows} rows, {len(reading.labelled)} texts labelled already). Give a larger table."
        )
    rows = [{**_typed(s.candidate), "annotator": None, "drawn": s.drawn} for s in choice.suggested]
    if to == "label-studio":
        files = _write_label_studio(rows, Path(out))
    else:
        with open_writer(out, excel_fr=excel_fr, extra=_ADDED) as writer:
            writer.write(rows)
        files = (Path(out),)
    return Outcome(choice, files, reading.rows, len(reading.labelled), reading.unreadable, reading.first_unreadable)


def _check_out(out: str, to: str, inputs: Sequence[str], *, excel_fr: bool) -> None:
    """Refuse before the work what cannot be written after it."""
    path, endings = Path(out), KINDS_OF_FILE[to]
    if path.suffix.casefold() not in endings or path.is_dir():
        raise ExportError(f"{out}: --to {to} writes {' or '.join(endings)}. Give a name that ends so.")
    if excel_fr and path.suffix.casefold() != ".csv":
        raise ExportError(f"{out}: --excel-fr writes CSV. Give a name that ends in .csv.")
    if not path.parent.is_dir():
        raise ExportError(f"{out}: the folder {str(path.parent)!r} does not exist. Make it first.")
    if not path.exists():
        return
    if any(Path(given).exists() and path.samefile(given) for given in inputs):
        raise ExportError(f"{out}: writing it would replace an input. Choose another name.")
    if to == "table" and _is_annotated(path):
        raise ExportError(f"{out}: holds somebody's annotations, which would be lost. Choose another name.")


def _is_annotated(path: Path) -> bool:
    try:
        table = open_table(path, name=str(path), score=_SCORE)
        return any(not isinstance(record, Broken) and record.cells.get("annotator", "").strip() for record in table.records())
    except ExportError:
        return False  # not a table of ours


# ---- Reading


_SCORE = HeaderScore(frozenset(COLUMNS), str)


def _open_all(inputs: Sequence[str]) -> list[Table]:
    """Open each table, those with annotations first: what they hold need not be suggested again."""
    tables = [table for given in inputs for path, name in _files(given) for table in _sheets(open_table(path, name=name, score=_SCORE))]
    for table in tables:
        _check_columns(table)
    return sorted(tables, key=lambda table: "annotator" not in table.columns)


def _files(given: str) -> Iterator[tuple[Path, str]]:
    path = Path(given)
    if not path.is_dir():
        yield path, given
        return
    parts = sorted(part for part in path.glob("*.parquet") if not part.name.startswith((".", "_")))
    if not parts:
        raise ExportError(f"{given}: no Parquet file in this folder. Give the folder that `pharmavoix classify` wrote, or files.")
    yield from ((part, str(part)) for part in parts)


def _sheets(table: Table) -> Iterator[Table]:
    """Yield a table, and the further sheets onto which our writer puts what one cannot hold."""
    yield table
    if table.kind == "xlsx" and table.sheet == "posts":
        from python_calamine import CalamineWorkbook

        for sheet in CalamineWorkbook.from_path(str(table.path)).sheet_names:
            if sheet.startswith("posts "):
                yield replace(table, sheet=sheet)


def _check_columns(table: Table) -> None:
    missing = [column for column in _NEEDED if column not in table.columns]
    if missing:
        shown = ", ".join(map(repr, missing[:4])) + (f" and {len(missing) - 4} more columns" if len(missing) > 4 else "")
        raise ExportError(f"{table.name}: not a table of labelled posts, without {shown}. Run `pharmavoix classify` on it first.")


_TELL_EVERY = 20_000  # rows


class _Reading:
    """One reading of all tables, and what was met in it."""

    def __init__(self, tables: Sequence[Table], tell: Callable[[str], None]) -> None:
        self._tables, self._tell = tables, tell
        self.labelled: set[bytes] = set()
        self.rows = self.unreadable = 0
        self.first_unreadable: str | None = None

    def candidates(self) -> Iterator[Candidate]:
        """Yield each row that may be suggested."""
        for table in self._tables:
            for record in table.records():
                self.rows += 1
                if self.rows % _TELL_EVERY == 0:
                    self._tell(f"suggest: {self.rows} rows read, in {table.name}")
                where = f"{table.name}, {f'line {record.line}' if record.line else f'row {record.row}'}"
                if isinstance(record, Broken):
                    self.unreadable += 1
                    self.first_unreadable = self.first_unreadable or f"{where}: {record.reason}"
                    continue
                cells = {column: cell for column, cell in record.cells.items() if cell}
                candidate = _candidate(cells, where)
                if candidate is None:
                    continue
                if cells.get("annotator", "").strip():
                    self.labelled.add(candidate.key)
                else:
                    yield candidate


def _candidate(cells: Mapping[str, str], where: str) -> Candidate | None:
    """Return the row; None for one in which there is nothing to read."""
    text = clean(joined(cells.get("title"), cells.get("text", ""))).text.casefold()
    if not text:
        return None
    try:
        adverse = _number(cells, "p_adverse_event")
        p_theme, p_sentiment = _numbers(cells, _THEMES), _numbers(cells, _POLARITIES)
    except ValueError as cause:
        raise ExportError(f"{where}: {cause}, where a number is expected. Write the table again with `pharmavoix classify`.") from cause
    lab = cells.get("owner") or cells.get("labs", "").split("|")[0]
    return Candidate(
        key=text_key(text),
        text=text,
        id=cells.get("id", ""),
        duplicate_of=cells.get("duplicate_of", ""),
        is_french=cells.get("language", "fr").casefold().startswith("fr"),
        needs_review=bool(_boolean(cells.get("needs_review", ""))),
        p_theme=p_theme,
        p_sentiment=p_sentiment,
        p_adverse_event=adverse,
        adverse_event=_boolean(cells.get("adverse_event", "")),
        facets=(lab, *(cells.get(name, "") for name in ("primary_theme", "voice", "platform")), cells.get("date", "")[:7]),
        cells=cells,
    )


def _number(cells: Mapping[str, str], column: str) -> float | None:
    cell = cells.get(column, "")
    try:
        number = float(cell.replace(",", ".")) if cell else math.nan  # the comma of --excel-fr
    except ValueError:
        raise ValueError(f"{column!r} is {cell[:40]!r}") from None
    return number if math.isfinite(number) else None


def _numbers(cells: Mapping[str, str], columns: Sequence[str]) -> tuple[float, ...]:
    return tuple(number for column in columns if (number := _number(cells, column)) is not None)


def _boolean(cell: str) -> bool | None:
    return {"true": True, "vrai": True, "false": False, "faux": False}.get(cell.strip().casefold())  # a spreadsheet may translate them


def _typed(candidate: Candidate) -> dict[str, Any]:
    """Return the columns of the contract as our writers take them, lists and maps real again."""
    try:
        return {column: _value(candidate.cells, column) for column in COLUMNS}
    except ValueError as cause:
        raise ExportError(f"post {candidate.id!r}: {cause}, where a number is expected. Write the table again with `pharmavoix classify`.") from cause


def _value(cells: Mapping[str, str], column: str) -> Any:
    kind, cell = KINDS.get(column), cells.get(column, "")
    if kind == "list":
        return [part for part in cell.split("|") if part]
    if kind in ("map", "scores"):
        pairs = _pairs(cells, column)
        return {key: _number(pairs, key) for key in pairs} if kind == "scores" else pairs
    if kind == "boolean":
        return _boolean(cell)
    if kind in ("number", "integer"):
        number = _number(cells, column)
        return int(number) if number is not None and kind == "integer" else number
    return cell or None


def _pairs(cells: Mapping[str, str], column: str) -> dict[str, str]:
    """Return a map: dotted columns in JSON, ``key=value|key=value`` in CSV and XLSX, keys and values in turn in Parquet."""
    parts = [part for part in cells.get(column, "").split("|") if part]
    if any("=" in part for part in parts):
        return {key: value for key, _, value in (part.rpartition("=") for part in parts)}
    dotted = {name.removeprefix(f"{column}."): cell for name, cell in cells.items() if name.startswith(f"{column}.")}
    return dotted or dict(zip(parts[::2], parts[1::2], strict=False))


# ---- Writing


def _write_label_studio(rows: Sequence[Mapping[str, Any]], out: Path) -> tuple[Path, ...]:
    """Write the tasks, and beside them the labelling page to paste into the project."""
    contents = {
        out: json.dumps(label_studio_tasks(rows), ensure_ascii=False, indent=1) + "\n",
        out.with_name(f"{out.name}.config.xml"): label_studio_config(read_taxonomy()) + "\n",
    }
    parts = {path: path.with_name(f".{path.name}.part") for path in contents}
    try:
        for path, content in contents.items():
            parts[path].write_text(content, encoding="utf-8")
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return tuple(contents)
