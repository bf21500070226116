"""Files of annotation tools, in and out: Label Studio, doccano, Prodigy.

A tool's file becomes annotations: what one person said of one text, under the names that the project gave. What the
names and the labels mean is for `training.samples` to say.
"""

import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from nlp.fold import fold_words
from seeds.samples import POLARITIES, Sample
from seeds.taxonomy import Taxonomy

__all__ = [
    "KNOWN_NAMES", "LABEL_FIELDS", "TEXT_FIELDS", "Annotation", "Row", "Skipped", "by_field", "doccano_lines", "field_of",
    "label_studio_config", "label_studio_tasks", "prodigy_lines", "reader_of",
]  # fmt: skip

# The names under which a field is looked for, the better one first; compared folded, so that "Thème_principal" is found too.
_NAMES: dict[str, tuple[str, ...]] = {
    "text": ("text", "texte", "full text", "contenu", "content", "message", "verbatim"),
    "id": ("id", "identifiant"),
    "date": ("date", "jour"),
    "title": ("title", "titre"),
    "voice": ("voice", "voix"),
    "platform": ("platform", "plateforme", "reseau"),
    "author": ("author", "auteur"),
    "thread": ("thread", "fil"),
    "group": ("group", "groupe"),
    "tags": ("tags",),
    "source": ("source",),
    "annotator": ("annotator", "annotateur", "annotatrice"),
    "labs": ("labs", "laboratoires"),
    "medicines": ("medicines", "medicaments"),
    "themes": ("themes", "theme"),
    "primary_theme": ("primary theme", "theme principal"),
    "sub_themes": ("sub themes", "sub theme", "sous themes", "sous theme"),
    "sentiment": ("sentiment", "polarite", "polarity", "tonalite"),
    "sentiment_by_lab": ("sentiment by lab", "sentiment par labo", "sentiment par laboratoire"),
    "adverse_event": ("adverse event", "effet indesirable"),
    "effects": ("effects", "effets"),
}
LABEL_FIELDS = (
    "labs", "medicines", "themes", "primary_theme", "sub_themes", "sentiment", "sentiment_by_lab", "adverse_event", "effects", "own",
)  # fmt: skip
"""The fields of a sample that somebody says of a text."""

TEXT_FIELDS = tuple(name for name in _NAMES if name not in LABEL_FIELDS)
"""The fields that come with a text."""

_FIELD = {name: (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)}

KNOWN_NAMES = frozenset(_FIELD) | {"label", "labels", "annotation id", "suspect field", "drawn"}
"""Names by which a header is known, folded."""


@lru_cache(maxsize=4096)
def _field_and_rank(name: str) -> tuple[str | None, int]:
    return _FIELD.get(fold_words(name), (None, 0))


def field_of(name: str) -> str | None:
    """Return the field that a column, a key or a question stands for; None for a foreign one.

    Examples
    --------
    >>> field_of("Thème_principal"), field_of("humeur")
    ('primary_theme', None)
    """
    return _field_and_rank(name)[0]


