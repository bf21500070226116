"""Labelled samples read from whatever people label in, with all that is wrong listed instead of guessed away."""

import csv
import json
import os
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from nlp.clean import clean
from nlp.fold import fold_words
from nlp.observe import joined
from seeds.containers import Broken, HeaderScore, Table, open_table
from seeds.errors import ExportError, SampleError
from seeds.samples import Sample, label_faults
from seeds.taxonomy import Taxonomy
from training.annotation_formats import KNOWN_NAMES, LABEL_FIELDS, TEXT_FIELDS, Annotation, Row, Skipped, by_field, field_of, reader_of

__all__ = ["Problem", "SampleSet", "listing", "normalised", "read_sample_files", "write_csv", "write_problems"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a sample file; ``unit`` is what ``line`` counts: lines, or the items of a JSON list."""

    file: str
    line: int
    kind: str  # unreadable, no text, unknown label, wrong type, several values, contradiction, duplicate, repaired, corrected
    field: str
    message: str
    unit: str = "line"


@dataclass(frozen=True)
class SampleSet:
    """What sample files hold: ``samples`` with one for each distinct text, ``read`` as they stood, for agreement."""

    samples: tuple[Sample, ...]
    read: tuple[Sample, ...]
    problems: tuple[Problem, ...]
    skipped: Mapping[str, int]  # reason -> rows or annotations
    merged: int  # copies that went into another sample


def read_sample_files(paths: Sequence[Path], *, taxonomy: Taxonomy, label: str | None = None) -> SampleSet:
    """Read sample files of any kind and merge them by text.

    Parameters
    ----------
    paths
        Files of samples, of Label Studio, doccano or Prodigy, or tables of ours; each kind is told by its content.
    label
        The user's own column: its values become ``Sample.own`` and every other label is ignored.
    """
    reading = _Reading(taxonomy, label)
    names = Counter(path.name for path in paths)
    for path in paths:
        reading.read(path, path.name if names[path.name] == 1 else str(path))
    samples = _merged(reading.found, reading.problems, reading.skipped)
    return SampleSet(
        samples=tuple(samples),
        read=tuple(copy.sample for copy in reading.found),
        problems=tuple(reading.problems),
        skipped=dict(reading.skipped),
        merged=len(reading.found) - len({copy.key for copy in reading.found}),
    )


def normalised(sample: Sample) -> str:
    """Return what makes two samples the same text: title and text cleaned, without case."""
    text = joined(sample.title, sample.text)
    return clean(text).text.casefold() or text.casefold()  # a text of links alone is cleaned away


# ---- Files


@dataclass(frozen=True)
class _Source:
    """An open file: its rows in order, those that cannot be read included."""

    name: str
    unit: str
    rows: Iterator[Row | Broken]
    annotator: str | None = None  # of all that is in the file


def _sources(path: Path, name: str, label: str | None) -> Generator[_Source, None, None]:
    """Yield the file, or what is in it when it is a zip of files: one for each annotator, as doccano exports them."""
    score = HeaderScore(KNOWN_NAMES | {fold_words(label or "label")}, fold_words)
    if not _is_archive(path):
        yield _opened(path, name, score)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from _members(path, name, Path(folder), score)


def _is_archive(path: Path) -> bool:
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return not {"[Content_Types].xml", "mimetype"} & set(archive.namelist())  # else a spreadsheet
    except zipfile.BadZipFile:
        return False


def _members(path: Path, name: str, folder: Path, score: HeaderScore) -> Iterator[_Source]:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.file_size and not m.filename.startswith("__MACOSX/")]
        if not members:
            raise SampleError(f"{name}: an empty zip. Export it again; one file for each annotator is expected.")
        for place, member in enumerate(members):
            stem = Path(member.filename).stem
            out = folder / str(place)
            try:
                out.write_bytes(archive.read(member))
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as cause:
                raise SampleError(f"{name}: {member.filename!r} cannot be unpacked ({cause}). Unpack it and give the files in it.") from cause
            source = _opened(out, f"{name}/{member.filename}", score)
            yield replace(source, annotator=None if stem == "all" else stem)


def _opened(path: Path, name: str, score: HeaderScore) -> _Source:
    try:
        table = open_table(path, name=name, score=score)
    except ExportError as error:
        raise SampleError(str(error)) from error
    if table.kind == "json":
        return _json_source(table)
    if table.kind == "parquet":
        return _Source(name, "row", _parquet_rows(table))
    # Only a table with our first columns has its formulas restored on opening; the files made for annotators have others.
    defused = bool({"drawn", "suspect_field"} & set(table.columns)) and not {"source_file", "source_row"} <= set(table.columns)
    return _Source(name, "line", _table_rows(table, restore=defused and table.kind == "csv"))


_DEFUSED = re.compile(r"'+[=+\-@\t\r]")


def _table_rows(table: Table, *, restore: bool) -> Iterator[Row | Broken]:
    try:
        for record in table.records():
            if isinstance(record, Broken):
                yield record
                continue
            cells = {name: cell[1:] if _DEFUSED.match(cell) else cell for name, cell in record.cells.items()} if restore else record.cells
            yield Row(record.line or record.row, cells)
    except ExportError as error:
        raise SampleError(str(error)) from error


def _json_source(table: Table) -> _Source:
    """Read JSON with its lists and objects, which a table of cells would flatten."""
    with table.path.open(encoding=table.encoding, errors="replace") as file:
        first, second = islice(chain((line.strip("\ufeff \t\r\n") for line in file if line.strip("\ufeff \t\r\n")), ("", "")), 2)
    if first.startswith("[") or (not second.startswith("{") and not _is_json(first)):
        content = json.loads(table.path.read_text(encoding=table.encoding, errors="replace").lstrip("\ufeff"))  # opening parsed it once
        items = content if isinstance(content, list) else [content]
        return _Source(table.name, "item", (_object(item, place) for place, item in enumerate(items, 1)))
    return _Source(table.name, "line", _json_lines(table))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True


def _json_lines(table: Table) -> Iterator[Row | Broken]:
    with table.path.open(encoding=table.encoding, errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            line = line.strip("\ufeff \t\r\n")
            if not line:
                continue
            try:
                yield _object(json.loads(line), number)
            except json.JSONDecodeError as cause:
                yield Broken(number, number, f"not JSON ({cause.msg})", line)


def _object(item: Any, place: int) -> Row | Broken:
    if isinstance(item, dict):
        return Row(place, item)
    return Broken(place, place, f"a {type(item).__name__}, where a JSON object is expected", str(item))


def _parquet_rows(table: Table) -> Iterator[Row | Broken]:
    import pyarrow
    from pyarrow import parquet

    place = 0
    try:
        for batch in parquet.ParquetFile(table.path).iter_batches(batch_size=4096):
            for item in batch.to_pylist():
                place += 1
                yield Row(place, item)
    except (pyarrow.ArrowException, OSError) as cause:
        raise SampleError(f"{table.name}, after row {place}: not a readable Parquet file ({cause}). Write it again.") from cause


# ---- Rows to samples


@dataclass(frozen=True)
class _Copy:
    """One sample as read, where, and whether it corrects another (a line of a list of suspects)."""

    sample: Sample
    place: tuple[str, int, str]  # file, line, unit
    key: str
    is_correction: bool


class _Fault(Exception):
    """What makes a row unusable."""

    def __init__(self, kind: str, field: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.field, self.message = kind, field, message


# Beside true and false, the question's own name is what a page with one box to tick says.
_BOOLEANS = {
    **dict.fromkeys(("true", "vrai", "oui", "yes", "1", "adverse event", "effet indesirable"), True),
    **dict.fromkeys(("false", "faux", "non", "no", "0"), False),
}
_POLARITIES = {
    **dict.fromkeys(("negative", "negatif"), "negative"), **dict.fromkeys(("neutral", "neutre"), "neutral"),
    **dict.fromkeys(("positive", "positif"), "positive"),
}  # fmt: skip
_LISTS = ("labs", "medicines", "themes", "sub_themes", "effects")
_HEAD = 50  # rows by which the kind of a file is told


@dataclass
class _Reading:
    """One reading: its settings and what was found so far."""

    taxonomy: Taxonomy
    label: str | None
    found: list[_Copy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def read(self, path: Path, name: str) -> None:
        """Read one file; raise SampleError when it gives neither a sample nor a problem to list."""
        inner = _Reading(self.taxonomy, self.label)
        with closing(_sources(path, name, self.label)) as sources:
            reasons = [inner.read_source(source) for source in sources]
        if inner.is_vain:  # of a zip, one annotator who labelled is enough
            raise SampleError(reasons[0])
        self.found += inner.found
        self.problems += inner.problems
        self.skipped += inner.skipped

    @property
    def is_vain(self) -> bool:
        """Whether nothing was found that a list of problems would explain."""
        return not self.found and all(problem.kind == "no text" for problem in self.problems)

    def read_source(self, source: _Source) -> str:
        """Read one open file; return the reason why it gave nothing, or an empty word."""
        rows = self._rows(source)
        head = list(islice(rows, _HEAD))
        columns = dict.fromkeys(column for row in head for column in row.values)
        tool = reader_of(head, label=self.label)
        # In these tables the labels are a model's word until somebody puts a name beside them.
        reviewed = tool is None and ({"source_file", "source_row", "model"} <= columns.keys() or columns.keys() & {"drawn", "suspect_field"})
        names = {} if tool else columns
        for annotation in (tool or _plain)(chain(head, rows)):
            if isinstance(annotation, Skipped):
                self.skipped[annotation.reason] += 1
            elif reviewed and annotation.annotator is None:
                self.skipped[_NOT_REVIEWED] += 1
            else:
                names |= dict.fromkeys(annotation.labels)
                self._add(annotation, source, is_correction="suspect_field" in columns)
        return f"{source.name}: {self._nothing(names)}" if self.is_vain else ""

    def _rows(self, source: _Source) -> Iterator[Row]:
        for row in source.rows:
            if isinstance(row, Broken):
                self.problems.append(Problem(source.name, row.line or row.row, "unreadable", "", f"{row.reason}.", source.unit))
            else:
                yield row

    def _nothing(self, names: Iterable[str]) -> str:
        """Say why a file gave nothing, and what to do."""
        seen = f"Found: {', '.join(map(repr, names)) or 'nothing'}."
        if self.problems:
            return f"no text in any row. Name the column of the texts 'text' or 'texte'. {seen}"
        if _NOT_REVIEWED in self.skipped:
            return (
                "no row has an 'annotator', so every label is a model's own word. "
                "Correct the labels, and write a name in the column 'annotator' of each row that you looked at."
            )
        if self.label is not None:
            return f"no value under {self.label!r}. Give --label the name of a column that is filled. {seen}"
        counts = ", ".join(f"{count} × {reason}" for reason, count in sorted(self.skipped.items()))
        return f"no label ({counts or 'no row'}). Name a column themes, primary_theme, sentiment or adverse_event, or pass --label COLUMN. {seen}"

    def _add(self, annotation: Annotation, source: _Source, *, is_correction: bool) -> None:
        place = (source.name, annotation.line, source.unit)
        try:
            labels, notes = self._labels(annotation)
            if not labels and not notes:
                self.skipped["only rejected answers" if annotation.denied else "no label"] += 1
                return
            sample = self._sample(annotation, labels, source)
            faults = [_Fault("unknown label", name, message) for name, message in label_faults(sample, self.taxonomy)]
        except _Fault as fault:
            faults = [fault]
        self.problems += [_problem(place, note) for note in faults or notes]
        if not faults and labels:
            self.found.append(_Copy(sample, place, normalised(sample), is_correction))

    def _sample(self, annotation: Annotation, labels: Mapping[str, Any], source: _Source) -> Sample:
        at = f"{source.name}, {source.unit} {annotation.line}"
        data = by_field(annotation.data)
        text = data.get("text")
        if not isinstance(text, str):
            raise _Fault("no text", "text", "no text. Every sample needs a 'text'.")
        values: dict[str, Any] = {name: _word(name, data[name]) for name in TEXT_FIELDS if name in data and name != "tags"}
        values["id"] = values.get("id") or at
        values["tags"] = _words("tags", data.get("tags", []))
        values["annotator"] = annotation.annotator or source.annotator or values.get("annotator")
        return Sample(**{**values, "text": text}, **labels, at=at)

    def _labels(self, annotation: Annotation) -> tuple[dict[str, Any], list[_Fault]]:
        """Return the labels by field, with what had to be repaired."""
        if self.label is not None:
            wanted = fold_words(self.label)
            column = next((value for name, value in annotation.labels.items() if fold_words(name) == wanted), None)
            own = _own(annotation.flat if column is None else column)
            return ({"own": own} if own else {}), []
        notes: list[_Fault] = []
        given = by_field(annotation.labels) if annotation.flat is None else self._sorted_out(annotation, notes)
        labels = {name: self._value(name, value) for name, value in given.items() if name in LABEL_FIELDS}
        labels = {name: value for name, value in labels.items() if value is not None}
        return _repaired(labels, self.taxonomy, notes), notes

    def _sorted_out(self, annotation: Annotation, notes: list[_Fault]) -> dict[str, Any]:
        """Return labels given in one list by the field that each belongs to."""
        given: dict[str, Any] = {}
        accepted = [self._field_and_value(word) for word in annotation.flat or ()]
        denied = [self._field_and_value(word) for word in annotation.denied]
        for name, value in accepted:
            given.setdefault(name, []).append(value)
        if ("adverse_event", "true") in denied:  # a question of yes or no; a rejected theme says nothing of the others
            given.setdefault("adverse_event", ["false"])
        for name, value in dict.fromkeys(accepted):
            if (name, value) in denied:
                given.pop(name, None)
                notes.append(_Fault("contradiction", name, f"{value!r} was accepted and rejected for one text. Keep one answer."))
        return given

    def _field_and_value(self, word: str) -> tuple[str, str]:
        name, sign, value = word.partition("=")
        stated = field_of(name) if sign else None
        if stated in LABEL_FIELDS:
            return str(stated), value
        folded = fold_words(word)
        for name, known in (("themes", self._themes), ("sub_themes", self._subs), ("sentiment", _POLARITIES)):
            if folded in known:
                return name, known[folded]
        if field_of(word) == "adverse_event":
            return "adverse_event", "true"
        choices = ", ".join(sorted([*self.taxonomy.theme_ids, *_POLARITIES.values(), "adverse_event"]))
        raise _Fault("unknown label", "", f"unknown label {word!r}. Choose among {choices}, or a sub-theme; labels of your own need --label COLUMN.")

    def _value(self, name: str, value: Any) -> Any:
        if name in _LISTS:
            known = {"themes": self._themes, "sub_themes": self._subs}.get(name, {})
            words = tuple(dict.fromkeys(known.get(fold_words(word), word) for word in _words(name, value)))
            if name == "medicines":
                words = tuple(word.partition("=")[0] for word in words)  # our table names the maker too
            return words if words or name != "themes" else None  # every text has a theme: none means not said
        if name == "sentiment_by_lab":
            return {lab: _POLARITIES.get(fold_words(said), said) for lab, said in _pairs(name, value)}
        if isinstance(value, list):
            if len(value) > 1:
                raise _Fault("several values", name, f"{name!r} holds {_shown(tuple(map(str, value)))!r}, where one value is expected.")
            value = value[0] if value else None
        if name == "adverse_event":
            return value if value is None or isinstance(value, bool) else _boolean(name, value)
        word = _word(name, value)
        return word and (self._themes if name == "primary_theme" else _POLARITIES).get(fold_words(word), word)

    # A theme and a sub-theme are known by their ids and by their French labels.
    @cached_property
    def _themes(self) -> dict[str, str]:
        return {fold_words(name): theme.id for theme in self.taxonomy.themes for name in (theme.label_fr, theme.id)}

    @cached_property
    def _subs(self) -> dict[str, str]:
        return {fold_words(name): sub.id for theme in self.taxonomy.themes for sub in theme.sub_themes for name in (sub.label_fr, sub.id)}


_NOT_REVIEWED = "row without annotator"


def _plain(rows: Iterable[Row]) -> Iterator[Annotation]:
    """Read a table of samples, one of ours included."""
    for row in rows:
        who = next((str(value).strip() for name, value in row.values.items() if value is not None and field_of(name) == "annotator"), "")
        values = dict(row.values)
        if {"source_file", "source_row"} <= values.keys():
            # What a person has reviewed is complete, also where nothing is named; no effects may only mean that none were looked for.
            values |= {name: [] for name in ("labs", "medicines", "sub_themes") if name in values and not values[name]}
            values["effects"] = values.get("effects") or None
            yield Annotation(row.line, values | {"tags": None}, values, annotator=who or None)  # the tags are the listening tool's
        else:
            yield Annotation(row.line, values, values, annotator=who or None)


def _problem(place: tuple[str, int, str], fault: _Fault) -> Problem:
    file, line, unit = place
    return Problem(file, line, fault.kind, fault.field, fault.message, unit)


# ---- Cells


def _word(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | list | dict):
        raise _Fault("wrong type", name, f"{name!r} holds {value!r}, where a word is expected.")
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip() or None


def _words(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split("|")
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _Fault("wrong type", name, f"{name!r} holds {value!r}, where a list of words is expected.")
    return tuple(word.strip() for word in value if word.strip())


def _own(value: Any) -> tuple[str, ...]:
    """Return labels of the user's own set; their words are taken as they stand, numbers and truth values too."""
    if isinstance(value, str):
        value = value.split("|")
    if isinstance(value, dict):
        raise _Fault("wrong type", "own", f"the column of labels holds {value!r}, where a word or a list of words is expected.")
    words = [str(each).lower() if isinstance(each, bool) else _word("own", each) for each in (value if isinstance(value, list | tuple) else [value])]
    return tuple(dict.fromkeys(word for word in words if word))


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        value = [part.rpartition("=")[::2] for part in value.split("|") if part.strip()]
    pairs = list(value.items()) if isinstance(value, dict) else value
    # Parquet gives a map as a list of pairs.
    if not isinstance(pairs, list) or not all(isinstance(p, tuple) and len(p) == 2 and p[0] and isinstance(p[1], str) for p in pairs):
        raise _Fault("wrong type", name, f"{name!r} holds {value!r}, where pairs such as sanofi=negative are expected.")
    return [(lab.strip(), said.strip()) for lab, said in pairs]


def _boolean(name: str, value: Any) -> bool:
    said = _BOOLEANS.get(fold_words(str(value)))
    if said is None:
        raise _Fault("unknown label", name, f"{name!r} holds {value!r}. Choose among false, faux, non, oui, true, vrai.")
    return said


def _repaired(labels: dict[str, Any], taxonomy: Taxonomy, notes: list[_Fault]) -> dict[str, Any]:
    """Return labels without the contradictions that have one way out, each noted."""
    primary, themes, subs = labels.get("primary_theme"), labels.get("themes"), labels.get("sub_themes", ())

    def note(name: str, message: str) -> None:
        notes.append(_Fault("repaired", name, message))

    if themes is None or not set(themes) <= set(taxonomy.theme_ids):
        return labels  # an unknown theme is for the list of problems
    if primary in taxonomy.theme_ids and primary not in themes:
        themes = (primary, *themes)
        note("themes", f"the primary_theme {primary!r} was missing from themes, and is added.")
    for sub in subs:
        parent = taxonomy.parent_of.get(sub)
        if parent and parent not in themes and primary != "other":
            themes = (*themes, parent)
            note("themes", f"{parent!r}, the theme of {sub!r}, was missing from themes, and is added.")
    if "other" in themes and len(themes) > 1:
        themes = ("other",) if primary == "other" else tuple(theme for theme in themes if theme != "other")
        note("themes", f"'other' stood beside another theme; {_shown(themes)!r} stays.")
    if strays := [sub for sub in subs if taxonomy.parent_of.get(sub, themes[0]) not in themes]:
        labels = {**labels, "sub_themes": tuple(sub for sub in subs if sub not in strays)}
        note("sub_themes", f"{_shown(strays)!r} belongs to none of the themes {_shown(themes)!r}, and is removed.")
    return {**labels, "themes": themes, "primary_theme": primary or (themes[0] if len(themes) == 1 else None)}


# ---- Copies of one text


def _merged(found: Iterable[_Copy], problems: list[Problem], skipped: Counter[str]) -> list[Sample]:
    """Return one sample for each text; what its copies disagree on is listed and left out."""
    groups: dict[str, list[_Copy]] = {}
    for copy in found:
        groups.setdefault(copy.key, []).append(copy)
    samples = []
    for copies in groups.values():
        labels = {name: _agreed(name, copies, problems) for name in LABEL_FIELDS}
        _leave_out_misfits(labels, copies[0], problems)
        if all(value is None for value in labels.values()):
            skipped["text with nothing but contradictions"] += 1
            continue
        texts = (name for name in TEXT_FIELDS if name != "title")  # which is a part of the text
        given: dict[str, Any] = {name: next((v for copy in copies if (v := getattr(copy.sample, name))), None) for name in texts}
        given["annotator"] = "|".join(dict.fromkeys(copy.sample.annotator for copy in copies if copy.sample.annotator)) or None
        given["tags"] = tuple(dict.fromkeys(tag for copy in copies for tag in copy.sample.tags))
        samples.append(replace(copies[0].sample, **given, **labels))
    return samples


def _agreed(name: str, copies: Sequence[_Copy], problems: list[Problem]) -> Any:
    """Return the one value that the copies give a field; None when there is none or more than one.

    A correction wins over what it corrects, where it says something else.
    """
    if name in ("labs", "medicines", "sentiment_by_lab"):  # cleaning takes handles away: copies can name different labs
        copies = [copy for copy in copies if copy.sample.text.casefold() == copies[0].sample.text.casefold()]
    said = [(copy, value) for copy in copies if (value := getattr(copy.sample, name)) is not None]
    before = {_comparable(value) for copy, value in said if not copy.is_correction}
    changed = [(copy, value) for copy, value in said if before and copy.is_correction and _comparable(value) not in before]
    deciding = changed or [(copy, value) for copy, value in said if copy.is_correction] or said
    if not deciding:
        return None
    first, kept = deciding[0]
    differing = [copy for copy, value in deciding if _comparable(value) != _comparable(kept)]
    if differing:
        values = {_comparable(value): f"{_shown(value)} ({_whence(copy)})" for copy, value in reversed(deciding)}
        kind = "contradiction" if len({copy.sample.annotator for copy, _ in deciding}) > 1 else "duplicate"
        message = f"the same text has different values of {name!r}: {', '.join(reversed(values.values()))}. Keep one; until then none is learned."
        problems.append(_problem(differing[0].place, _Fault(kind, name, message)))
        return None
    if changed:
        old = next(value for copy, value in said if not copy.is_correction)
        problems.append(_problem(first.place, _Fault("corrected", name, f"{name!r} is now {_shown(kept)!r} instead of {_shown(old)!r}.")))
    return kept


def _leave_out_misfits(labels: dict[str, Any], copy: _Copy, problems: list[Problem]) -> None:
    """Take away labels that came from different copies and do not fit together."""
    themes, primary = labels["themes"], labels["primary_theme"]
    if themes is not None and primary is not None and primary not in themes:
        message = f"copies of this text have the primary_theme {primary!r} and the themes {_shown(themes)!r}. Keep one; until then none is learned."
        problems.append(_problem(copy.place, _Fault("contradiction", "primary_theme", message)))
        labels["primary_theme"] = labels["themes"] = None


def _comparable(value: Any) -> Any:
    if isinstance(value, tuple):
        return frozenset(value)
    return frozenset(value.items()) if isinstance(value, dict) else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "|".join(f"{key}={said}" for key, said in value.items()) or "none"
    if isinstance(value, tuple | list):
        return "|".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whence(copy: _Copy) -> str:
    file, line, unit = copy.place
    return f"{file}, {unit} {line}" + (f", {copy.sample.annotator}" if copy.sample.annotator else "")


# ---- Lists of problems


def listing(found: SampleSet) -> list[str]:
    """Return one line for each problem, as ``train --check`` shows them."""
    return [f"{problem.file}, {problem.unit} {problem.line}: {problem.message}" for problem in found.problems]


def write_problems(path: Path, problems: Sequence[Problem]) -> None:
    """Write problems as CSV."""
    columns = ("file", "line", "kind", "field", "message")
    write_csv(path, columns, ([getattr(problem, name) for name in columns] for problem in problems))


_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for a spreadsheet: whole or not at all, accents readable in Excel, no text that would run as a formula."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow([f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell for cell in row])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
