"""Labelled samples: one text with what a person says of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.errors import SampleError
from seeds.jsonl import read_jsonl
from seeds.taxonomy import Taxonomy

__all__ = ["POLARITIES", "SAMPLES", "Sample", "check_labels", "label_faults", "read_samples"]

SAMPLES = Path(__file__).parent / "samples"
POLARITIES = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled text; a label that is None was not given, and is not learned from."""

    id: str
    text: str
    title: str | None = None
    date: str | None = None
    voice: str | None = None
    platform: str | None = None
    author: str | None = None
    group: str | None = None
    labs: tuple[str, ...] | None = None
    medicines: tuple[str, ...] | None = None
    themes: tuple[str, ...] | None = None
    primary_theme: str | None = None
    sub_themes: tuple[str, ...] | None = None
    sentiment: str | None = None
    sentiment_by_lab: Mapping[str, str] | None = None
    adverse_event: bool | None = None
    effects: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    thread: str | None = None
    annotator: str | None = None
    own: tuple[str, ...] | None = None  # labels of the user's own set (`--label COLUMN`)
    at: str | None = None  # the place it was read from, for messages

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, at: str) -> "Sample":
        """Read one JSON object; ``at`` names the place in messages."""
        text = record.get("text")
        if not isinstance(text, str) or not text.strip():
            raise SampleError(f"{at}: no text. Every sample needs a 'text'.")
        known = {name: record[name] for name in cls.__dataclass_fields__ if name not in ("own", "at") and record.get(name) is not None}
        for name in ("labs", "medicines", "themes", "sub_themes", "effects", "tags"):
            if name in known:
                if not isinstance(known[name], list) or not all(isinstance(word, str) for word in known[name]):
                    raise SampleError(f"{at}: {name!r} holds {known[name]!r}, where a list of words is expected.")
                known[name] = tuple(known[name])
        for name, kind, expected in (("sentiment_by_lab", dict, "an object"), ("adverse_event", bool, "true or false")):
            if name in known and not isinstance(known[name], kind):
                raise SampleError(f"{at}: {name!r} holds {known[name]!r}, where {expected} is expected.")
        known.setdefault("id", at)
        return cls(**known, at=at)

    @property
    def split_key(self) -> str | None:
        """What keeps samples on one side of a split: the group, else the thread, else the author; None stands for the text alone."""
        return self.group or self.thread or self.author


def label_faults(sample: Sample, taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Yield (field, message) for each label that is not in the taxonomy or contradicts another."""
    choices = f"Choose among {', '.join(sorted(taxonomy.theme_ids))}."
    themes, primary = sample.themes, sample.primary_theme
    for theme in themes or ():
        if theme not in taxonomy.theme_ids:
            yield "themes", f"unknown theme {theme!r}. {choices}"
    if primary is not None and primary not in taxonomy.theme_ids:
        yield "primary_theme", f"unknown primary_theme {primary!r}. {choices}"
    elif themes is not None and primary is not None and primary not in themes:
        yield "primary_theme", f"primary_theme {primary!r} is not among themes. Add it to 'themes'."
    if themes is not None and "other" in themes and len(themes) > 1:
        yield "themes", "'other' stands beside another theme. Remove one of them."
    for sub in sample.sub_themes or ():
        if sub not in taxonomy.parent_of:
            yield "sub_themes", f"unknown sub-theme {sub!r}. `pharmavoix taxonomy` lists them."
    for field, given in (("sentiment", [sample.sentiment]), ("sentiment_by_lab", [*(sample.sentiment_by_lab or {}).values()])):
        for polarity in given:
            if polarity is not None and polarity not in POLARITIES:
                yield field, f"unknown sentiment {polarity!r}. Choose among {', '.join(POLARITIES)}."


def check_labels(sample: Sample, taxonomy: Taxonomy, *, at: str) -> None:
    """Raise SampleError when a label is not in the taxonomy or contradicts another."""
    for _, message in label_faults(sample, taxonomy):
        raise SampleError(f"{at}: {message}")


def read_samples(paths: Iterable[Path], *, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Yield the samples of JSON Lines files, each checked against ``taxonomy``."""
    for path in paths:
        for line, record in read_jsonl(path, error=SampleError):
            at = f"{path.name}, line {line}"
            sample = Sample.from_record(record, at=at)
            check_labels(sample, taxonomy, at=at)
            yield sample