def by_field(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not blank by field; of two names for one field the better known one wins.

    Examples
    --------
    >>> by_field({"Texte": "Bonjour", "contenu": "autre", "Date": " "})
    {'text': 'Bonjour'}
    """
    found: dict[str, Any] = {}
    for name in sorted(named, key=lambda each: _field_and_rank(each)[1]):
        field, value = field_of(name), named[name]
        if field and not (value is None or value != value or (isinstance(value, str) and not value.strip())):  # a NaN differs from itself
            found.setdefault(field, value)
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table or one object of a JSON file; ``line`` says where, in the unit of its file."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of one text.

    ``labels`` are given under the name of a question; ``flat`` are in one list, whatever they answer; ``denied`` are labels
    that the text does not have.
    """

    line: int
    data: Mapping[str, Any]
    labels: Mapping[str, Any] = field(default_factory=dict)
    flat: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An annotation that holds no label, and why."""

    reason: str


Reader = Callable[[Iterable[Row]], Iterator[Annotation | Skipped]]


def reader_of(rows: Sequence[Row], *, label: str | None = None) -> Reader | None:
    """Return the reader of the tool that wrote ``rows`` (the first of a file), None for a plain table.

    ``label`` is the user's own column: a plain table with this column is no doccano file.
    """
    for row in rows:
        values, names = row.values, row.values.keys()
        if isinstance(values.get("data"), dict) and names & {"annotations", "completions", "predictions"}:
            return _label_studio
        if "annotation_id" in names:
            return _label_studio_flat
        if values.get("answer") in ("accept", "reject", "ignore") and names & {"_input_hash", "_task_hash", "accept", "label", "options"}:
            return _prodigy
        if _is_doccano(values, label):
            return _doccano
    return None


# ---- Label Studio


def _label_studio(rows: Iterable[Row]) -> Iterator[Annotation | Skipped]:
    """Read the JSON export: several annotations of a task are several annotators; predictions are a model's, not labels."""
    for row in rows:
        task = row.values
        annotations = task.get("annotations") or task.get("completions") or []  # "completions" in old files
        if not annotations or not isinstance(annotations, list):
            yield Skipped("task without annotation")
            continue
        data = _task_data(task)
        for place, annotation in enumerate(annotations, 1):
            if not isinstance(annotation, dict) or annotation.get("was_cancelled") or annotation.get("skipped"):
                yield Skipped("cancelled annotation")
                continue
            labels: dict[str, Any] = {}
            for item in annotation.get("result") or []:
                if isinstance(item, dict) and item.get("type") in ("choices", "rating", "taxonomy", "textarea"):
                    _add_answer(labels, str(item.get("from_name")), item.get("value"))
            if not labels:
                yield Skipped("annotation without a label")
                continue
            who = _annotator(annotation.get("completed_by")) or (f"annotator {place}" if len(annotations) > 1 else None)
            yield Annotation(row.line, data, labels, annotator=who)


def _task_data(task: Mapping[str, Any]) -> dict[str, Any]:
    data = dict(task.get("data") or {})
    fields = {field_of(name) for name in data}
    if "id" not in fields:
        data["id"] = task.get("id")
    if "text" not in fields:  # the key is the project's: it is sure only where no other could be the text
        foreign = [value for name, value in data.items() if isinstance(value, str) and not field_of(name)]
        if len(foreign) == 1:
            data["text"] = foreign[0]
    return data


def _label_studio_flat(rows: Iterable[Row]) -> Iterator[Annotation | Skipped]:
    """Read JSON-MIN and CSV: one row an annotation, one column a question."""
    for row in rows:
        labels: dict[str, Any] = {}
        for name, value in row.values.items():
            _add_answer(labels, name, _parsed(value))
        yield Annotation(row.line, row.values, labels, annotator=_annotator(_parsed(row.values.get("annotator"))))


def _parsed(value: Any) -> Any:
    """Return what a CSV cell holds, when it holds JSON: several choices, a person."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value  # a text may begin with a bracket
    return value


def _add_answer(labels: dict[str, Any], name: str, value: Any) -> None:
    """Put an answer under its question; in a taxonomy what stands below the first level is a sub-theme."""
    if isinstance(value, dict):
        value = next((value[kind] for kind in ("choices", "taxonomy", "rating", "text") if kind in value), None)
    for path in value if isinstance(value, list) else [value]:
        first, *below = path if isinstance(path, list) and path else [path]
        if first is not None and first != "":
            labels.setdefault(name, []).append(first)
        if below:
            labels.setdefault("sub_themes", []).extend(below)


def _annotator(by: Any) -> str | None:
    if isinstance(by, dict):
        by = by.get("email") or by.get("id")
    return str(by).strip() or None if by is not None else None


# ---- doccano

_FLAT = ("label", "labels", "cats")


def _is_doccano(values: Mapping[str, Any], label: str | None) -> bool:
    if "Comments" in values and any(name in values for name in _FLAT):
        return True
    lists = any(isinstance(values.get(name), list) for name in _FLAT)
    if (label is not None and not lists) or any(field_of(name) in LABEL_FIELDS for name in values):
        return False
    old = values.get("annotations")
    return any(name in values for name in _FLAT) or (isinstance(old, list) and all(isinstance(a, dict) and "label" in a for a in old))


def _doccano(rows: Iterable[Row]) -> Iterator[Annotation | Skipped]:
    """Read one list of labels a text: a list in JSON, joined by ``#`` in CSV."""
    for row in rows:
        data = {name: value for name, value in row.values.items() if name not in (*_FLAT, "annotations", "Comments")}
        by_user: dict[str | None, list[Any]] = {}
        old = row.values.get("annotations")
        for one in old if isinstance(old, list) else []:
            if isinstance(one, dict):
                by_user.setdefault(_annotator(one.get("user")), []).append(one.get("label"))
        found = next((row.values[name] for name in _FLAT if row.values.get(name)), None)
        if isinstance(found, str):
            found = found.split("|" if "|" in found and "Comments" not in row.values else "#")
        if found:
            by_user[None] = found if isinstance(found, list) else [found]
        if not by_user:
            yield Skipped("no label")
        for user, labels in by_user.items():
            if any(isinstance(each, list | dict) for each in labels):
                yield Skipped("labels of spans, not of the text")
            else:
                yield Annotation(row.line, data, flat=_words(labels), annotator=user)


def _words(labels: Iterable[Any]) -> tuple[str, ...]:
    return tuple(word for each in labels if (word := str(each).strip()))


# ---- Prodigy


@dataclass(slots=True)
class _Asked:
    """The yes and no that one text got, a question at a time."""

    line: int
    data: Mapping[str, Any]
    accepted: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    annotators: dict[str, None] = field(default_factory=dict)


def _prodigy(rows: Iterable[Row]) -> Iterator[Annotation | Skipped]:
    """Read choices as they stand, and yes-or-no answers put together by text: each of them says one label only."""
    asked: dict[str, _Asked] = {}
    for row in rows:
        task, answer = row.values, row.values.get("answer")
        meta = task.get("meta")
        data = {**(meta if isinstance(meta, dict) else {}), **task}
        who = _annotator(task.get("_annotator_id") or task.get("_session_id"))
        chosen = task.get("accept")
        if answer == "ignore":
            yield Skipped("ignored answer")
        elif isinstance(chosen, list):
            yield Skipped("rejected choice") if answer == "reject" else Annotation(row.line, data, flat=_words(chosen), annotator=who)
        elif isinstance(task.get("label"), str):
            text = asked.setdefault(str(task.get("_input_hash", task.get("text"))), _Asked(row.line, data))
            (text.accepted if answer == "accept" else text.rejected).append(task["label"])
            if who:
                text.annotators[who] = None
        else:
            yield Skipped("no label")
    for text in asked.values():
        who = "|".join(text.annotators) or None
        yield Annotation(text.line, text.data, flat=_words(text.accepted), denied=_words(text.rejected), annotator=who)


# ---- Writers


def flat_labels(sample: Sample) -> tuple[str, ...]:
    """Return a sample's labels in one list, as doccano and Prodigy hold them.

    A label that its word alone would not tell is written with its field: ``primary_theme=causes``, ``adverse_event=false``.
    """
    if sample.own is not None:
        return sample.own
    labels = [f"primary_theme={sample.primary_theme}"] if sample.primary_theme else []
    labels += [*(sample.themes or ()), *(sample.sub_themes or ()), *([sample.sentiment] if sample.sentiment else [])]
    if sample.adverse_event is not None:
        labels.append("adverse_event" if sample.adverse_event else "adverse_event=false")
    return tuple(labels)


def _with_text(sample: Sample) -> dict[str, Any]:
    return {name: value for name in TEXT_FIELDS if (value := getattr(sample, name))}


def doccano_lines(samples: Iterable[Sample]) -> Iterator[str]:
    """Yield each sample as a line of doccano's JSONL.

    Examples
    --------
    >>> print(*doccano_lines([Sample(id="1", text="Il manque du vaccin.", primary_theme="industry", sentiment="negative")]))
    {"text": "Il manque du vaccin.", "id": "1", "label": ["primary_theme=industry", "negative"], "Comments": []}
    """
    for sample in samples:
        yield json.dumps({**_with_text(sample), "label": flat_labels(sample), "Comments": []}, ensure_ascii=False)


def prodigy_lines(samples: Iterable[Sample]) -> Iterator[str]:
    """Yield each sample as a line of Prodigy's JSONL, of the kind where labels are chosen from a list."""
    for sample in samples:
        labels = flat_labels(sample)
        options = [{"id": each, "text": each} for each in labels]
        yield json.dumps({**_with_text(sample), "options": options, "accept": labels, "answer": "accept"}, ensure_ascii=False)


_QUESTIONS = (("primary_theme", False), ("themes", True), ("sentiment", False), ("adverse_event", False))  # name, several answers
_SHOWN = (*(name for name in TEXT_FIELDS if name not in ("annotator", "tags")), "drawn", "source_file", "source_row")


def label_studio_tasks(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of our table as tasks to import, the model's labels under ``predictions``.

    Examples
    --------
    >>> (task,) = label_studio_tasks([{"id": "7", "text": "Bravo", "sentiment": "positive", "model": "m1", "drawn": "random"}])
    >>> task["data"]["drawn"], task["predictions"][0]["result"][0]["value"]
    ('random', {'choices': ['positive']})
    """
    return [_task(row) for row in rows]


def _task(row: Mapping[str, Any]) -> dict[str, Any]:
    data = {name: row[name] for name in _SHOWN if row.get(name) not in (None, "")}
    data.setdefault("title", "")  # the labelling page shows it, and wants the key
    result = []
    for name, several in _QUESTIONS:
        value = row.get(name)
        if isinstance(value, str):
            value = [part for part in value.split("|") if part] if several else value.strip()
        if value is None or value == "" or value == []:
            continue
        choices = list(value) if several else [str(value).lower() if isinstance(value, bool) else value]
        result.append({"id": name, "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": choices}})
    model = row.get("model")
    return {"data": data, "predictions": [{"model_version": model, "result": result}] if result else []}


def label_studio_config(taxonomy: Taxonomy) -> str:
    """Return the labelling page: what a person reads is French, what is exported are the ids."""
    themes = [(theme.id, theme.label_fr, theme.definition) for theme in taxonomy.themes]
    polarities = dict(zip(POLARITIES, ("Négatif", "Neutre", "Positif"), strict=True))
    choices = {
        "primary_theme": ("Thème principal", themes),
        "themes": ("Tous les thèmes, le principal compris", themes),
        "sentiment": ("Polarité pour la réputation du laboratoire", [(name, shown, "") for name, shown in polarities.items()]),
        "adverse_event": ("Effet indésirable rapporté", [("true", "Oui", ""), ("false", "Non", "")]),
    }
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$title")
    ElementTree.SubElement(view, "Text", name="text", value="$text")
    for name, several in _QUESTIONS:
        header, options = choices[name]
        ElementTree.SubElement(view, "Header", value=header)
        kind = "multiple" if several else "single"
        question = ElementTree.SubElement(view, "Choices", name=name, toName="text", choice=kind, showInline="true")
        for value, shown, hint in options:
            choice = ElementTree.SubElement(question, "Choice", value=value, html=html.escape(shown, quote=False))
            if hint:
                choice.set("hint", hint)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode")
